"""The presets of Intercom, Close, Attio, Copper, ActiveCampaign, Keap, SugarCRM and ServiceNow, by their samples."""

import hmac
import json
from dataclasses import replace
from typing import Any

import pytest

from bridge.model import Event, Received
from bridge.sources.read import read
from bridge.tables import webhooks
from bridge.wiring import Bridge
from tests.preset_cases import ENTRIES, Case, Shown, cases, count, holds, is_kept_once, kept, post, web_of

INTERCOM = Shown(
    sample="intercom/contact-email-updated.json",
    preset="intercom",
    secrets={"client_secret": "client_secret"},
    proof=("header", "x-hub-signature"),
    covers_body=True,
)
CLOSE = Shown(
    sample="close/contact-updated.json",
    preset="close",
    secrets={"signature_key": "signature_key"},
    proof=("header", "close-sig-hash"),
    covers_body=True,
    stamped=True,
)
ATTIO = Shown(
    sample="attio/record-updated-and-merged.json",
    preset="attio",
    secrets={"signing_secret": "signing_secret"},
    proof=("header", "attio-signature,x-attio-signature"),
    covers_body=True,
)
COPPER = Shown(
    sample="copper/person-update.json",
    preset="copper",
    secrets={"body_secret": "body_secret"},
    proof=("json", "secret"),
)
ACTIVECAMPAIGN = Shown(
    sample="activecampaign/contact-update.txt",
    preset="activecampaign",
    secrets={"url_key": "url_key"},
    proof=("query", "key"),
)
KEAP = Shown(sample="keap/contact-edit.json", preset="keap", secrets={"url_key": "url_key"}, proof=("query", "key"))
SUGARCRM = Shown(
    sample="sugarcrm/contact-after-save.json",
    preset="sugarcrm",
    secrets={"url_key": "url_key"},
    proof=("query", "key"),
)
SERVICENOW = Shown(
    sample="servicenow/contact-update.json",
    preset="servicenow",
    secrets={"user": "user", "password": "password"},
    proof=("basic", "authorization"),
    harmless=("user",),
)
ALL = (INTERCOM, CLOSE, ATTIO, COPPER, ACTIVECAMPAIGN, KEAP, SUGARCRM, SERVICENOW)


@pytest.mark.parametrize("case", [case for shown in ALL for case in cases(shown)], ids=str)
@pytest.mark.parametrize("kind", ["sqlite"])  # what is refused reaches no database
def test_how_a_request_of_these_crms_is_answered(bridge: Bridge, case: Case) -> None:
    holds(bridge, case)


@pytest.mark.parametrize("shown", ALL, ids=str)
def test_the_sample_is_kept_once_and_without_its_secrets(bridge: Bridge, shown: Shown) -> None:
    is_kept_once(bridge, shown)


TRIALS = [
    (INTERCOM, "HEAD", {}, {}),
    (KEAP, "POST", {"x-hook-secret": "once-4f6d"}, {"X-Hook-Secret": "once-4f6d"}),
]


@pytest.mark.parametrize(("shown", "method", "sent", "said"), TRIALS, ids=["intercom", "keap"])
def test_the_trial_of_an_address_is_answered_and_makes_no_event(
    bridge: Bridge, shown: Shown, method: str, sent: dict[str, str], said: dict[str, str]
) -> None:
    answer = post(web_of(bridge, shown.mapping()), replace(shown.request, method=method, headers=sent, body=b""))
    assert answer.status_code == 200
    assert said.items() <= dict(answer.headers).items()
    assert count(bridge, webhooks) == count(bridge) == 0


def with_members(request: Received, members: dict[str, Any]) -> Received:
    return replace(request, body=json.dumps(json.loads(request.body) | members).encode())


def the_one(shown: Shown, members: dict[str, Any]) -> Event:
    """The event of the sample with other members at its top."""
    (event,) = read(shown.mapping().source, with_members(shown.request, members))
    assert event.problem is None
    return event


@pytest.mark.parametrize(("shown", "path"), [(KEAP, "object_keys"), (COPPER, "ids")], ids=["keap", "copper"])
def test_records_that_come_again_in_other_batches_are_kept_once(bridge: Bridge, shown: Shown, path: str) -> None:
    web, listed = web_of(bridge, shown.mapping()), json.loads(shown.request.body)[path]
    for group in (listed, listed[1:], listed[:1], listed[::-1]):
        assert post(web, with_members(shown.request, {path: group})).status_code == 200
    assert [event["times_seen"] for event in kept(bridge)] == [3, 3]


