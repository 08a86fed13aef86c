"""What becomes of a verified body: events in the CRM's words, or a reason why not."""

import gzip
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import Unreadable
from bridge.model import Event, EventState
from bridge.sources.moments import moment
from bridge.sources.read import read
from tests.sources.recorded import ALL, BATCH, ENCODED_URL, INDEX, LEAD, SAMPLES, SOAP, posted, received, source_of
from tests.words import NOON

ENVELOPE = (SAMPLES / SOAP).read_text(encoding="utf-8")
HUBSPOT: dict[str, Any] = json.loads((SAMPLES / BATCH).read_bytes())[1]


def read_json(sample: str, data: Any) -> tuple[Event, ...]:
    return read(source_of(sample), posted(json.dumps(data)))


@pytest.mark.parametrize("sample", ALL)
def test_a_recorded_request_gives_the_events_that_its_index_names(sample: str) -> None:
    events = read(source_of(sample), received(sample))
    assert [(event.type, event.record_id, event.crm_id, event.occurred_at) for event in events] == [
        (wanted["event_type"], wanted["record_id"], wanted["event_id"], moment(wanted["occurred_at"], "any"))
        for wanted in INDEX[sample]["events"]
    ]
    assert {event.state for event in events} == {EventState.NEW}
    assert {event.received_at for event in events} == {NOON}


def test_hubspot_sends_one_property_at_a_time() -> None:
    created, changed, deleted = read(source_of(BATCH), received(BATCH))
    assert (changed.record, changed.changed) == ({"lifecyclestage": "salesqualifiedlead"}, ("lifecyclestage",))
    assert (created.record, created.changed, deleted.record) == ({}, (), {})
    assert (changed.tenant, changed.body["isSensitive"]) == ("48219930", False)
    assert changed.occurred_at == datetime(2026, 5, 12, 9, 29, 56, 640_000, tzinfo=UTC)


def test_a_repetition_has_the_same_dedup_key_whatever_its_batch_and_attempt() -> None:
    (first,) = read_json(BATCH, [HUBSPOT])
    _, again = read_json(BATCH, [HUBSPOT | {"eventId": 1}, HUBSPOT | {"attemptNumber": 3}])
    assert again.dedup_key == first.dedup_key


@pytest.mark.parametrize("member", ["portalId", "subscriptionId", "eventId", "objectId", "occurredAt", "propertyName"])
def test_two_hubspot_events_differ_by_more_than_their_id(member: str) -> None:
    one, other = read_json(BATCH, [HUBSPOT, HUBSPOT | {member: 7 if member != "propertyName" else "score"}])
    assert one.dedup_key != other.dedup_key


@pytest.mark.parametrize(
    ("members", "type_", "record_id"),
    [
        ({"eventType": "contact.creation", "objectId": 1}, "contact.creation", "1"),
        ({"subscriptionType": "contact.merge", "primaryObjectId": 2, "mergedObjectIds": [3]}, "contact.merge", "2"),
        ({"subscriptionType": "contact.associationChange", "fromObjectId": 4}, "contact.associationChange", "4"),
        ({"subscriptionType": "object.creation", "objectId": 2**60 + 1}, "object.creation", str(2**60 + 1)),
    ],
)
def test_hubspot_names_its_record_in_several_ways(members: dict[str, Any], type_: str, record_id: str) -> None:
    (event,) = read_json(BATCH, [{"eventId": 1, "occurredAt": 1778578196012, **members}])
    assert (event.problem, event.type, event.record_id) == (None, type_, record_id)


def test_salesforce_members_come_without_namespace_and_nil_is_null() -> None:
    nil = '<sf:Phone xsi:nil="true"/><sf:Fax/></sObject>'
    first, _ = read(source_of(SOAP), received(SOAP, body=ENVELOPE.replace("</sObject>", nil).encode()))
    assert first.record == {
        "Id": "0035w0000001g6qAAA",
        "AccountId": "0015w0000001G3xAAE",
        "Email": "ines.marques@example.com",
        "FirstName": "Inês",
        "LastModifiedDate": "2026-05-12T09:29:29.000Z",
        "LastName": "Marques & Filhos",
        "MailingCity": "Évora",
        "Phone": None,
        "Fax": "",
    }
    assert (first.tenant, first.body["ActionId"]) == ("00D5w0000002Ao5EAE", "04k5w000000020NAAQ")


@pytest.mark.parametrize("count", [1, 2, 3, 100])
def test_each_notification_is_an_event(count: int) -> None:
    start, end = ENVELOPE.index("<Notification>"), ENVELOPE.index("</Notification>") + len("</Notification>")
    last = ENVELOPE.rindex("</Notification>") + len("</Notification>")
    body = ENVELOPE[:start] + ENVELOPE[start:end] * count + ENVELOPE[last:]
    events = read(source_of(SOAP), received(SOAP, body=body.encode()))
    assert [event.crm_id for event in events] == ["04l5w0000003m9kAAA"] * count


