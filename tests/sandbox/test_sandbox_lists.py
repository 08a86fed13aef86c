"""Contact lists and FastPath records."""

from typing import Any

import pytest

from tests.sandbox.client import LISTS, Client

LINE = "A-100       6175550123Ada Lovelace        "
NO_CUSTOM = [{}]


def record(line: str = LINE, custom: Any = NO_CUSTOM) -> dict[str, Any]:
    return {"fastPathRecord": line, "customFieldsStringCollection": custom}


def insert(client: Client, *records: Any, to: str = "4711", **headers: str) -> Any:
    return client.post(f"{LISTS}/{to}/fastPathRecords", {"fastPathRecords": list(records)}, **headers)


def received(client: Client) -> list[Any]:
    return list(client.get("/_sandbox/fast-path/4711").json["records"])


def message(got: Any) -> str:
    return str(got.json["error"]["errors"][0]["message"])


def test_a_record_is_kept_and_read_by_the_layout(client: Client) -> None:
    got = insert(client, record(custom=[{"string": "event 1"}, {"string": "x"}]))
    assert got.status == 201
    [inserted] = got.json["fastPathResponseCollection"]
    assert received(client) == [
        {
            "requestId": inserted["requestId"],
            "listId": 4711,
            "record": LINE,
            "custom": ["event 1", "x"],
            "sessionId": None,
            "receivedTime": "2030-01-01T12:00:00.000Z",
            "fields": {"@ACCOUNT": "A-100", "@NUMBER": "6175550123", "@NAME": "Ada Lovelace"},
        }
    ]


def test_every_record_has_its_own_request_id_and_a_session_id_only_when_asked(client: Client) -> None:
    plain = insert(client, record(), record()).json["fastPathResponseCollection"]
    [streamed] = insert(client, record(), via_client_sessionid="s-1").json["fastPathResponseCollection"]
    assert [set(one) for one in plain] == [{"requestId"}, {"requestId"}]
    assert streamed["sessionId"] == "s-1"
    assert len({one["requestId"] for one in [*plain, streamed]}) == 3


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (LINE + " ", "fastPathRecord must have exactly 42 characters, as the layout says, but has 43"),
        (LINE[:-1], "fastPathRecord must have exactly 42 characters, as the layout says, but has 41"),
        ("", "but has 0"),
        (5, "but is no text"),
        (None, "fastPathRecord is missing"),
    ],
)
def test_a_record_of_another_width_is_refused_with_all_others(client: Client, line: Any, words: str) -> None:
    got = insert(client, record(), record(line))
    assert (got.status, got.json["error"]["code"]) == (400, 400)
    assert message(got).startswith("fastPathRecords[1]: ")
    assert words in message(got)
    assert received(client) == []


def test_width_is_counted_in_characters(client: Client) -> None:
    assert insert(client, record("Å-100       6175550123Åsa Öberg           ")).status == 201


@pytest.mark.parametrize(
    ("custom", "status", "kept"),
    [
        ([{}], 201, []),
        ([{"string": "a"}, {"string": "b"}, {"string": "c"}], 201, ["a", "b", "c"]),
        ([{"string": "a"}] * 4, 400, None),
        (["a"], 400, None),
        ([{"string": 1}], 400, None),
        ("a", 400, None),
    ],
    ids=str,
)
def test_there_are_at_most_three_custom_strings(client: Client, custom: Any, status: int, kept: Any) -> None:
    assert insert(client, record(custom=custom)).status == status
    assert [one["custom"] for one in received(client)] == ([] if kept is None else [kept])


def test_custom_strings_may_be_left_out(client: Client) -> None:
    assert insert(client, {"fastPathRecord": LINE}).status == 201


@pytest.mark.parametrize(("to", "status"), [("1", 404), ("4713", 400), ("4714", 400), ("hot", 400)])
def test_only_a_fastpath_list_takes_records(client: Client, to: str, status: int) -> None:
    got = insert(client, record(), to=to)
    assert (got.status, got.json["error"]["code"]) == (status, status)


@pytest.mark.parametrize("body", [{}, {"fastPathRecords": []}, {"fastPathRecords": {}}, [], {"fastPathRecords": ["x"]}])
def test_a_body_without_records_is_refused(client: Client, body: Any) -> None:
    assert client.post(f"{LISTS}/4711/fastPathRecords", body).status == 400


@pytest.mark.parametrize(
    ("query", "ids", "total", "last"),
    [
        ("", [4711, 4712, 4713, 4714, *range(4801, 4851)], 54, 54),
        ("?maxResults=3", [4711, 4712, 4713], 54, 3),
        ("?maxResults=3&startIndex=52", [4849, 4850], 54, 54),
        ("?startIndex=99", [], 54, 99),
        ("?name=Hot%20leads", [4711], 1, 1),
        ("?name=hot%20leads", [], 0, 0),
        ("?listType=2", [4711, 4712], 2, 2),
        ("?listType=2&startIndex=1&maxResults=5", [4712], 2, 2),
        ("?status=1", [4713], 1, 1),
        ("?status=3&listType=1", [], 0, 0),
    ],
)
def test_lists_come_in_pages_and_by_filters(client: Client, query: str, ids: list[int], total: int, last: int) -> None:
    got = client.get(f"{LISTS}{query}").json
    assert [one["id"] for one in got["contactLists"]] == ids
    assert (got["kind"], got["totalItems"], got["lastIndexReturned"]) == ("via#listCollection", total, last)
    assert all(set(one) == {"kind", "id", "name"} for one in got["contactLists"])


@pytest.mark.parametrize(
    "query", ["maxResults=0", "maxResults=x", "startIndex=-1", "status=6", "listType=4", "maxResults=5,startIndex=5"]
)
def test_a_number_that_cannot_be_read_is_refused(client: Client, query: str) -> None:
    got = client.get(f"{LISTS}?{query}")
    assert (got.status, query.partition("=")[0] in message(got)) == (400, True)


def test_a_page_has_never_more_than_the_apis_own_limit(client: Client) -> None:
    client.put("/_sandbox/limits", {"results": 2})
    got = client.get(f"{LISTS}?maxResults=50").json
    assert (len(got["contactLists"]), got["totalItems"], got["lastIndexReturned"]) == (2, 54, 2)


def test_a_list_shows_its_properties(client: Client) -> None:
    got = client.get(f"{LISTS}/4711")
    assert got.status == 200
    shown = {name: got.json[name] for name in ("kind", "id", "name", "status", "listType")}
    assert shown == {"kind": "via#list", "id": 4711, "name": "Hot leads", "status": 3, "listType": 2}


@pytest.mark.parametrize(("id_", "status"), [("1", 404), ("x", 400)])
def test_a_list_that_is_not_there_is_not_shown(client: Client, id_: str, status: int) -> None:
    got = client.get(f"{LISTS}/{id_}")
    assert (got.status, got.json["error"]["code"]) == (status, status)
