"""What is wrong with a request is said before it is sent, all at once."""

from typing import Any

import pytest
from filled import filled
from scripted import Script

from bridge.alvaria.check import check, mistakes
from bridge.alvaria.client import Client
from bridge.alvaria.operations import OPERATIONS, operation
from bridge.errors import BadRequest

CALLBACK = {
    "workTypeId": "18",
    "phoneNumber": "2125550123",
    "callbackDateTime": "2026-05-12T09:30:00Z",
    "callbackType": "ServiceLevel",
}
EXCLUSIONS = "campaign.listExclusions"


def found(operation_id: str, params: dict[str, Any], body: Any = None) -> list[str]:
    return list(mistakes(operation(operation_id), {"orgId": "acme", **params}, body))


@pytest.mark.parametrize(
    ("operation_id", "params", "said"),
    [
        ("campaign.getList", {}, "param listId: is missing; give it"),
        ("campaign.getList", {"listId": None}, "param listId: is missing; give it"),
        ("campaign.getList", {"listId": "x"}, "param listId: must be a whole number, not text"),
        ("campaign.getList", {"listId": True}, "param listId: must be a whole number, not true or false"),
        ("campaign.listLists", {"nmae": "a"}, "param nmae: there is no such parameter, did you mean 'name'?"),
        (
            "campaign.listLists",
            {"listType": 9},
            "param listType: must be one of 0 (Static), 1 (Dynamic), 2 (FastPath), 3 (ActiveSort)",
        ),
        ("campaign.listAutomationScripts", {"status": 9}, "param status: must be one of 0, 1, 2"),
        (
            "provisioning.listUsers",
            {"includeInactive": "yes"},
            "param includeInactive: must be true or false, not text",
        ),
        ("campaign.getTimeZoneV2", {"countryCode": "USA"}, "param countryCode: has 3 characters, 2 are allowed"),
        ("provisioning.getDisposition", {"dispositionId": "a/b"}, "param dispositionId: must match ^[A-Za-z0-9_.]+$"),
        (
            "provisioning.listDispositionRoutingPlans",
            {"channelType": "voice,fax"},
            "param channelType: must be one of voice, email, chat, sms, screen",
        ),
        (
            EXCLUSIONS,
            {"fromStartTime": "today", "toStartTime": "2026-05-12T00:00:00Z"},
            "param fromStartTime: must be a time such as 2026-05-12T09:30:00.000Z",
        ),
        (
            EXCLUSIONS,
            {"fromStartTime": "2026-05-12T00:00:00Z"},
            "params fromStartTime and toStartTime: go together; give toStartTime too, or none of them",
        ),
        (
            "campaign.getExclusionStatus",
            {"contactList": "ALL"},
            "params phoneNumber, accountNumber, email, sms, ssn: at least one of them must be given",
        ),
        ("campaign.getExclusionStatus", {"sms": "1"}, "param contactList: is missing; give it, such as ALL"),
    ],
)
def test_a_wrong_parameter_is_told_with_what_is_allowed(operation_id: str, params: Any, said: str) -> None:
    assert found(operation_id, params) == [said]


@pytest.mark.parametrize(
    ("operation_id", "params"),
    [
        ("campaign.getList", {"listId": "4711"}),
        ("campaign.listLists", {"listType": "2", "maxResults": 5, "name": 7}),
        ("campaign.listAutomationScripts", {"status": 1}),
        ("provisioning.listUsers", {"includeInactive": True, "email": ""}),
        ("provisioning.listUsers", {"includeInactive": "false"}),
        ("provisioning.listDispositionRoutingPlans", {"channelType": "voice,email"}),
        (EXCLUSIONS, {"fromStartTime": "2026-05-12T00:00:00Z", "toStartTime": "2026-05-13T00:00:00+02:00"}),
        ("campaign.getExclusionStatus", {"contactList": "ALL", "sms": "1"}),
        ("contextCookies.listSettings", {"service": "", "channel": None}),
    ],
)
def test_a_parameter_goes_as_text_whatever_it_was(operation_id: str, params: Any) -> None:
    assert found(operation_id, params) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"callbackType": "SameAgent"}, "body.callbackType: must be ServiceLevel; or body.userId: is missing; give it"),
        ({"workTypeId": "5H9GYF.18"}, "body.workTypeId: must match ^[^.]+$"),
        ({"userDefinedData": ["x"] * 21}, "body.userDefinedData: has 21 elements, 20 are allowed"),
        ({"memmo": "x"}, "body.memmo: there is no such member, did you mean 'memo'?"),
    ],
)
def test_a_wrong_body_is_told_with_its_member(changes: Any, said: str) -> None:
    assert found("campaign.upsertCallback", {}, CALLBACK) == []
    assert found("campaign.upsertCallback", {}, {**CALLBACK, **changes}) == [said]


@pytest.mark.parametrize(
    ("endings", "said"),
    [
        ({"endPattern": 0, "endTime": 0}, []),
        ({"endPattern": 1, "endTime": "2026-05-12T09:30:00Z"}, []),
        (
            {"endPattern": 1},
            [
                "body.accountControlItems[0].endPattern: must be 0; or "
                "body.accountControlItems[0].endTime: is missing; give it"
            ],
        ),
    ],
)
def test_members_that_need_each_other_are_told_as_alternatives(endings: Any, said: list[str]) -> None:
    assert found("campaign.createExclusion", {}, {"accountControlItems": [{"contactType": 1, **endings}]}) == said


def test_a_body_is_given_where_there_is_one_and_only_there() -> None:
    assert found("campaign.upsertCallback", {}) == ["body: is missing; give an object"]
    assert found("campaign.listLists", {}, {"a": 1}) == ["body: there must be none; leave it out"]


@pytest.mark.parametrize("one", OPERATIONS.values(), ids=lambda one: one.id)
def test_every_operation_takes_what_its_contract_asks_for(one: Any) -> None:
    params = {
        given.name: filled(one.schemas, given.schema) if "pattern" not in given.schema else "8.8"
        for given in one.parameters
    } | {given.name: "US" for given in one.parameters if given.name == "countryCode"}
    body = None if one.body is None else filled(one.schemas, one.body)
    if one.id in ("campaign.upsertCallback", "campaign.importObjects"):
        body |= {"workTypeId": "18"} if "workTypeId" in body else {"salt": "ABC"}
    check(one, params, body)


def test_all_mistakes_are_told_before_anything_is_sent(client: Client, script: Script) -> None:
    with pytest.raises(BadRequest) as caught:
        client.send("campaign.upsertCallback", {"a": 1}, {**CALLBACK, "workTypeId": 18, "memo": None})
    assert caught.value.problems == (
        "param a: there is no such parameter",
        "body.workTypeId: must be text, not a number",
        "body.memo: must be text, not null",
    )
    assert str(caught.value).startswith("campaign.upsertCallback: param a: there is no such parameter; body.")
    assert (script.requests, script.token_requests) == ([], [])


def test_what_was_checked_when_it_was_made_is_not_checked_again(client: Client, script: Script) -> None:
    client.send("campaign.upsertCallback", {}, {"memo": 7}, checked=True)
    assert script.requests[0].body == b'{"memo":7}'
