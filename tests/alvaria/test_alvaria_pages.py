"""A collection is read to its end, whatever the server makes of the paging."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import Handler, Script, reply, reset

from bridge.alvaria.client import Client
from bridge.alvaria.client.pages import walk
from bridge.alvaria.operations import operation
from bridge.errors import BadRequest, Refused, Unreachable
from bridge.model import Answer

LISTS = "campaign.listLists"


def page(*ids: int, total: Any = None) -> dict[str, Any]:
    found: dict[str, Any] = {"contactLists": [{"id": number, "name": f"list {number}"} for number in ids]}
    return found if total is None else {**found, "totalItems": total}


def starts(script: Script) -> list[list[str] | None]:
    return [parse_qs(urlsplit(seen.target).query).get("startIndex") for seen in script.requests]


def numbers(client: Client, **params: Any) -> list[int]:
    return [item["id"] for item in client.pages(LISTS, params)]


@pytest.mark.parametrize("total", [5, "5", None])
def test_pages_follow_each_other_to_the_end(client: Client, script: Script, total: Any) -> None:
    script.acts.extend(
        reply(200, page(*ids, total=total)) for ids in ((1, 2), (3, 4), (5,), ()) if ids or total is None
    )
    assert numbers(client, maxResults=2, name="x") == [1, 2, 3, 4, 5]
    assert starts(script) == [None, ["2"], ["4"]] + ([["5"]] if total is None else [])
    assert all("maxResults=2" in seen.target and "name=x" in seen.target for seen in script.requests)


def test_items_come_before_the_next_page_is_asked_for(client: Client, script: Script) -> None:
    script.acts.extend([reply(200, page(1, 2, total=3)), reply(200, page(3, total=3))])
    items = client.pages(LISTS)
    assert [next(items)["id"], next(items)["id"]] == [1, 2]
    assert len(script.requests) == 1
    assert [item["id"] for item in items] == [3]


def test_it_begins_where_the_caller_says(client: Client, script: Script) -> None:
    script.acts.extend([reply(200, page(3, 4, total=5)), reply(200, page(5, total=5))])
    assert numbers(client, startIndex=2) == [3, 4, 5]
    assert starts(script) == [["2"], ["4"]]


def test_a_server_that_knows_no_start_index_is_asked_twice_and_no_more(client: Client, script: Script) -> None:
    script.acts.extend([reply(200, page(1, 2, total=50))] * 2)
    assert numbers(client) == [1, 2]
    assert len(script.requests) == 2


def test_what_moved_up_because_others_went_away_is_found(client: Client, script: Script) -> None:
    """1 and 2 are deleted after the first page, so 5 and 6 stand where nobody looks again."""
    script.acts.extend(
        [
            reply(200, page(1, 2, 3, 4, total=8)),
            reply(200, page(7, 8, total=6)),
            reply(200, page(5, 6, 7, 8, total=6)),
        ]
    )
    assert numbers(client, maxResults=4) == [1, 2, 3, 4, 7, 8, 5, 6]
    assert starts(script) == [None, ["4"], ["2"]]


def test_a_collection_that_shrinks_to_nothing_has_an_end(client: Client, script: Script) -> None:
    script.acts.extend([reply(200, page(1, 2, total=9)), reply(200, page(total=0))])
    assert numbers(client) == [1, 2]


def test_an_operation_without_paging_gives_its_one_page(client: Client, script: Script) -> None:
    settings = [{"key": "crm.a"}, {"key": "crm.a"}]
    script.acts.append(reply(200, {"settings": settings, "totalItems": "40"}))
    assert list(client.pages("contextCookies.listSettings")) == settings
    assert len(script.requests) == 1


@pytest.mark.parametrize("body", [None, {}, {"contactLists": None}, {"contactLists": []}])
def test_nothing_is_an_empty_collection(client: Client, script: Script, body: Any) -> None:
    script.acts.append(reply(200, body))
    assert numbers(client) == []


@pytest.mark.parametrize(
    "act",
    [
        reply(200, b"<html>"),
        reply(200, [1]),
        reply(200, {"contactLists": 7}),
        reply(200, {"contactLists": {"id": 1}}),
        reply(200, page(1, total="many")),
        reset,
    ],
)
def test_an_answer_that_cannot_be_read_is_none(client: Client, script: Script, act: Callable[[Handler], None]) -> None:
    script.acts.append(act)
    with pytest.raises(Unreachable, match=r"campaign\.listLists: no answer from"):
        numbers(client)


def test_a_refusal_in_the_middle_ends_it_with_the_apis_words(client: Client, script: Script) -> None:
    script.acts.extend([reply(200, page(1, total=2)), reply(429, {"error": {"message": "Slow down"}})])
    items = client.pages(LISTS)
    assert next(items)["id"] == 1
    with pytest.raises(Refused, match=r"campaign\.listLists: it was refused, status 429: Slow down"):
        next(items)


@pytest.mark.parametrize(
    ("operation_id", "params", "said"),
    [
        ("campaign.getList", {"listId": 7}, "its answer is no collection"),
        ("provisioning.listTeamUsers", {"teamId": "7"}, "its answer is no collection"),
        (LISTS, {"startIndex": "x"}, "param startIndex: must be a whole number"),
        ("campaign.listsLists", {}, "did you mean 'campaign.listLists'"),
    ],
)
def test_what_cannot_be_paged_is_not_sent(
    client: Client, script: Script, operation_id: str, params: Any, said: str
) -> None:
    with pytest.raises(BadRequest, match=said):
        list(client.pages(operation_id, params))
    assert script.requests == []


def items_of(wholes: list[list[int]], size: int, *, ignores: bool = False) -> list[int]:
    """From a server whose collection is the next one with each request, and the last one from then on."""
    asked: list[int] = []

    def send(_: str, params: dict[str, Any], *, checked: bool) -> Answer:
        whole = wholes[min(len(asked), len(wholes) - 1)]
        start = 0 if ignores else params.get("startIndex") or 0
        asked.append(start)
        assert len(asked) < 100, "there is no end"
        return Answer(status=200, body=page(*whole[start : start + size], total=len(whole)))

    return [item["id"] for item in walk(send, "host", operation(LISTS), {})]


several = st.lists(st.lists(st.integers(1, 30), unique=True), min_size=1, max_size=8)


@given(wholes=several, size=st.integers(1, 5), ignores=st.booleans())
def test_it_ends_and_gives_nothing_twice(wholes: list[list[int]], size: int, ignores: bool) -> None:
    found = items_of(wholes, size, ignores=ignores)
    assert len(found) == len(set(found))


@given(number=st.integers(1, 30), leaving=st.lists(st.sets(st.integers(0, 29)), max_size=6), size=st.integers(1, 5))
def test_what_stays_the_whole_time_is_found(number: int, leaving: list[set[int]], size: int) -> None:
    wholes = [list(range(number))]
    for gone in leaving:
        wholes.append([item for item in wholes[-1] if item not in gone])
    assert set(wholes[-1]) <= set(items_of(wholes, size))
