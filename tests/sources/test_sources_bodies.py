"""Bodies of every format -> plain data, and plain data -> events."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import Unreadable
from bridge.model import Event, EventState, Json
from bridge.sources.parse import parse
from bridge.sources.plain import plain
from bridge.sources.read import HASH_WINDOW, read
from bridge.sources.source import Reading
from tests.sources.recorded import INDEX, posted, problems_of, received, source
from tests.sources.test_sources_proofs import SAMPLES, source_for
from tests.words import NOON

FORM = Reading(format="form")
CLOUD = Reading(format="cloudevents")
BINARY = {"ce-specversion": "1.0", "ce-type": "a.b", "ce-source": "/crm", "ce-id": "1"}


@pytest.mark.parametrize(
    ("body", "data"),
    [
        ("type=update&contact[id]=7&contact[email]=a%40b", {"type": "update", "contact": {"id": "7", "email": "a@b"}}),
        ("contact%5Bid%5D=7", {"contact": {"id": "7"}}),
        ("contact[tags][]=a&contact[tags][]=b", {"contact": {"tags": ["a", "b"]}}),
        ("contact[fields][3]=x&contact[fields][12]=y", {"contact": {"fields": {"3": "x", "12": "y"}}}),
        ("rows[][id]=1&rows[][id]=2", {"rows": [{"id": "1"}, {"id": "2"}]}),
        ("a=1&a=2&a=3", {"a": ["1", "2", "3"]}),
        ("a[b]=1&a[b]=2", {"a": {"b": ["1", "2"]}}),
        ("a=&b", {"a": "", "b": ""}),
        ("name=In%C3%AAs+M", {"name": "Inês M"}),
        ("a[=1&]b=2&a[b]c=3&[x]=4", {"a[": "1", "]b": "2", "a[b]c": "3", "[x]": "4"}),
        ("constructor[__proto__]=1", {"constructor": {"__proto__": "1"}}),
    ],
)
def test_a_form_becomes_maps_and_lists(body: str, data: Json) -> None:
    assert parse(posted(body), FORM) == data


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("", "the body is empty"),
        ("a=%FF", "not a form in UTF-8"),
        (b"a=\xff", "not a form in UTF-8"),
        ("a=1&a[b]=2", "both a value and members"),
        ("a[b]=1&a=2", "both a value and members"),
        ("a[]=1&a[b]=2", "both a value and members"),
        ("a[b]=1&a[]=2", "both a value and members"),
        ("a" + "[b]" * 60 + "=1", "more than 50 brackets"),
        ("a&" * 20_001, "more than 20000 fields"),
    ],
)
def test_a_form_that_cannot_be_read_says_why(body: str | bytes, problem: str) -> None:
    with pytest.raises(Unreadable, match=problem):
        parse(posted(body), FORM)


def test_a_field_of_a_form_may_hold_it_all_as_json() -> None:
    reading = Reading(format="form", json_field="payload")
    assert parse(posted("payload=" + quote_plus('{"id": 90071992547409931, "a+b": "ü"}')), reading) == {
        "id": 90071992547409931,
        "a+b": "ü",
    }
    assert parse(posted("token=x&text=hi"), reading) == {"token": "x", "text": "hi"}
    with pytest.raises(Unreadable, match="not JSON"):
        parse(posted("payload={"), reading)


@pytest.mark.parametrize(
    ("content_type", "body", "data"),
    [
        ("application/json; charset=utf-8", '{"a": 1}', {"a": 1}),
        ("application/vnd.api+json", '{"a": 1}', {"a": 1}),
        ("", '{"a": 1}', {"a": 1}),
        ("text/plain", '{"a": 1}', {"a": 1}),
        ("application/xml", "<r><a>1</a></r>", {"r": {"a": "1"}}),
        ("text/xml; charset=utf-8", "<r><a>1</a></r>", {"r": {"a": "1"}}),
        ("application/soap+xml", "<r><a>1</a></r>", {"r": {"a": "1"}}),
        ("Application/X-WWW-Form-urlencoded", "a=1", {"a": "1"}),
    ],
)
def test_the_content_type_may_say_how_to_read(content_type: str, body: str, data: Json) -> None:
    assert parse(posted(body, {"content-type": content_type}), Reading(format="auto")) == data


EVENT = {"specversion": "1.0", "type": "a.b", "source": "/crm", "id": "1"}
STRUCTURED = {"content-type": "application/cloudevents+json; charset=utf-8"}
BATCHED = {"content-type": "application/cloudevents-batch+json"}


@pytest.mark.parametrize(
    ("headers", "body", "data"),
    [
        (STRUCTURED, json.dumps(EVENT | {"data": {"id": 7}}), EVENT | {"data": {"id": 7}}),
        (STRUCTURED, json.dumps(EVENT | {"subject": None, "data": None}), EVENT | {"data": None}),
        (STRUCTURED, json.dumps(EVENT | {"data_base64": "eyJpZCI6N30="}), EVENT | {"data": {"id": 7}}),
        (
            STRUCTURED,
            json.dumps(EVENT | {"datacontenttype": "text/plain", "data_base64": "aGk="}),
            EVENT | {"datacontenttype": "text/plain", "data": "hi"},
        ),
        (
            STRUCTURED,
            json.dumps(EVENT | {"datacontenttype": "image/png", "data_base64": "/w=="}),
            EVENT | {"datacontenttype": "image/png", "data_base64": "/w=="},
        ),
        (BATCHED, "[]", []),
        (BATCHED, json.dumps([EVENT | {"subject": None}, EVENT, 5]), [EVENT, EVENT, 5]),
        (
            {**BINARY, "content-type": "application/json"},
            '{"id": 7}',
            EVENT | {"datacontenttype": "application/json", "data": {"id": 7}},
        ),
        (BINARY, "", EVENT),
        (
            {**BINARY, "ce-subject": "Euro%20%E2%82%AC%20%F0%9F%98%80"},
            '{"id": 7}',
            EVENT | {"subject": "Euro € 😀", "data": {"id": 7}},
        ),
        ({**BINARY, "ce-subject": '"a \\"b\\" %2520"'}, "", EVENT | {"subject": 'a "b" %20'}),
        ({**BINARY, "ce-subject": "Inês".encode().decode("latin-1")}, "", EVENT | {"subject": "Inês"}),
    ],
)
def test_a_cloud_event_is_the_same_in_every_mode(headers: dict[str, str], body: str, data: Json) -> None:
    assert parse(posted(body, headers), CLOUD) == data


@pytest.mark.parametrize(
    ("headers", "body", "problem"),
    [
        ({}, "{}", "neither CloudEvents headers nor"),
        ({"content-type": "application/cloudevents+avro"}, "x", "format other than JSON"),
        (BATCHED, "{}", "the batch is not a list"),
        (STRUCTURED, json.dumps(EVENT | {"data_base64": "*"}), "data_base64 is not base64"),
        ({**BINARY, "ce-subject": "%FF"}, "", "not UTF-8 in percent codes"),
        ({**BINARY, "ce-subject": "ключ"}, "", "not UTF-8 in percent codes"),
        ({**BINARY, "content-type": "application/json"}, "{", "not JSON"),
    ],
)
def test_what_is_no_cloud_event_says_why(headers: dict[str, str], body: str, problem: str) -> None:
    with pytest.raises(Unreadable, match=problem):
        parse(posted(body, headers), CLOUD)


@pytest.mark.parametrize("reading", [FORM, CLOUD, Reading(format="auto"), Reading(format="form", json_field="p")])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/cloudevents", "text/xml", "x"])
@settings(deadline=None)
@given(body=st.binary() | st.text(alphabet="a[]=&p{}%7B+1").map(str.encode), subject=st.text())
def test_any_bytes_are_read_or_unreadable(reading: Reading, kind: str, body: bytes, subject: str) -> None:
    with suppress(Unreadable):
        parse(posted(body, {"content-type": kind, "ce-subject": subject}), reading)


@pytest.mark.parametrize(
    ("kinds", "data", "found"),
    [
        (["key_value"], [{"key": "a", "value": [{"key": "b", "value": 1}]}], {"a": {"b": 1}}),
        (["key_value"], [{"key": "a", "value": 1, "more": 2}], [{"key": "a", "value": 1, "more": 2}]),
        (["key_value"], [], []),
        (["key_value"], [{"key": 5, "value": 1}], [{"key": 5, "value": 1}]),
        (["dynamics"], {"__type": "OptionSetValue:http://x", "Value": 2}, 2),
        (["dynamics"], [{"__type": "OptionSetValue:x", "Value": 2}, {"__type": "OptionSetValue:", "Value": 3}], [2, 3]),
        (["dynamics"], {"__type": "Money:http://x", "Value": 2500.5}, 2500.5),
        (["dynamics"], {"__type": "EntityReference:x", "Id": "i", "LogicalName": "account", "Name": None}, "i"),
        (
            ["dynamics"],
            {"__type": "EntityCollection:x", "EntityName": "a", "Entities": [{"Attributes": [], "Id": "i"}]},
            [{"Attributes": {}, "Id": "i"}],
        ),
        (["dynamics"], {"__type": "Money:http://x"}, {"__type": "Money:http://x"}),
        (["dynamics"], {"PreEntityImages": [], "Other": []}, {"PreEntityImages": {}, "Other": []}),
        (["dynamics"], {"at": "/Date(1778578197000-0700)/"}, {"at": "2026-05-12T09:29:57Z"}),
        (["dates"], ["/Date(1778578197123)/", "/Date(x)/", 5], ["2026-05-12T09:29:57.123Z", "/Date(x)/", 5]),
        (["dates"], "/Date(999999999999999999)/", "/Date(999999999999999999)/"),
        ([], {"__type": "Money:x", "Value": 1}, {"__type": "Money:x", "Value": 1}),
    ],
)  # fmt: skip
def test_wrapped_values_become_plain(kinds: list[str], data: Json, found: Json) -> None:
    assert plain(data, kinds) == found


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_crm_written_out_in_yaml_gives_the_events_that_its_index_names(sample: str) -> None:
    (event,) = read(source_for(sample), received(sample))
    wanted = INDEX[sample]["events"][0]
    assert (event.problem, event.type, event.record_id, event.crm_id, event.dedup_window) == (
        None,
        wanted["event_type"],
        wanted["record_id"],
        wanted["event_id"],
        None,
    )
    assert abs(event.occurred_at - NOON) < timedelta(seconds=5)


def test_a_record_of_dynamics_has_plain_values_and_only_its_changes() -> None:
    (event,) = read(source_for("dynamics/contact-update.json"), received("dynamics/contact-update.json"))
    assert event.record == {
        "emailaddress1": "ines@example.org",
        "preferredcontactmethodcode": 2,
        "jobtitle": None,
        "modifiedon": "2026-05-12T09:29:57Z",
        "modifiedby": "af7e4a2f-4e8f-5385-8014-13264bbffcec",
        "contactid": "a296faf9-2a1e-5fd9-bd1f-40fc4bc32a2f",
    }
    assert event.previous["emailaddress1"] == "ines.marques@example.com"
    assert tuple(event.changed) == tuple(event.record)


FULL = """
  name: mine
  secrets: {s: x}
  verify: {static: {secret: s, header: A}}
  read: {format: json}
  event: {type: "{{ item.type | default('t') }}", record_id: "{{ each | default(item.id) }}"}
