"""What becomes of an event: an outcome for each rule, with the deliveries that it asks for."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.mappings.rules import Mapping
from bridge.mappings.translate import Translation
from bridge.model import CookieName, Event, OnceKey, Outcome, OutcomeKind, Record, Stamp

MappingOf = Callable[..., Mapping]
EventOf = Callable[..., Event]
Translated = Callable[..., Translation]
OutcomeOf = Callable[..., Outcome]

NOW = datetime(2026, 5, 12, 9, 30, tzinfo=UTC)


def one(translation: Translation) -> Outcome:
    (outcome,) = translation.outcomes
    return outcome


def settings(outcome: Outcome) -> list[dict[str, Any]]:
    return [setting for delivery in outcome.deliveries if delivery.body for setting in delivery.body["settings"]]


def deletions(outcome: Outcome) -> list[dict[str, Any]]:
    return [dict(delivery.params) for delivery in outcome.deliveries if not delivery.body]


@pytest.fixture
def outcome_of(mapping_of: MappingOf, event_of: EventOf, translated: Translated) -> OutcomeOf:
    """What the only rule makes of an event with this record."""

    def outcome_of(rules: str, record: dict[str, Any] | None = None, **event: Any) -> Outcome:
        return one(translated(mapping_of(rules), event_of(record, **event)))

    return outcome_of


# A group of settings


@pytest.mark.parametrize(
    ("on_empty", "record", "made"),
    [
        ("delete", {"tier": "gold"}, ("translated", ["gold"], 0)),
        ("delete", {"tier": None}, ("translated", [], 1)),
        ("delete", {"tier": ""}, ("translated", [], 1)),
        ("delete", {}, ("rejected", [], 0)),
        ("skip", {"tier": "gold"}, ("translated", ["gold"], 0)),
        ("skip", {"tier": None}, ("ignored", [], 0)),
        ("skip", {"tier": ""}, ("ignored", [], 0)),
        ("skip", {}, ("rejected", [], 0)),
        ("write", {"tier": "gold"}, ("translated", ["gold"], 0)),
        ("write", {"tier": None}, ("translated", [""], 0)),
        ("write", {"tier": ""}, ("translated", [""], 0)),
        ("write", {}, ("rejected", [], 0)),
        ("error", {"tier": "gold"}, ("translated", ["gold"], 0)),
        ("error", {"tier": None}, ("rejected", [], 0)),
        ("error", {"tier": ""}, ("rejected", [], 0)),
        ("error", {}, ("rejected", [], 0)),
    ],
)
def test_missing_null_and_empty_are_three_cases(
    on_empty: str, record: dict[str, Any], made: tuple[str, list[str], int], outcome_of: OutcomeOf
) -> None:
    outcome = outcome_of(
        f'  - {{name: r, settings: [{{key: crm.t, content: "{{{{ record.tier }}}}", on_empty: {on_empty}}}]}}', record
    )
    written = [setting["content"] for setting in settings(outcome)]
    assert (outcome.kind, written, len(deletions(outcome))) == made


@pytest.mark.parametrize(
    ("value", "content"),
    [
        (True, "true"),
        (12345678901234567890, "12345678901234567890"),
        (71.5, "71.5"),
        (["a", 1], '["a",1]'),
        ({"a": None}, '{"a":null}'),
        (0, "0"),
        (False, "false"),
        ("  ", "  "),
    ],
)
def test_content_is_text(value: Any, content: str, outcome_of: OutcomeOf) -> None:
    assert (
        settings(outcome_of('  - {name: r, settings: [{key: crm.t, content: "{{ record.it }}"}]}', {"it": value}))[0][
            "content"
        ]
        == content
    )


def test_a_group_is_one_delivery_for_all_customers(
    mapping_of: MappingOf, event_of: EventOf, translated: Translated
) -> None:
    mapping = mapping_of(
        '  - {name: r, settings: [{key: crm.a, content: "{{ record.a }}"}, {key: crm.b, content: b, channel: web}]}',
        customer='["{{ record.phone }}", "{{ record.mail }}", "{{ event.record_id }}", "{{ record.phone }}"]',
    )
    event = event_of({"a": "x", "phone": "+12125550123", "mail": None}, id=40)
    outcome = one(translated(mapping, event))
    (delivery,) = outcome.deliveries
    assert [(each["customerId"], each["key"], each["channel"]) for each in settings(outcome)] == [
        ("+12125550123", "crm.a", "all"),
        ("+12125550123", "crm.b", "web"),
        ("7", "crm.a", "all"),
        ("7", "crm.b", "web"),
    ]
    assert delivery.operation == "contextCookies.upsertSettings"
    assert delivery.customers == ("+12125550123", "7")
    assert delivery.order_key == ""
    assert delivery.repeatable
    assert (delivery.event_id, delivery.rule, delivery.item) == (40, "r", 0)
    assert (delivery.mapping_version, delivery.changed_at) == (mapping.version, NOW)


def test_deletions_follow_the_write_and_each_has_one_channel_and_service(
    mapping_of: MappingOf, event_of: EventOf, translated: Translated
) -> None:
    mapping = mapping_of(
        "  - name: r\n    settings:\n"
        "      - {key: crm.a, content: null}\n"
        "      - {key: crm.b, content: null}\n"
        "      - {key: crm.c, content: null, channel: web}\n"
        "      - {key: crm.d, content: d}\n"
    )
    outcome = one(translated(mapping, event_of()))
    assert [delivery.item for delivery in outcome.deliveries] == [0, 1, 2]
    assert {delivery.order_key for delivery in outcome.deliveries} == {""}
    assert [setting["key"] for setting in settings(outcome)] == ["crm.d"]
    assert deletions(outcome) == [
        {"customer": "7", "channel": "all", "service": "", "key": "crm.a,crm.b"},
        {"customer": "7", "channel": "web", "service": "", "key": "crm.c"},
    ]
    assert [delivery.expires_at for delivery in outcome.deliveries[1:]] == [None, None]


@pytest.mark.parametrize(
    ("setting", "record", "reason"),
    [
        ('{key: "crm.{{ record.k }}", content: x}', {"k": "a,b"}, "settings[1]: the key holds a comma"),
        ('{key: "{{ record.k }}", content: x}', {"k": "tier"}, "settings[1]: the key does not begin with 'crm.'"),
        ('{key: crm.b, content: "{{ record.k }}"}', {"k": "x" * 4001}, "settings[1]: the content has 4001 characters"),
        ('{key: crm.b, content: x, channel: "{{ record.k }}"}', {"k": "fax"}, "settings[1]: the channel is not one of"),
        ('{key: crm.b, content: x, expires: "{{ record.k }}"}', {"k": "soon"}, "settings[1].expires: not a length"),
        ('{key: crm.b, content: x, expires: "{{ record.k }}"}', {"k": "366d"}, "longer than 365d"),
        ('{key: "{{ record.k }}", content: x}', {"k": None}, "settings[1].key: "),
        ('{key: crm.b, content: "{{ record.k.inner }}"}', {}, "settings[1].content: {{ record.k.inner }}: record.k"),
        ('{key: crm.b, content: x, when: "{{ record.k }}"}', {"k": "false"}, "settings[1].when: gives neither"),
        ('{key: "{{ record.k }}", content: x}', {"k": "crm.a"}, "two of the group have the same key"),
    ],
)
def test_one_mistake_in_a_group_rejects_all_of_it(
    setting: str, record: dict[str, Any], reason: str, outcome_of: OutcomeOf
) -> None:
    rules = f"  - name: r\n    settings:\n      - {{key: crm.a, content: fine}}\n      - {setting}\n"
    outcome = outcome_of(rules, record)
    assert (outcome.kind, outcome.deliveries) == (OutcomeKind.REJECTED, ())
    assert reason in outcome.reason


def test_more_settings_than_a_request_carries_are_rejected(
    mapping_of: MappingOf, event_of: EventOf, translated: Translated
) -> None:
    rows = "".join(f"      - {{key: crm.k{number}, content: x}}\n" for number in range(51))
    mapping = mapping_of(f"  - name: r\n    settings:\n{rows}", customer='[a, "{{ event.record_id }}"]')
    outcome = one(translated(mapping, event_of()))
    assert outcome.kind == OutcomeKind.REJECTED
    assert outcome.reason == (
        "settings: 102 are more than the 100 that one request may carry; split the rule into several"
    )


@pytest.mark.parametrize(
    ("expires", "occurred_at", "expires_on_time"),
    [
        ("expires: 7d", NOW, "2026-05-19T09:30:00.000Z"),
        ("expires: 7d", NOW - timedelta(days=6), "2026-05-13T09:30:00.000Z"),
        ("on_empty: delete", NOW, "2026-08-10T09:30:00.000Z"),
        ('expires: "{{ record.days }}d"', NOW, "2026-05-15T09:30:00.000Z"),
        # A CRM's clock that runs ahead gives no longer life than the longest.
        ("expires: 365d", NOW + timedelta(minutes=3), "2027-05-12T09:30:00.000Z"),
    ],
)
def test_a_setting_lives_from_the_time_of_the_change(
    expires: str, occurred_at: datetime, expires_on_time: str, outcome_of: OutcomeOf
) -> None:
    rules = f"  - {{name: r, settings: [{{key: crm.a, content: x, {expires}}}]}}"
    outcome = outcome_of(rules, {"days": 3}, occurred_at=occurred_at)
    assert settings(outcome)[0]["expiresOnTime"] == expires_on_time
    assert outcome.deliveries[0].expires_at == datetime.fromisoformat(expires_on_time)


def test_the_first_to_run_out_is_the_end_of_the_delivery(outcome_of: OutcomeOf) -> None:
    assert outcome_of(
        "  - {name: r, settings: [{key: crm.a, content: x}, {key: crm.b, content: y, expires: 1h}]}",
    ).deliveries[0].expires_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize(("age", "kind"), [(59, OutcomeKind.TRANSLATED), (60, OutcomeKind.REJECTED)])
def test_what_runs_out_within_a_minute_is_rejected(
    age: int, kind: OutcomeKind, mapping_of: MappingOf, event_of: EventOf, translated: Translated
) -> None:
    mapping = mapping_of("  - {name: r, settings: [{key: crm.a, content: x, expires: 61m}]}")
    event = event_of(occurred_at=NOW - timedelta(minutes=age, seconds=30))
    assert one(translated(mapping, event)).kind == kind


def test_an_old_event_still_deletes(outcome_of: OutcomeOf) -> None:
    outcome = outcome_of(
        "  - {name: r, settings: [{key: crm.a, content: null, expires: 1h}]}", occurred_at=NOW - timedelta(days=3)
    )
    assert deletions(outcome) == [{"customer": "7", "channel": "all", "service": "", "key": "crm.a"}]


# Conditions, customers, reasons


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, "translated"),
        (False, "ignored"),
        (None, "ignored"),
        ("", "ignored"),
        ("false", "rejected"),
        (1, "rejected"),
        ([], "rejected"),
    ],
)
def test_a_condition_is_true_or_false_and_never_guessed(value: Any, kind: str, outcome_of: OutcomeOf) -> None:
    assert (
        outcome_of('  - {name: r, when: "{{ record.it }}", settings: [{key: crm.a, content: x}]}', {"it": value}).kind
        == kind
    )


def test_without_a_customer_there_is_nothing_to_write(
    mapping_of: MappingOf, event_of: EventOf, translated: Translated
) -> None:
    mapping = mapping_of(
        "  - {name: r, settings: [{key: crm.a, content: x}]}", customer='["{{ record.a }}", "{{ record.b }}"]'
    )
    outcome = one(translated(mapping, event_of({"b": ""})))
    assert outcome.kind == OutcomeKind.IGNORED
    assert "no customer id yet" in outcome.reason


def test_a_customer_that_fails_rejects_only_what_needs_customers(
    mapping_of: MappingOf, event_of: EventOf, translated: Translated
) -> None:
    mapping = mapping_of(
        "  - {name: r, settings: [{key: crm.a, content: x}]}\n"
        '  - {name: insert, once: {per: "{{ event.id }}"}, fast_path:'
        ' {list: 1, layout: leads, fields: {"@ACCOUNT": a, "@NUMBER": b}}}\n',
        customer="[\"{{ record.phone | phone('US') | e164 }}\"]",
    )
    first, second = translated(mapping, event_of({"phone": "not-a-number"})).outcomes
    assert (first.kind, second.kind) == (OutcomeKind.REJECTED, OutcomeKind.TRANSLATED)
    assert first.reason.startswith("customer[0]: ")


def test_reasons_hold_no_values(mapping_of: MappingOf, event_of: EventOf, translated: Translated) -> None:
    mapping = mapping_of(
        '  - {name: a, settings: [{key: crm.a, content: x, channel: "{{ record.it }}"}]}\n'
        '  - {name: b, when: "{{ record.it }}", settings: [{key: crm.a, content: x}]}\n'
        '  - {name: c, once: {per: x}, fast_path: {list: 1, layout: leads, fields: {"@ACCOUNT": "{{ record.it }}",'
        ' "@NUMBER": "1"}}}\n'
        '  - {name: d, settings: [{key: crm.a, content: "{{ record.it | number }}"}]}\n'
        '  - {name: e, settings: [{key: crm.a, content: x, expires: "{{ record.it }}"}]}\n'
    )
    outcomes = translated(mapping, event_of({"it": "Ada Lovelace"})).outcomes
    assert [outcome.kind for outcome in outcomes] == [OutcomeKind.REJECTED] * 5
    assert not any("Lovelace" in outcome.reason for outcome in outcomes)


def test_rules_to_skip_have_no_outcome(mapping_of: MappingOf, event_of: EventOf, translated: Translated) -> None:
    mapping = mapping_of(
        "  - {name: a, settings: [{key: crm.a, content: x}]}\n  - {name: b, settings: [{key: crm.b, content: x}]}\n"
    )
    assert one(translated(mapping, event_of(), skip={"a"})).rule == "b"


# FastPath records

INSERT = """
  - name: lead
    once: {per: "{{ event.record_id }}", within: 24h}
    fast_path:
      list: LIST
      layout: leads
      fields: {"@ACCOUNT": "{{ event.record_id }}", "@NUMBER": "{{ record.phone }}", "@NAME": "{{ record.name }}"}
      custom: ["{{ event.id }}", "{{ record.note | default(none) }}"]
