"""Callbacks: one for each phone number and work type."""

from typing import Any

import pytest

from bridge.sandbox.serve import Sandbox
from tests.sandbox.campaign import V3, message, put
from tests.sandbox.client import Client

PATH = f"{V3}/callbacks"


@pytest.fixture(autouse=True)
def _none_yet(client: Client, sandbox: Sandbox) -> None:
    put(sandbox, "callbacks")
    put(sandbox, "numberTypes", {"id": "n-1", "numberTypeCode": 1, "friendlyName": []})


def callback(**members: Any) -> dict[str, Any]:
    return {
        "workTypeId": "18",
        "phoneNumber": "9012314344",
        "callbackDateTime": "2030-01-02T17:04:00.000Z",
        "callbackType": "ServiceLevel",
        **members,
    }


def test_a_new_one_is_201_and_shown_as_it_is_kept(client: Client) -> None:
    sent = callback(memo="after work", olsonTimeZone="America/Chicago", userDefinedData=["CDD1"], numberType=1)
    got = client.post(PATH, sent)
    assert got.status == 201
    assert got.json == {"id": got.json["id"], **sent}
    assert isinstance(got.json["id"], str)


def test_the_same_number_and_work_type_are_the_same_callback(client: Client) -> None:
    first = client.post(PATH, callback(memo="after work"))
    second = client.post(PATH, callback(phoneNumber="(901) 231-4344", callbackDateTime="2030-01-03T09:00:00Z"))
    assert (second.status, second.json["id"]) == (200, first.json["id"])
    assert (second.json["callbackDateTime"], "memo" in second.json) == ("2030-01-03T09:00:00.000Z", False)
    others = [client.post(PATH, callback(**other)) for other in ({"workTypeId": "19"}, {"phoneNumber": "9012314345"})]
    assert [got.status for got in others] == [201, 201]
    assert len({first.json["id"], *(got.json["id"] for got in others)}) == 3


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"callbackType": "SameAgent"}, "userId"),
        ({"callbackType": "Whenever"}, "callbackType"),
        ({"workTypeId": "5H9GYF.18"}, "workTypeId"),
        ({"callbackDateTime": "tomorrow"}, "callbackDateTime"),
        ({"phoneNumber": "unknown"}, "phoneNumber has no digits"),
        ({"olsonTimeZone": "Mars/Olympus"}, "olsonTimeZone"),
        ({"numberType": 9}, "numberType"),
        ({"userDefinedData": ["x"] * 21}, "userDefinedData"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(client: Client, wrong: dict[str, Any], words: str) -> None:
    got = client.post(PATH, callback(**wrong))
    assert (got.status, words in message(got)) == (400, True)


def test_an_agent_may_be_named(client: Client) -> None:
    got = client.post(PATH, callback(callbackType="SameAgent", userId="13e4b576c800001"))
    assert (got.status, got.json["userId"]) == (201, "13e4b576c800001")