def test_another_attempt_of_intercom_is_a_repetition_although_its_body_differs(bridge: Bridge) -> None:
    web = web_of(bridge, INTERCOM.mapping())
    for attempt in (b'"delivery_attempts":1', b'"delivery_attempts":2'):
        body = INTERCOM.request.body.replace(b'"delivery_attempts":1', attempt)
        assert post(web, INTERCOM.resigned(body)).status_code == 200
    assert count(bridge) == 1


def test_the_test_button_of_intercom_makes_no_event() -> None:
    ping = with_members(INTERCOM.request, {"topic": "ping", "data": {"item": {"type": "ping"}}})
    assert read(INTERCOM.mapping().source, ping) == ()


@pytest.mark.parametrize(
    ("item", "record_id"),
    [
        ({"type": "conversation", "id": "215"}, "conversation:215"),
        ({"type": "contact_tag", "contact": {"type": "contact", "id": "66ab"}}, "66ab"),
        ({"id": "66ab"}, "66ab"),
    ],
    ids=["a conversation", "a tag of a contact", "without a type"],
)
def test_a_conversation_of_intercom_is_never_taken_for_a_contact(item: dict[str, Any], record_id: str) -> None:
    assert the_one(INTERCOM, {"data": {"item": item}}).record_id == record_id


def test_who_signs_with_the_text_of_the_key_is_not_close(bridge: Bridge) -> None:
    request, key = CLOSE.request, ENTRIES[CLOSE.sample]["secrets"]["signature_key"]
    message = request.headers["close-sig-timestamp"].encode() + request.body
    wrong = {**request.headers, "close-sig-hash": hmac.new(key.encode(), message, "sha256").hexdigest()}
    assert post(web_of(bridge, CLOSE.mapping()), replace(request, headers=wrong)).status_code == 401


CLOSE_EVENT = json.loads(CLOSE.request.body)["event"]


def test_a_merge_of_leads_in_close_joins_the_lead_that_went() -> None:
    meta = {"merge_source_lead_id": "lead_went", "merge_destination_lead_id": "lead_left"}
    merge = CLOSE_EVENT | {"object_type": "lead", "action": "merged", "lead_id": "lead_left", "meta": meta}
    event = the_one(CLOSE, {"event": merge})
    assert (event.type, event.record_id, event.merged) == ("lead.merged", "lead_left", ("lead_went",))
    assert the_one(CLOSE, {"event": merge | {"action": "updated"}}).merged == ()


def test_a_deletion_in_close_has_no_record() -> None:
    gone = CLOSE_EVENT | {"action": "deleted", "data": None, "previous_data": None, "changed_fields": None}
    event = the_one(CLOSE, {"event": gone})
    assert (event.type, event.record, event.previous, event.changed) == ("contact.deleted", {}, {}, ())


def test_the_values_before_stand_beside_those_of_now() -> None:
    assert [
        (the_one(shown, {}).previous, list(the_one(shown, {}).changed)) for shown in (CLOSE, SUGARCRM, SERVICENOW)
    ] == [
        ({"title": None, "phones": []}, ["phones", "title"]),
        ({"email1": "a@example.com"}, ["email1"]),
        ({"title": ""}, ["title"]),
    ]


def test_the_same_change_in_another_message_of_attio_is_another_event(bridge: Bridge) -> None:
    web, request = web_of(bridge, ATTIO.mapping()), ATTIO.request
    for key in ("one", "one", "two"):
        post(web, replace(request, headers={**request.headers, "idempotency-key": key}))
    assert [event["dedup_key"] for event in kept(bridge)] == ["one:0", "one:1", "two:0", "two:1"]


def test_a_merge_in_attio_joins_the_duplicate() -> None:
    _, merged = read(ATTIO.mapping().source, ATTIO.request)
    assert merged.merged == ("3405be95-8375-46a0-bde0-03b3753f8c79",)


def test_an_entry_of_a_list_in_attio_belongs_to_its_record() -> None:
    entry = {"event_type": "list-entry.created", "id": {"workspace_id": "w", "entry_id": "e"}, "parent_record_id": "r"}
    assert the_one(ATTIO, {"events": [entry]}).record_id == "r"
    assert the_one(ATTIO, {"events": [{"event_type": "task.created", "id": {"task_id": "t"}}]}).record_id == "t"


