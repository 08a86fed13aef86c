"""Exclusions: written, read back, changed under their version, and gone."""

from typing import Any

import pytest

from bridge.sandbox.serve import Sandbox
from tests.sandbox.campaign import V2, message, put
from tests.sandbox.client import Client, Clock

PATH = f"{V2}/exclusions"


@pytest.fixture(autouse=True)
def _none_yet(client: Client, sandbox: Sandbox) -> None:
    put(sandbox, "exclusions")


def exclusion(**members: Any) -> dict[str, Any]:
    return {
        "contactType": 1,
        "contactAddress": "6175550123",
        "contactListName": "",
        "reason": "asked us to stop",
        "startTime": "2030-01-01T00:00:00.000Z",
        "endPattern": 0,
        "endTime": 0,
        **members,
    }


def create(client: Client, *members: dict[str, Any]) -> Any:
    return client.post(PATH, {"accountControlItems": list(members)})


def created(client: Client, **members: Any) -> int:
    got = create(client, exclusion(**members))
    assert got.status == 201, got.text
    return int(got.json["ids"][0]["id"])


def test_one_is_created_and_read_back(client: Client) -> None:
    got = create(client, exclusion())
    assert (got.status, list(got.json)) == (201, ["ids"])
    [one] = got.json["ids"]
    assert client.get(f"{PATH}/{one['id']}").json == {
        "kind": "via#exclusion",
        "id": one["id"],
        "version": 1,
        "contactType": 1,
        "contactAddress": "6175550123",
        "contactListName": "",
        "reason": "asked us to stop",
        "creationTime": "2030-01-01T12:00:00.000Z",
        "startTime": "2030-01-01T00:00:00.000Z",
        "endPattern": 0,
        "lastModifiedTime": "2030-01-01T12:00:00.000Z",
    }


@pytest.mark.parametrize("count", [0, 2])
def test_exactly_one_is_created_at_a_time(client: Client, count: int) -> None:
    got = create(client, *[exclusion(contactAddress=f"617555010{place}") for place in range(count)])
    assert got.status == 400
    assert client.get(PATH).json["totalItems"] == 0


def test_an_end_counts_only_where_there_is_one(client: Client) -> None:
    end = "2030-02-01T00:00:00.000Z"
    ending = created(client, endPattern=1, endTime=end)
    endless = created(client, contactAddress="6175550124", endPattern=0, endTime=end)
    assert client.get(f"{PATH}/{ending}").json["endTime"] == end
    assert "endTime" not in client.get(f"{PATH}/{endless}").json


@pytest.mark.parametrize(
    "wrong",
    [
        {"endPattern": 1, "endTime": 0},
        {"endPattern": 2},
        {"contactType": 5},
        {"startTime": "yesterday"},
        {"contactAddress": ""},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(client: Client, wrong: dict[str, Any]) -> None:
    got = create(client, exclusion(**wrong))
    assert (got.status, got.json["error"]["code"]) == (400, 400)
    assert next(iter(wrong)) in message(got)


def test_the_same_address_is_excluded_once(client: Client) -> None:
    created(client)
    assert create(client, exclusion(reason="again")).status == 409
    assert create(client, exclusion(contactListName="Hot leads")).status == 201


def test_what_has_ended_can_be_excluded_anew(client: Client) -> None:
    created(client, endPattern=1, endTime="2030-01-01T06:00:00.000Z")
    assert create(client, exclusion()).status == 201


def test_a_change_replaces_everything_under_the_version_last_read(client: Client, clock: Clock) -> None:
    id_ = created(client)
    clock.advance(60)
    got = client.put(f"{PATH}/{id_}", {**exclusion(reason="moved"), "version": 1})
    assert (got.status, got.content) == (200, b"")
    shown = client.get(f"{PATH}/{id_}").json
    assert (shown["reason"], shown["version"]) == ("moved", 2)
    assert shown["creationTime"] < shown["lastModifiedTime"]
    assert client.put(f"{PATH}/{id_}", {**exclusion(), "version": 1}).status == 409
    assert client.put(f"{PATH}/{id_}", {"version": 2, "reason": "only this"}).status == 400
    assert client.put(f"{PATH}/{id_ + 1}", {**exclusion(), "version": 1}).status == 404


def test_what_is_deleted_is_gone(client: Client) -> None:
    id_ = created(client)
    got = client.delete(f"{PATH}/{id_}")
    assert (got.status, got.content) == (204, b"")
    assert client.get(f"{PATH}/{id_}").status == 404
    assert client.delete(f"{PATH}/{id_}").status == 404


def test_a_period_has_two_ends(client: Client) -> None:
    id_ = created(client)
    both = "fromStartTime=2029-12-31T00:00:00.000Z&toStartTime=2030-01-02T00:00:00.000Z"
    assert [one["id"] for one in client.get(f"{PATH}?{both}").json["accountControlItems"]] == [id_]
    assert client.get(f"{PATH}?{both.partition('&')[0]}").status == 400
