"""The presets for HubSpot, Salesforce, Dynamics, Zendesk, Pipedrive, Zoho and Freshworks, against recorded requests."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bridge.model import Event
from bridge.sources.read import read
from bridge.sources.reply import ReplyKind, reply
from bridge.wiring import Bridge
from tests.preset_cases import Case, Shown, cases, count, holds, is_kept_once, kept, post, web_of

HUBSPOT = Shown(
    sample="hubspot/contact-batch.json",
    preset="hubspot",
    secrets={"client_secret": "client_secret"},
    proof=("header", "x-hubspot-signature-v3"),
    covers_body=True,
    stamped=True,
)
HUBSPOT_ENCODED = replace(HUBSPOT, sample="hubspot/contact-batch-encoded-url.json")
HUBSPOT_V1 = Shown(
    sample="hubspot-v1/contact-and-deal-batch.json",
    preset="hubspot-v1",
    secrets={"client_secret": "client_secret"},
    proof=("header", "x-hubspot-signature"),
    covers_body=True,
)
HUBSPOT_WORKFLOW = Shown(
    sample="hubspot-workflow/contact-enrolled.json",
    preset="hubspot-workflow",
    secrets={"client_secret": "client_secret"},
    proof=("header", "x-hubspot-signature"),
    covers_body=True,
)
SALESFORCE = Shown(
    sample="salesforce/contact-outbound-message.xml",
    preset="salesforce-outbound",
    secrets={"url_key": "query key", "organization_id": "OrganizationId"},
    proof=("query", "key"),
    harmless=("OrganizationId",),
)
SALESFORCE_FLOW = Shown(
    sample="salesforce-flow/contact-updated.json",
    preset="salesforce-flow",
    secrets={"api_key": "api_key"},
    proof=("header", "x-bridge-key"),
)
DYNAMICS_CREATE = Shown(
    sample="dynamics/contact-create.json",
    preset="dynamics",
    secrets={"webhook_key": "WebhookKey (query `code`)"},
    proof=("query", "code"),
)
DYNAMICS_UPDATE = Shown(
    sample="dynamics/contact-update.json",
    preset="dynamics",
    secrets={"header_key": "HttpHeader `x-bridge-key`"},
    proof=("header", "x-bridge-key"),
)
ZENDESK_USER = Shown(
    sample="zendesk/user-name-changed.json",
    preset="zendesk",
    secrets={"signing_secret": "signing_secret"},
    proof=("header", "x-zendesk-webhook-signature"),
    covers_body=True,
    stamped=True,
)
ZENDESK_TICKET = replace(ZENDESK_USER, sample="zendesk/ticket-status-changed.json")
PIPEDRIVE = Shown(
    sample="pipedrive/person-change.json",
    preset="pipedrive",
    secrets={"username": "username", "password": "password"},
    proof=("basic", ""),
    harmless=("username",),
)
PIPEDRIVE_V1 = replace(PIPEDRIVE, sample="pipedrive-v1/person-updated.json", preset="pipedrive-v1")
ZOHO = Shown(
    sample="zoho/contacts-update.json", preset="zoho", secrets={"token": "token"}, proof=("json", "token")
)  # fmt: skip
FRESHSALES = replace(SALESFORCE_FLOW, sample="freshsales/contact-updated.json", preset="freshsales")
FRESHDESK = replace(PIPEDRIVE, sample="freshdesk/ticket-changed.json", preset="freshdesk")

ALL = (
    HUBSPOT,
    HUBSPOT_ENCODED,
    SALESFORCE,
    HUBSPOT_V1,
    HUBSPOT_WORKFLOW,
    SALESFORCE_FLOW,
    DYNAMICS_CREATE,
    DYNAMICS_UPDATE,
    ZENDESK_USER,
    ZENDESK_TICKET,
    PIPEDRIVE,
    PIPEDRIVE_V1,
    ZOHO,
    FRESHSALES,
    FRESHDESK,
)


@pytest.mark.parametrize("case", [case for shown in ALL for case in cases(shown)], ids=str)
@pytest.mark.parametrize("kind", ["sqlite"])  # what is refused reaches no database
def test_how_a_request_to_a_preset_is_answered(bridge: Bridge, case: Case) -> None:
    holds(bridge, case)


@pytest.mark.parametrize("shown", ALL, ids=str)
def test_a_preset_keeps_its_sample_once_and_without_its_secrets(bridge: Bridge, shown: Shown) -> None:
    is_kept_once(bridge, shown)


RETRIED = [
    (HUBSPOT_V1, b'"attemptNumber":0', b'"attemptNumber":1'),
    (PIPEDRIVE, b'"attempt":1', b'"attempt":2'),
    (PIPEDRIVE_V1, b'"retry":0', b'"retry":1'),
]


@pytest.mark.parametrize(("shown", "before", "after"), RETRIED, ids=str)
def test_what_counts_the_attempts_makes_no_new_event(bridge: Bridge, shown: Shown, before: bytes, after: bytes) -> None:
    web = web_of(bridge, shown.mapping())
    post(web, shown.request)
    known = count(bridge)
    assert before in shown.request.body
    assert post(web, shown.resigned(shown.request.body.replace(before, after))).status_code == 200
    assert count(bridge) == known


def test_hubspots_batch_in_other_groups_is_kept_once(bridge: Bridge) -> None:
    web = web_of(bridge, HUBSPOT_V1.mapping())
    post(web, HUBSPOT_V1.request)
    first, *others = json.loads(HUBSPOT_V1.request.body)
    for group in ([others[1], first], [others[0]]):
        assert post(web, HUBSPOT_V1.resigned(json.dumps(group).encode())).status_code == 200
    assert count(bridge) == 3


def test_zohos_records_in_other_groups_are_kept_once(bridge: Bridge) -> None:
    web = web_of(bridge, ZOHO.mapping())
    post(web, ZOHO.request)
    body = json.loads(ZOHO.request.body)
    for ids in (body["ids"][::-1], body["ids"][:1]):
        assert post(web, ZOHO.resigned(json.dumps(body | {"ids": ids}).encode())).status_code == 200
    assert [event["record_id"] for event in kept(bridge)] == body["ids"]


def events_of(shown: Shown, **changes: Any) -> tuple[Event, ...]:
    """What is read of the sample; `changes` to its body, None takes a member away."""
    body = json.loads(shown.request.body)
    if changes:
        body = {name: value for name, value in (body | changes).items() if value is not None}
    return read(shown.mapping().source, replace(shown.request, body=json.dumps(body).encode()))


WORDS: list[tuple[Shown, int, str, dict[str, Any], dict[str, Any], list[str]]] = [
    (HUBSPOT_V1, 0, "8451203", {"tier": "gold"}, {}, ["tier"]),
    (HUBSPOT_V1, 2, "8451203", {}, {}, []),
    (HUBSPOT_WORKFLOW, 0, "8451203", {"tier": "gold", "phone": "+12125550123"}, {}, []),
    (SALESFORCE_FLOW, 0, "00D5w0000002Ao5EAE", {"Tier__c": "Gold"}, {"Tier__c": "Silver"}, ["Tier__c"]),
    (PIPEDRIVE_V1, 0, "8087566", {"label": 24}, {"label": None, "name": "K. Tamm"}, []),
    (ZOHO, 0, "", {"Phone": "+12125550123", "Tier": "Gold"}, {}, ["Phone", "Tier"]),
    (ZOHO, 1, "", {"Phone": None}, {}, ["Phone"]),
    (FRESHSALES, 0, "", {"cf_tier": "gold"}, {}, []),
    (FRESHDESK, 0, "", {"ticket_status": "Pending"}, {}, []),
    (ZENDESK_TICKET, 0, "20177345", {"status": "PENDING"}, {"status": "OPEN"}, ["status"]),
    (ZENDESK_USER, 0, "20177345", {"role": "end-user"}, {"name": "Ana Souza"}, ["name"]),
    (PIPEDRIVE, 0, "8087566", {"id": 5521}, {"org_id": None}, ["emails", "org_id", "custom_fields"]),
    (
        DYNAMICS_CREATE,
        0,
        "3758fbb9-ba91-5eab-bcd5-9b4d0db72999",
        {"gendercode": 2, "creditlimit": 2500.5, "parentcustomerid": "3fef6ff5-804b-5777-bdb5-e17bd581120b"},
        {},
        [],
    ),
    (
        DYNAMICS_UPDATE,
        0,
        "3758fbb9-ba91-5eab-bcd5-9b4d0db72999",
        {"jobtitle": None, "modifiedon": "2026-05-12T09:29:57Z"},
        {"emailaddress1": "ines.marques@example.com", "preferredcontactmethodcode": 1},
        ["emailaddress1", "preferredcontactmethodcode", "jobtitle", "modifiedon", "modifiedby", "contactid"],
    ),
]


@pytest.mark.parametrize(("shown", "index", "tenant", "record", "previous", "changed"), WORDS, ids=str)
def test_what_rules_see_of_a_sample(
    shown: Shown, index: int, tenant: str, record: dict[str, Any], previous: dict[str, Any], changed: list[str]
) -> None:
    event = events_of(shown)[index]
    assert event.tenant == tenant
    assert event.record.items() >= record.items()
    assert event.previous.items() >= previous.items()
    assert not changed or list(event.changed) == changed


@pytest.mark.parametrize(
    ("changes", "record_id", "merged"),
    [
        ({}, "90551203", ("90438817",)),
        ({"newObjectId": 5}, "5", ("90438817", "90551203")),
        ({"subscriptionType": "company.merge"}, "company:90551203", ()),
        ({"subscriptionType": "object.merge", "objectTypeId": "0-1", "objectId": 7}, "7", ("90438817",)),
        ({"subscriptionType": "object.propertyChange", "objectTypeId": "0-3", "objectId": 7}, "0-3:7", ()),
    ],
)
@pytest.mark.parametrize("shown", [HUBSPOT, HUBSPOT_V1], ids=str)
def test_hubspots_records_are_told_apart_and_a_merge_names_those_that_are_gone(
    shown: Shown, changes: dict[str, Any], record_id: str, merged: tuple[str, ...]
) -> None:
    merge = json.loads(HUBSPOT_V1.request.body)[2] | changes
    (event,) = read(shown.mapping().source, replace(shown.request, body=json.dumps([merge]).encode()))
    assert (event.record_id, event.merged) == (record_id, merged)


META = json.loads(PIPEDRIVE.request.body)["meta"]
META_V1 = json.loads(PIPEDRIVE_V1.request.body)["meta"]


@pytest.mark.parametrize(
    ("shown", "changes", "record_id"),
    [
        (PIPEDRIVE, {"meta": META | {"entity": "deal"}}, "deal:5521"),
        (PIPEDRIVE_V1, {"meta": META_V1 | {"object": "deal"}}, "deal:5521"),
        (FRESHSALES, {"type": "deal.updated", "deal": {"id": 7}}, "deal:7"),
        (HUBSPOT_WORKFLOW, {"vid": None, "dealId": 7, "properties": {"amount": {"value": "5"}}}, "deal:7"),
        (HUBSPOT_WORKFLOW, {"vid": None, "objectType": "TICKET", "objectId": 7}, "ticket:7"),
        (ZENDESK_USER, {"subject": "zen:organization:7", "detail": {"id": "7"}}, "zen:organization:7"),
        (ZENDESK_USER, {"subject": "zen:user:7", "detail": {}}, "zen:user:7"),
    ],
)
def test_records_of_other_types_cannot_be_taken_for_each_other(
    shown: Shown, changes: dict[str, Any], record_id: str
) -> None:
    assert [event.record_id for event in events_of(shown, **changes)] == [record_id]


def test_pipedrives_merge_names_the_record_that_is_gone() -> None:
    (person,) = events_of(PIPEDRIVE, meta=META | {"merged_from_id": "5522"})
    (deal,) = events_of(PIPEDRIVE, meta=META | {"merged_from_id": "5522", "entity": "deal"})
    assert (person.merged, deal.merged) == (("5522",), ("deal:5522",))


def test_pipedrives_deletion_has_no_record_and_the_last_state_before() -> None:
    body = {"data": None, "previous": {"id": 5521, "name": "Kadri"}, "meta": META | {"action": "delete"}}
    request = replace(PIPEDRIVE.request, body=json.dumps(body).encode())
    (event,) = read(PIPEDRIVE.mapping().source, request)
    assert (event.type, event.record, event.previous, event.changed) == (
        "person.delete", {}, {"id": 5521, "name": "Kadri"}, ()
    )  # fmt: skip


def test_dataverses_deletion_and_trimmed_messages_are_events_without_a_record() -> None:
    target = {"__type": "EntityReference:http://x", "Id": "a296faf9", "LogicalName": "contact"}
    deletion = events_of(DYNAMICS_CREATE, MessageName="Delete", InputParameters=[{"key": "Target", "value": target}])
    trimmed = events_of(DYNAMICS_UPDATE, InputParameters=None, PreEntityImages=None, PostEntityImages=None)
    for (event,), kind in ((deletion, "contact.Delete"), (trimmed, "contact.Update")):
        assert (event.type, event.record, event.changed) == (kind, {}, ())
        assert event.record_id == "a296faf9-2a1e-5fd9-bd1f-40fc4bc32a2f"


def test_dataverses_synchronous_steps_have_a_key_of_their_own() -> None:
    nil = "00000000-0000-0000-0000-000000000000"
    keys = {events_of(DYNAMICS_UPDATE, OperationId=nil, Stage=stage)[0].dedup_key for stage in (20, 40)}
    assert len(keys) == 2
    assert not any(nil in key for key in keys)


def test_what_has_no_id_repeats_itself_only_for_a_while() -> None:
    windows = {str(shown): events_of(shown)[0].dedup_window for shown in (FRESHDESK, FRESHSALES, HUBSPOT_WORKFLOW)}
    assert {name: window and window.total_seconds() / 3600 for name, window in windows.items()} == {
        str(FRESHDESK): 2, str(FRESHSALES): None, str(HUBSPOT_WORKFLOW): 72
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (
            "application/x-www-form-urlencoded",
            b"freshdesk_webhook[ticket_id]=48213&freshdesk_webhook[ticket_status]=Open",
        ),
        ("application/xml", b"<freshdesk_webhook><ticket_id>48213</ticket_id></freshdesk_webhook>"),
        ("application/json", b'{"ticket_id": 48213, "type": "ticket.solved"}'),
    ],
)
def test_freshdesks_content_may_be_written_in_other_ways(content_type: str, body: bytes) -> None:
    headers = {**FRESHDESK.request.headers, "content-type": content_type}
    (event,) = read(FRESHDESK.mapping().source, replace(FRESHDESK.request, headers=headers, body=body))
    assert event.record_id == "48213"
    assert event.type == ("ticket.solved" if b"solved" in body else "ticket.changed")


@pytest.mark.parametrize(
    ("shown", "kind", "status"),
    [
        (ZENDESK_USER, ReplyKind.FAILED, 409),
        (ZENDESK_USER, ReplyKind.NOT_READY, 409),
        (DYNAMICS_CREATE, ReplyKind.FAILED, 503),
        (DYNAMICS_CREATE, ReplyKind.OVERLOADED, 503),
        (HUBSPOT_WORKFLOW, ReplyKind.OVERLOADED, 503),
    ],
)
def test_a_passing_failure_is_answered_so_that_this_crm_comes_again(shown: Shown, kind: ReplyKind, status: int) -> None:
    assert reply(shown.mapping().source, kind).status == status


def test_salesforces_flow_always_hears_json(bridge: Bridge) -> None:
    answer = post(web_of(bridge, SALESFORCE_FLOW.mapping()), SALESFORCE_FLOW.request)
    assert answer.json == {"received": 1, "duplicates": 0}