@pytest.mark.parametrize("remains", ["", '<sObject xsi:type="sf:Contact"/>', '<sObject xsi:nil="true"/>'])
def test_a_notification_without_its_deleted_record_does_not_sink_the_others(remains: str) -> None:
    start, end = ENVELOPE.index("<sObject"), ENVELOPE.index("</sObject>") + len("</sObject>")
    empty, whole = read(source_of(SOAP), received(SOAP, body=(ENVELOPE[:start] + remains + ENVELOPE[end:]).encode()))
    assert (empty.state, whole.state) == (EventState.UNREADABLE, EventState.NEW)
    assert (empty.body["Id"], whole.record_id) == ("04l5w0000003m9kAAA", "0035w0000001g6rAAA")


@pytest.mark.parametrize(
    ("old", "new", "occurred_at"),
    [
        ("LastModifiedDate", "SystemModstamp", datetime(2026, 5, 12, 9, 29, 29, tzinfo=UTC)),
        ("LastModifiedDate", "Other", NOON),
    ],
)
def test_salesforce_times_are_those_that_its_administrator_chose(old: str, new: str, occurred_at: datetime) -> None:
    event, _ = read(source_of(SOAP), received(SOAP, body=ENVELOPE.replace(old, new).encode()))
    assert event.occurred_at == occurred_at


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "utf-16"])
def test_xml_is_read_in_its_declared_encoding(encoding: str) -> None:
    body = ENVELOPE.replace("UTF-8", encoding).encode(encoding, "xmlcharrefreplace")
    first, second = read(source_of(SOAP), received(SOAP, body=body))
    assert (first.record["FirstName"], second.record["MailingCity"]) == ("Inês", "Tromsø")


@pytest.mark.parametrize(
    ("data", "record", "record_id", "crm_id"),
    [
        ({"event": "lead.created", "id": "e1", "lead": {"id": 7}}, {"id": 7}, "7", "e1"),
        ({"type": "lead.created", "id": "e1", "data": {"id": 7}}, {"id": 7}, "7", "e1"),
        ({"type": "lead.created", "id": "e1", "record": {"id": "7"}, "lead": 5}, {"id": "7"}, "7", "e1"),
        ({"type": "lead", "event_id": 9, "id": 7}, {"type": "lead", "event_id": 9, "id": 7}, "7", "9"),
        ({"type": "lead", "record_id": 7, "data": {}}, {}, "7", ""),
    ],
)
def test_generic_json_may_be_shaped_in_several_ways(
    data: dict[str, Any], record: dict[str, Any], record_id: str, crm_id: str
) -> None:
    (event,) = read_json(LEAD, data)
    assert (event.problem, event.record, event.record_id, event.crm_id) == (None, record, record_id, crm_id)
    assert event.occurred_at == NOON


def test_the_id_of_a_bare_record_does_not_make_two_changes_of_it_one() -> None:
    one, other, again = read_json(LEAD, [{"type": "lead", "id": 7, "name": name} for name in ("Ann", "Bea", "Ann")])
    assert one.dedup_key == again.dedup_key != other.dedup_key


@pytest.mark.parametrize("at", [1778578196, 1778578196000, "2026-05-12T09:29:56Z", "2026-05-12T11:29:56.000+02:00"])
def test_generic_times_may_be_numbers_or_text(at: Any) -> None:
    (event,) = read_json(LEAD, {"type": "lead", "id": 7, "timestamp": at})
    assert event.occurred_at == datetime(2026, 5, 12, 9, 29, 56, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"objectId": None}, "event.record_id is empty"),
        ({"objectId": ""}, "event.record_id is empty"),
        ({"objectId": True}, "event.record_id is neither text nor a whole number"),
        ({"objectId": [1]}, "event.record_id is neither text nor a whole number"),
        ({"objectId": "9" * 256}, "event.record_id is longer than 255 characters"),
        ({"subscriptionType": {}}, "event.type is neither text nor a whole number"),
        ({"occurredAt": "soon"}, "event.occurred_at is not a number"),
        ({"occurredAt": 10**17}, "event.occurred_at is out of range"),
        ({"occurredAt": True}, "event.occurred_at is not a number"),
        ({"propertyName": [1]}, "event.record"),
        ({"propertyName": None, "propertyValue": None}, "event."),
    ],
)
def test_one_bad_item_does_not_sink_the_others(change: dict[str, Any], problem: str) -> None:
    bad, good = read_json(BATCH, [HUBSPOT | change, HUBSPOT])
    assert good.state is EventState.NEW
    assert bad.state is EventState.UNREADABLE
    assert (bad.problem or "").startswith(problem)
    assert bad.body == HUBSPOT | change
    assert bad.occurred_at == NOON


