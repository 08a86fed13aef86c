"""Parameters go where the contract says, and nothing can lead a request to another operation."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.alvaria.operations import operation
from bridge.alvaria.request import Request, build, json_bytes
from bridge.errors import BadRequest

SETTINGS = "/via/v2/organizations/acme/customerexperience/contextCookies/settings"


def made(operation_id: str, params: dict[str, Any], body: Any = None) -> Request:
    return build(operation(operation_id), {"orgId": "acme", **params}, body)


@pytest.mark.parametrize(
    ("params", "target"),
    [
        ({}, SETTINGS),
        ({"service": ""}, f"{SETTINGS}?service="),
        ({"service": None, "customer": "7"}, f"{SETTINGS}?customer=7"),
        ({"key": "crm.a,crm.b", "customer": "+1 2&3"}, f"{SETTINGS}?customer=%2B1%202%263&key=crm.a%2Ccrm.b"),
        ({"lastSessionsOnly": True, "minimumModificationAge": 60}, None),
    ],
)
def test_empty_text_is_a_filter_and_none_is_no_filter(params: dict[str, Any], target: str | None) -> None:
    expected = target or f"{SETTINGS}?lastSessionsOnly=true&minimumModificationAge=60"
    assert made("contextCookies.listSettings", params).target == expected


def test_a_body_is_compact_utf8_json_and_says_so() -> None:
    request = made("contextCookies.upsertSettings", {}, {"settings": [{"content": "Zoë"}]})
    assert request.body == '{"settings":[{"content":"Zoë"}]}'.encode()
    assert request.headers == {"Accept": "application/json", "Content-Type": "application/json"}


def test_a_request_without_a_body_says_nothing_of_its_type() -> None:
    request = made("contextCookies.listSettings", {})
    assert (request.body, request.headers) == (None, {"Accept": "application/json"})


def test_a_header_parameter_becomes_a_header() -> None:
    request = made("campaign.insertFastPathRecords", {"listId": 4711, "via-client-sessionid": "s-1"}, {})
    assert request.target == "/via/v2/organizations/acme/campaign/lists/4711/fastPathRecords"
    assert request.headers["via-client-sessionid"] == "s-1"


@pytest.mark.parametrize(
    ("operation_id", "params", "said"),
    [
        ("campaign.getList", {}, "the parameter 'listId' is missing"),
        ("campaign.getList", {"listId": None}, "the parameter 'listId' is missing"),
        ("campaign.getList", {"listid": 7}, "there is no parameter 'listid', did you mean 'listId'"),
        ("campaign.getList", {"listId": ""}, "cannot be empty"),
        ("campaign.getList", {"listId": ".."}, "cannot be empty, '.' or '..'"),
        ("campaign.getList", {"listId": "\ud800"}, "holds half a character"),
        ("campaign.getList", {"listId": {"id_of": "Hot leads"}}, "must be text, a number or true or false, not dict"),
        ("contextCookies.listSettings", {"customer": ["7"]}, "not list"),
        ("disposableApp.getContext", {}, "the parameter 'sessionId' is missing"),
        ("campaign.insertFastPathRecords", {"listId": 7, "via-client-sessionid": "a\r\nb: c"}, "plain ASCII text"),
        ("campaign.insertFastPathRecords", {"listId": 7, "via-client-sessionid": ""}, "plain ASCII text"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(operation_id: str, params: dict[str, Any], said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        made(operation_id, params)


@given(text=st.text(min_size=1).filter(lambda text: text not in (".", "..")))
def test_a_path_parameter_never_leaves_its_place(text: str) -> None:
    try:
        target = made("campaign.getList", {"listId": text}).target
    except BadRequest:
        assert any("\ud800" <= character <= "\udfff" for character in text)
        return
    head, _, tail = target.rpartition("/")
    assert head == "/via/v2/organizations/acme/campaign/lists"
    assert not set(tail) & set("?#&;{}")


def test_half_a_character_in_a_body_becomes_its_escape() -> None:
    content = {"a": "x\ud800y"}
    assert json.loads(json_bytes(content)) == content


def test_a_request_does_not_show_whom_it_is_about() -> None:
    request = made("contextCookies.listSettings", {"customer": "+12125550123"})
    assert "12125550123" not in repr(request)