def test_copper_may_prove_itself_by_a_header_instead(bridge: Bridge) -> None:
    by_header = replace(COPPER, secrets={"header_key": "body_secret"}).mapping()
    key = ENTRIES[COPPER.sample]["secrets"]["body_secret"]
    web, request = web_of(bridge, by_header), with_members(COPPER.request, {"secret": "another"})
    assert post(web, request).status_code == 401
    assert post(web, replace(request, headers={"x-bridge-key": key})).status_code == 200


@pytest.mark.parametrize("updated", [{"updated_attributes": []}, {"updated_attributes": None}])
def test_a_notification_of_copper_without_changes_is_an_event_too(updated: dict[str, Any]) -> None:
    event = the_one(COPPER, {"ids": [5], "type": "opportunity", "event": "new", **updated})
    assert (event.type, event.record_id, event.record, event.changed) == ("opportunity.new", "opportunity:5", {}, ())


@pytest.mark.parametrize(
    ("body", "kind_of", "record_id"),
    [
        (b"seriesid=12&contact%5Bid%5D=5", "automation", "5"),
        (b"type=deal_update&deal[id]=5&contact[id]=6", "deal_update", "deal:5"),
    ],
)
def test_a_deal_of_activecampaign_is_never_taken_for_a_contact(body: bytes, kind_of: str, record_id: str) -> None:
    (event,) = read(ACTIVECAMPAIGN.mapping().source, replace(ACTIVECAMPAIGN.request, body=body))
    assert (event.type, event.record_id, event.problem) == (kind_of, record_id, None)


def test_the_fields_of_activecampaign_are_found_by_their_numbers() -> None:
    (event,) = read(ACTIVECAMPAIGN.mapping().source, ACTIVECAMPAIGN.request)
    assert event.record["fields"] == {"3": "gold", "7": ""}


@pytest.mark.parametrize(
    ("members", "happened"),
    [
        ({"isUpdate": "1", "change_type": "after_save"}, "Contact.updated"),
        ({"isUpdate": False}, "Contact.created"),
        ({"isUpdate": False, "change_type": "after_delete"}, "Contact.deleted"),
        ({"change_type": "after_relationship_add"}, "Contact.after_relationship_add"),
    ],
)
def test_what_happened_in_sugarcrm_is_told_by_its_hook(members: dict[str, Any], happened: str) -> None:
    assert the_one(SUGARCRM, members).type == happened


@pytest.mark.parametrize(
    ("changes", "previous"),
    [({"email1": {"before": "a", "after": "b"}}, {"email1": "a"}), ([], {}), ({}, {})],
    ids=["a map", "an empty list", "an empty map"],
)
def test_the_changes_of_sugarcrm_may_be_a_map_or_a_list(changes: Any, previous: dict[str, Any]) -> None:
    event = the_one(SUGARCRM, {"dataChanges": changes})
    assert (event.previous, list(event.changed)) == (previous, list(previous))


def test_a_deletion_in_servicenow_is_another_event_than_the_last_update() -> None:
    update, deletion = the_one(SERVICENOW, {}), the_one(SERVICENOW, {"operation": "delete"})
    assert (update.sequence, deletion.sequence) == (7, 7)
    assert update.dedup_key != deletion.dedup_key


def test_a_script_in_servicenow_may_leave_the_record_flat_and_the_count_out() -> None:
    flat = {"table": "customer_contact", "operation": "insert", "sys_id": "46d4", "email": "ines@example.org"}
    (event,) = read(SERVICENOW.mapping().source, replace(SERVICENOW.request, body=json.dumps(flat).encode()))
    assert (event.record["email"], event.sequence) == ("ines@example.org", None)
    assert event.dedup_key.startswith("sha256:")
    assert event.dedup_window


@pytest.mark.parametrize(
    ("secret", "headers"),
    [("api_key", {"x-api-key": "sn-basic-pässword-41"}), ("token", {"authorization": "bearer sn-basic-pässword-41"})],
)
def test_servicenow_may_prove_itself_in_other_ways(bridge: Bridge, secret: str, headers: dict[str, str]) -> None:
    web = web_of(bridge, replace(SERVICENOW, secrets={secret: "password"}).mapping())
    assert post(web, SERVICENOW.request).status_code == 401
    assert post(web, replace(SERVICENOW.request, headers=headers)).status_code == 200