@pytest.mark.parametrize("change", [{"changed": "name"}, {"changed": [1]}, {"previous": []}, {"data": "text"}])
def test_parts_of_the_wrong_kind_make_an_event_unreadable(change: dict[str, Any]) -> None:
    (event,) = read_json(LEAD, {"type": "lead", "id": 7, **change})
    assert event.state is EventState.UNREADABLE


def test_a_missing_member_is_named_in_the_problem() -> None:
    (event,) = read_json(BATCH, [{"subscriptionType": "contact.creation"}])
    assert "event.record_id" in (event.problem or "")
    assert "item.fromObjectId is missing" in (event.problem or "")


@pytest.mark.parametrize("item", [1, "text", None, [], True])
def test_an_item_that_is_no_object_is_kept_as_unreadable(item: Any) -> None:
    event, again = read_json(BATCH, [item, item])
    assert (event.state, event.problem, event.body) == (EventState.UNREADABLE, "the event is not an object", item)
    assert event.dedup_key == again.dedup_key


def test_an_empty_list_holds_no_events() -> None:
    assert read_json(BATCH, []) == ()


NESTED = "[" * 150 + "]" * 150
BOMB = '<!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY c "&a;&a;&a;&a;">]><b>&c;</b>'
FILE = '<!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/hostname">]><b>&a;</b>'


@pytest.mark.parametrize(
    ("sample", "body", "problem"),
    [
        (BATCH, b"", "the body is empty"),
        (BATCH, b"[{", "not JSON: line 1, column 3"),
        (BATCH, b"\xff[]", "not UTF-8"),
        (BATCH, gzip.compress(b"[]", mtime=0), "compressed with gzip; have the sender send it as it is"),
        (BATCH, b"[NaN]", "NaN, Infinity or a number too large"),
        (BATCH, b"[-Infinity]", "NaN, Infinity or a number too large"),
        (BATCH, b"[1e999]", "NaN, Infinity or a number too large"),
        (BATCH, b"[" + b"9" * 5000 + b"]", "NaN, Infinity or a number too large"),
        (BATCH, NESTED.encode(), "more than 100 levels"),
        (BATCH, b"[" * 100_000, "more than 100 levels"),
        (BATCH, b"5", "neither an object nor a list"),
        (SOAP, b"<a/>", "no Envelope.Body.notifications"),
        (SOAP, b"<a>", "not XML: line 1, column 3"),
        (SOAP, b"[]", "not XML"),
        (SOAP, BOMB.encode(), "a DTD, an entity or an unknown encoding"),
        (SOAP, FILE.encode(), "a DTD, an entity or an unknown encoding"),
        (SOAP, b'<?xml version="1.0" encoding="none-such"?><a/>', "a DTD, an entity or an unknown encoding"),
        (SOAP, b'<?xml version="1.0" encoding="utf-7"?><a/>', "a DTD, an entity or an unknown encoding"),
        (SOAP, b"<a>" * 100_000 + b"</a>" * 100_000, "more than 100 levels"),
        (SOAP, ENVELOPE.replace("Notification>", "Other>").encode(), "the body has no Notification"),
    ],
)
def test_a_body_that_cannot_be_read_says_why(sample: str, body: bytes, problem: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(source_of(sample), posted(body))
    assert problem in str(caught.value)


@pytest.mark.parametrize("body", [b"\xef\xbb\xbf" + b"[]", b'{"a": 1, "a": 2}', b" [] "])
def test_json_is_taken_as_liberally_as_it_is_safe(body: bytes) -> None:
    read(source_of(BATCH), posted(body))


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
json_values = scalars | st.lists(scalars, max_size=2) | st.dictionaries(st.sampled_from(["id", "x"]), scalars)


@pytest.mark.parametrize("sample", [BATCH, LEAD])
@settings(deadline=None)
@given(
    data=json_values
    | st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys([*HUBSPOT, "type", "id"], json_values)), max_size=3)
)
def test_any_json_gives_events_or_says_why_not(sample: str, data: Any) -> None:
    try:
        events = read_json(sample, data)
    except Unreadable:
        assert not isinstance(data, list | dict)
    else:
        assert len(events) == (len(data) if isinstance(data, list) else 1)
        assert all(event.occurred_at.utcoffset() is not None and event.dedup_key for event in events)


@pytest.mark.parametrize("sample", [BATCH, SOAP])
@settings(deadline=None)
@given(body=st.binary() | st.text().map(str.encode))
def test_any_bytes_are_at_most_unreadable(sample: str, body: bytes) -> None:
    with suppress(Unreadable):
        assert all(event.dedup_key for event in read(source_of(sample), posted(body)))


def test_the_encoded_url_of_a_batch_changes_nothing_in_its_events() -> None:
    plain, encoded = (read(source_of(BATCH), received(sample)) for sample in (BATCH, ENCODED_URL))
    assert [event.dedup_key for event in plain] == [event.dedup_key for event in encoded]
