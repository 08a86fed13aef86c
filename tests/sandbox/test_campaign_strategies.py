"""Strategies: records put in, changed later, and what the statuses tell of it."""

from typing import Any

import pytest

from bridge.sandbox.serve import Sandbox
from tests.sandbox.campaign import V2, message, put
from tests.sandbox.client import Client, Clock

DYNAMIC, STATIC, FAST, UNBUILT = (f"{V2}/strategies/{id_}" for id_ in (1, 2, 3, 4))


def strategy(id_: int, name: str, **members: Any) -> dict[str, Any]:
    built = {"status": 4, "lastBuildTime": "2029-12-01T00:00:00.000Z"}
    times = {"lastModifiedTime": "2029-12-24T18:00:01.500Z"}
    return {"id": id_, "version": 1, "name": name, "description": f"{name} leads", **built, **times, **members}


@pytest.fixture(autouse=True)
def _strategies(client: Client, sandbox: Sandbox) -> None:
    names = ("dynamic", "static", "fast", "unbuilt")
    built = [strategy(place + 1, name) for place, name in enumerate(names[:3])]
    put(sandbox, "strategies", *built, strategy(4, "unbuilt", status=1, lastBuildTime=None))
    types = {"dynamic": 1, "static": 0, "fast": 2, "unbuilt": 1}
    lists = [
        {"id": 100 + place, "version": 1, "name": name, "strategy": name, "status": 3, "listType": types[name]}
        for place, name in enumerate(names)
    ]
    put(sandbox, "lists", *lists)
    for place in range(1, 5):
        for part in ("records", "updates"):
            sandbox.state.objects.pop(f"campaign.strategies/{place}/{part}", None)


def insert(client: Client, path: str = DYNAMIC, **fields: str) -> Any:
    items = [{"field": f"@{name}", "value": value} for name, value in fields.items()]
    return client.post(f"{path}/records", {"records": [{"items": items}]})


def change(client: Client, *fields: tuple[str, str], account: str = "100001", key: str = "@ACCOUNT") -> Any:
    named = [{"fieldKey": name, "fieldValue": value} for name, value in fields]
    record = {"lookupKey": key, "lookupValue": account, "fields": named}
    return client.ask("PATCH", f"{DYNAMIC}/records", {"records": [record]})


def statuses(client: Client, path: str = DYNAMIC) -> Any:
    return client.get(f"{path}/statuses").json


def lines(client: Client) -> list[str]:
    return [one["statusDescription"] for one in statuses(client)["detailStatuses"]]


def test_the_statuses_of_one_that_has_rest(client: Client) -> None:
    assert statuses(client) == {
        "kind": "via#strategyStatusCollection",
        "id": 1,
        "description": "dynamic leads",
        "lastModifiedTime": "2029-12-24 18:00:01",
        "status": 4,
        "progressStatus": "",
        "detailStatuses": [],
        "totalItems": 0,
    }


def test_a_strategy_shows_its_properties(client: Client) -> None:
    shown = client.get(DYNAMIC).json
    assert {name: shown[name] for name in ("kind", "id", "name", "status")} == {
        "kind": "via#strategy",
        "id": 1,
        "name": "dynamic",
        "status": 4,
    }


@pytest.mark.parametrize("what", ["", "/statuses"])
def test_one_that_is_not_there_is_404(client: Client, what: str) -> None:
    assert client.get(f"{V2}/strategies/9{what}").status == 404


def test_an_inserted_record_has_an_id(client: Client) -> None:
    first, second = insert(client, ACCOUNT="1"), insert(client, STATIC, ACCOUNT="2")
    assert (first.status, list(first.json)) == (201, ["id"])
    assert second.status == 201
    assert len({got.json["id"] for got in (first, second, insert(client, ACCOUNT="3"))}) == 3


@pytest.mark.parametrize(("path", "words"), [(FAST, "FastPath"), (UNBUILT, "build it first")])
def test_records_need_a_prospect_database_of_their_own(client: Client, path: str, words: str) -> None:
    got = insert(client, path, ACCOUNT="1")
    assert (got.status, words in message(got)) == (400, True)


@pytest.mark.parametrize("records", [[], [{}], [{"items": []}], [{"items": [{"field": "@A", "value": "1"}]}] * 2])
def test_one_record_is_inserted_at_a_time(client: Client, records: Any) -> None:
    assert client.post(f"{DYNAMIC}/records", {"records": records}).status == 400


def test_an_update_is_begun_and_done_a_while_later(client: Client, clock: Clock) -> None:
    insert(client, ACCOUNT="100001", NUMBER="6175550123")
    got = change(client, ("@NUMBER", "6175550199"))
    assert (got.status, got.content) == (202, b"")
    assert (statuses(client)["status"], statuses(client)["progressStatus"], lines(client)) == (66, "0%", [])
    clock.advance(4)
    assert (statuses(client)["status"], statuses(client)["progressStatus"]) == (66, "80%")
    assert client.get(DYNAMIC).json["status"] == 66
    clock.advance(1)
    found = statuses(client)
    assert (found["status"], found["progressStatus"], found["totalItems"]) == (67, "100%", 1)
    assert found["lastModifiedTime"] == "2030-01-01 12:00:05"
    assert lines(client) == [
        "'Lookup key: @ACCOUNT Lookup value: 100001 Field key @NUMBER Field value: 6175550199 Status : Updated'"
    ]
    assert client.get(DYNAMIC).json["status"] == 67


@pytest.mark.parametrize(
    ("change_of", "words", "status"),
    [
        ({"key": "@NOBODY"}, "Lookup key not found", 68),
        ({"account": "9"}, "Lookup value not found", 68),
        ({}, "Field key not found", 70),
    ],
)
def test_what_went_wrong_is_told_field_by_field(
    client: Client, clock: Clock, change_of: dict[str, str], words: str, status: int
) -> None:
    insert(client, ACCOUNT="100001", NUMBER="6175550123")
    change(client, ("@NUMBER", "1"), ("@NUMBER2", "2"), **change_of)
    clock.advance(5)
    assert statuses(client)["status"] == status
    assert lines(client)[1].endswith(f"Field key @NUMBER2 Field value: 2 Status : {words}'")


def test_updates_are_done_one_after_the_other(client: Client, clock: Clock) -> None:
    insert(client, ACCOUNT="100001", NUMBER="1")
    change(client, ("@ACCOUNT", "100002"))
    clock.advance(3)
    change(client, ("@NUMBER", "3"), account="100002")
    clock.advance(2)
    assert statuses(client)["status"] == 66, "the second is still at work"
    clock.advance(3)
    assert (statuses(client)["status"], len(lines(client))) == (67, 1)


@pytest.mark.parametrize(("path", "status"), [(STATIC, 400), (FAST, 400), (f"{V2}/strategies/9", 404)])
def test_only_dynamic_lists_have_records_that_change(client: Client, path: str, status: int) -> None:
    record = {"lookupKey": "@ACCOUNT", "lookupValue": "1", "fields": [{"fieldKey": "@NUMBER", "fieldValue": "2"}]}
    assert client.ask("PATCH", f"{path}/records", {"records": [record]}).status == status


def test_an_update_of_nothing_is_refused(client: Client) -> None:
    assert client.ask("PATCH", f"{DYNAMIC}/records", {"records": []}).status == 400