"""


def events_of(old: str, new: str, data: Any, headers: dict[str, str] | None = None) -> tuple[Event, ...]:
    return read(source(FULL.replace(old, new)), posted(json.dumps(data), headers))


ZOHO = "read: {format: json, fan_out: ids}"
PAYLOAD = {"module": "Contacts", "ids": ["1", "2", 3], "token": "t"}


def test_a_list_of_ids_makes_one_event_each_and_each_keeps_only_its_own() -> None:
    found = events_of("read: {format: json}", ZOHO, PAYLOAD)
    assert [event.record_id for event in found] == ["1", "2", "3"]
    assert [event.body["ids"] for event in found] == [["1"], ["2"], [3]]
    assert len({event.dedup_key for event in found}) == 3


def test_a_list_to_fan_out_may_stand_deeper_and_hold_objects() -> None:
    yaml = FULL.replace("format: json", "format: json, fan_out: data.keys").replace(
        "each | default(item.id)", "each.id"
    )
    body = '[{"data": {"keys": [{"id": 1}, {"id": 2}], "x": 1}}, {"data": {"keys": {"id": 3}}}]'
    found = read(source(yaml), posted(body))
    assert [(event.record_id, event.body["data"].get("x")) for event in found] == [("1", 1), ("2", 1), ("3", None)]


@pytest.mark.parametrize(
    ("data", "states"), [({"ids": []}, []), ({}, ["unreadable"]), ([5, {"ids": [1]}], ["unreadable", "new"])]
)
def test_an_empty_list_is_no_event_and_a_missing_one_is_told(data: Any, states: list[str]) -> None:
    assert [str(event.state) for event in events_of("read: {format: json}", ZOHO, data)] == states


def test_the_place_of_an_event_and_headers_may_stand_in_its_key() -> None:
    found = events_of(
        "event: {",
        "event: {dedup_key: \"{{ headers['idempotency-key'] }}:{{ index }}\", ",
        [{"id": 1}, {"id": 2}],
        {"idempotency-key": "k"},
    )
    assert [event.dedup_key for event in found] == ["k:0", "k:1"]


def test_what_a_source_skips_is_no_event() -> None:
    found = events_of(
        "event: {",
        "event: {skip: \"{{ item.type | default('') == 'ping' }}\", ",
        [{"type": "ping"}, {"id": 1}, {"type": 5, "id": 2}],
    )
    assert [event.record_id for event in found] == ["1", "2"]


def test_a_key_of_several_parts_may_be_longer_than_a_database_takes() -> None:
    found = events_of(
        "event: {",
        'event: {dedup_key: "{{ item.from }}:{{ item.id }}", ',
        [{"id": part, "from": "/crm" * 100} for part in ("1", "2", "1")],
    )
    assert [event.problem for event in found] == [None, None, None]
    one, other, same = [event.dedup_key for event in found]
    assert one == same != other
    assert max(len(one), len(other)) <= 255
    assert found[0].dedup_window is None


@pytest.mark.parametrize(
    ("written", "window"),
    [
        ("", HASH_WINDOW),
        ("dedup_window: 2d, ", timedelta(days=2)),
        ('id: "{{ item.eid }}", ', None),
        ('id: "{{ item.eid }}", dedup_window: 6h, ', timedelta(hours=6)),
        ('dedup_key: "{{ item.eid }}", ', None),
        ('id: "{{ item.nothing }}", ', HASH_WINDOW),
    ],
)
def test_a_true_id_is_known_for_ever_and_a_hash_for_a_day(written: str, window: timedelta | None) -> None:
    (event,) = events_of("event: {", "event: {" + written, {"id": 1, "eid": "e1"})
    assert event.dedup_window == window
    assert event.dedup_key.startswith("sha256:") == ("item.eid" not in written)


def test_the_hash_tells_types_and_tenants_apart() -> None:
    yaml = FULL.replace("item.type | default('t')", "headers['topic']").replace(
        "event: {", 'event: {tenant: "{{ headers.shop }}", '
    )
    keys = {
        read(source(yaml), posted('{"id": 1}', {"topic": topic, "shop": shop}))[0].dedup_key
        for topic in ("create", "update")
        for shop in ("a", "b")
    }
    assert len(keys) == 4


@pytest.mark.parametrize(
    ("written", "value", "at"),
    [
        ("zone: utc", "2026-05-12 09:30:00", NOON),
        ("zone: Europe/Lisbon", "2026-05-12T10:30:00", NOON),
        ("zone: UTC", "2026-05-12T11:30:00+02:00", NOON),
        ("zone: UTC", "2026-05-12", NOON.replace(hour=0, minute=0)),
        ("time: s", 1778578200.417, NOON + timedelta(milliseconds=417)),
        ("time: dotnet", "/Date(1778578200000+0200)/", NOON),
        ("time: any", "/Date(1778578200000)/", NOON),
        ("time: any, zone: utc", "2026-05-12T09:30:00.123456789", datetime(2026, 5, 12, 9, 30, 0, 123456, tzinfo=UTC)),
        ("time: iso8601", "2026-05-12T09:30:00.88173002Z", datetime(2026, 5, 12, 9, 30, 0, 881730, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_as_its_source_says(written: str, value: Any, at: datetime) -> None:
    (event,) = events_of("event: {", f'event: {{occurred_at: "{{{{ item.at }}}}", {written}, ', {"id": 1, "at": value})
    assert (event.problem, event.occurred_at) == (None, at)


@pytest.mark.parametrize(("written", "value"), [("time: iso8601", "2026-05-12 09:30:00"), ("time: dotnet", 1778578200)])
def test_a_time_that_is_not_written_so_makes_an_event_unreadable(written: str, value: Any) -> None:
    (event,) = events_of("event: {", f'event: {{occurred_at: "{{{{ item.at }}}}", {written}, ', {"id": 1, "at": value})
    assert event.state is EventState.UNREADABLE


@pytest.mark.parametrize(
    ("member", "value", "found"),
    [
        ("merged", ["1", 2], ("1", "2")),
        ("merged", "5", ("5",)),
        ("merged", None, ()),
        ("merged", [None, ""], ()),
        ("sequence", "17", 17),
        ("sequence", 17, 17),
        ("sequence", None, None),
        ("sequence", "", None),
    ],
)
def test_merged_records_and_a_count_of_changes_are_read(member: str, value: Any, found: Any) -> None:
    (event,) = events_of("event: {", f'event: {{{member}: "{{{{ item.v }}}}", ', {"id": 1, "v": value})
    assert (event.problem, getattr(event, member)) == (None, found)


@pytest.mark.parametrize(
    ("member", "value"),
    [("merged", [{}]), ("sequence", "x"), ("sequence", 2.5), ("sequence", "9" * 19), ("sequence", True)],
)
def test_what_is_no_id_and_no_count_makes_an_event_unreadable(member: str, value: Any) -> None:
    (event,) = events_of("event: {", f'event: {{{member}: "{{{{ item.v }}}}", ', {"id": 1, "v": value})
    assert (event.problem or "").startswith(f"event.{member} is ")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("format: json", "format: json, json_field: a", "read.json_field: is a field of a form"),
        ("format: json", "format: json, plain: [dynamic]", "'dynamic' is not known, did you mean 'dynamics'?"),
        ("format: json", "format: json, fan_out: a..b", "read.fan_out: has two dots"),
        ("event: {", "event: {zone: Europe/Lissabon, ", "event.zone: is no time zone that this machine knows"),
        ("event: {", "event: {zone: ../UTC, ", "event.zone: is no time zone that this machine knows"),
        ("event: {", "event: {dedup_window: 2 days, ", "event.dedup_window: is not a length of time"),
        ("event: {", 'event: {skip: "{{ record.a }}", ', "event.skip: "),
    ],
)
def test_a_mistake_in_reading_is_told(old: str, new: str, problem: str) -> None:
    _, problems = problems_of(FULL.replace(old, new))
    assert any(problem in str(each) for each in problems), [str(each) for each in problems]