"""


@pytest.mark.parametrize("hold", [True, False])
def test_what_a_rule_makes_holds_the_next_ones_only_where_it_says_so(outcome_of: OutcomeOf, hold: bool) -> None:
    rule = INSERT.replace("LIST", "1").replace("once:", "hold: true\n    once:" if hold else "once:")
    (delivery,) = outcome_of(rule, {"phone": "2125550123"}).deliveries
    assert delivery.hold is hold


def test_a_record_is_laid_out_and_its_list_looked_up_later(outcome_of: OutcomeOf) -> None:
    outcome = outcome_of(INSERT.replace("LIST", "Hot leads"), {"phone": "2125550123"})
    (delivery,) = outcome.deliveries
    assert delivery.operation == "campaign.insertFastPathRecords"
    assert delivery.params == {"listId": {"id_of": "Hot leads", "by": "campaign.listLists"}}
    (record,) = delivery.body["fastPathRecords"]
    assert record["fastPathRecord"] == "7     2125550123        "
    assert record["customFieldsStringCollection"] == [{"string": "31"}, {"string": ""}]
    assert delivery.order_key == "campaign.insertFastPathRecords:Hot leads:crm:7"
    assert not delivery.repeatable
    assert delivery.customers == ("7",)
    assert outcome.once == OnceKey(rule="lead", key="7", until=NOW + timedelta(hours=24))


def test_a_list_may_be_given_by_its_id(outcome_of: OutcomeOf) -> None:
    outcome = outcome_of(INSERT.replace("LIST", "4711"), {"phone": "2125550123"})
    assert outcome.deliveries[0].params == {"listId": 4711}


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({}, "@NUMBER"),
        ({"phone": "212555012345"}, "@NUMBER"),
        ({"phone": "1", "name": ["Ada"]}, "@NAME"),
    ],
)
def test_a_record_that_does_not_fit_its_layout_is_rejected(
    record: dict[str, Any], reason: str, mapping_of: MappingOf, event_of: EventOf, translated: Translated
) -> None:
    outcome = one(translated(mapping_of(INSERT.replace("LIST", "4711")), event_of(record)))
    assert outcome.kind == OutcomeKind.REJECTED
    assert outcome.reason.startswith("fast_path.fields: ")
    assert reason in outcome.reason


@pytest.mark.parametrize("per", [None, ""])
def test_a_once_that_has_no_key_is_rejected(per: str | None, outcome_of: OutcomeOf) -> None:
    rule = INSERT.replace("LIST", "4711").replace('event.record_id }}", within', 'record.per }}", within')
    outcome = outcome_of(rule, {"phone": "1", "per": per})
    assert outcome.kind == OutcomeKind.REJECTED
    assert outcome.reason.startswith("once.per: ")


def test_a_once_without_an_end_lasts_for_ever(mapping_of: MappingOf, event_of: EventOf, translated: Translated) -> None:
    rule = INSERT.replace("LIST", "4711").replace(", within: 24h", "")
    assert one(translated(mapping_of(rule), event_of({"phone": "1"}))).once == OnceKey(rule="lead", key="7", until=None)


# Forgetting


def test_what_was_written_is_deleted_by_its_names(
    mapping_of: MappingOf, event_of: EventOf, translated: Translated
) -> None:
    written = [
        CookieName(customer="7", key="crm.a", channel="all", service=""),
        CookieName(customer="7", key="crm.b", channel="all", service=""),
        CookieName(customer="+12125550123", key="crm.a", channel="all", service="sales"),
    ]
    outcome = one(translated(mapping_of("  - {name: gone, forget: true}"), event_of(), written=lambda: written))
    assert deletions(outcome) == [
        {"customer": "7", "channel": "all", "service": "", "key": "crm.a,crm.b"},
        {"customer": "+12125550123", "channel": "all", "service": "sales", "key": "crm.a"},
    ]
    assert {delivery.order_key for delivery in outcome.deliveries} == {""}
    assert [delivery.customers for delivery in outcome.deliveries] == [("7",), ("+12125550123",)]


def test_where_nothing_was_written_there_is_nothing_to_forget(
    mapping_of: MappingOf, event_of: EventOf, translated: Translated
) -> None:
    outcome = one(translated(mapping_of("  - {name: gone, forget: true}"), event_of()))
    assert (outcome.kind, outcome.reason) == (OutcomeKind.IGNORED, "nothing was written for this record")


# What is remembered


def stamped(moment: datetime) -> Stamp:
    """As an event of this moment is that has just arrived."""
    return Stamp(changed_at=moment, sequence=-1, received_at=NOW, event_id=0, translation=1)


YESTERDAY = stamped(NOW - timedelta(days=1))
KNOWN = Record(
    source="crm",
    record_id="7",
    ids={0: ("+12125550123", YESTERDAY), 1: ("7", YESTERDAY)},
    fields={"phone": ("2125550123", YESTERDAY), "gone": ("x", stamped(NOW))},
)


def test_rules_see_what_is_remembered_beside_what_the_event_says(
    mapping_of: MappingOf, event_of: EventOf, translated: Translated
) -> None:
    mapping = mapping_of('  - {name: r, settings: [{key: crm.a, content: "{{ record.phone }}/{{ record.tier }}"}]}')
    translation = translated(mapping, event_of({"tier": "gold"}), known=KNOWN)
    assert settings(one(translation))[0]["content"] == "2125550123/gold"
    assert translation.record.fields == {"phone": KNOWN.fields["phone"], "tier": ("gold", stamped(NOW))}


def test_an_older_event_sees_the_newer_value_and_does_not_replace_it(
    mapping_of: MappingOf, event_of: EventOf, translated: Translated
) -> None:
    mapping = mapping_of('  - {name: r, settings: [{key: crm.a, content: "{{ record.phone }}"}]}')
    event = event_of({"phone": "2125550199"}, occurred_at=NOW - timedelta(days=2))
    translation = translated(mapping, event, known=KNOWN)
    assert settings(one(translation))[0]["content"] == "2125550123"
    assert translation.record.fields == {"phone": KNOWN.fields["phone"]}


def test_an_event_that_names_no_customer_keeps_the_known_ones(
    mapping_of: MappingOf, event_of: EventOf, translated: Translated
) -> None:
    mapping = mapping_of("  - {name: r, settings: [{key: crm.a, content: x}]}", customer='"{{ record.mail }}"')
    translation = translated(mapping, event_of(), known=KNOWN)
    assert translation.record.customers == KNOWN.customers
    assert [setting["customerId"] for setting in settings(one(translation))] == ["+12125550123", "7"]


def test_customers_that_changed_replace_the_known_ones(
    mapping_of: MappingOf, event_of: EventOf, translated: Translated
) -> None:
    rules = "  - {name: r, settings: [{key: crm.a, content: x}]}"
    mapping = mapping_of(rules, customer='["{{ record.phone }}", "{{ event.record_id }}"]')
    translation = translated(mapping, event_of({"phone": "2125550199"}), known=KNOWN)
    assert translation.record.customers == ("2125550199", "7")


def test_a_time_far_ahead_of_the_arrival_is_not_believed(
    mapping_of: MappingOf, event_of: EventOf, translated: Translated
) -> None:
    mapping = mapping_of("  - {name: r, settings: [{key: crm.a, content: x}]}")
    translation = translated(mapping, event_of({"tier": 1}, occurred_at=NOW + timedelta(days=9_000)))
    assert one(translation).deliveries[0].changed_at == NOW + timedelta(minutes=5)
    assert translation.record.fields == {"tier": (1, stamped(NOW + timedelta(minutes=5)))}
