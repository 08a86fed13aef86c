"""Who a record is: its customers, whatever the order of arrival; and what becomes of its cookies when they change."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bridge.alvaria.cookies import Setting
from bridge.alvaria.limits import Limits
from bridge.errors import Problem
from bridge.mappings import move
from bridge.mappings.move import Kept, Move
from bridge.mappings.rules import Mapping
from bridge.mappings.translate import Translation
from bridge.model import CookieName, Event, Outcome, OutcomeKind, Record, Stamp
from tests.mappings.conftest import NOW

MappingOf = Callable[..., Mapping]
EventOf = Callable[..., Event]
Translated = Callable[..., Translation]

RULES = """
  - {name: r, when: "{{ event.type != 'gone' }}", settings: [{key: crm.a, content: x}]}
  - {name: gone, when: "{{ event.type == 'gone' }}", forget: true}
"""
TWO = '["{{ record.mail }}", "{{ event.record_id }}"]'


def minutes(number: int) -> dict[str, Any]:
    return {"occurred_at": NOW + timedelta(minutes=number) - timedelta(hours=1)}


@pytest.fixture
def mapping(mapping_of: MappingOf) -> Mapping:
    return mapping_of(RULES, customer=TWO)


@pytest.fixture
def known(mapping: Mapping, event_of: EventOf, translated: Translated) -> Record:
    """A record that said its address ten minutes after the hour."""
    return translated(mapping, event_of({"mail": "old@example.com"}, **minutes(10))).record


@pytest.mark.parametrize(
    ("record", "at", "customers", "moved"),
    [
        ({"mail": "new@example.com"}, 20, ("new@example.com", "7"), {"old@example.com": "new@example.com"}),
        ({"mail": "new@example.com"}, 0, ("old@example.com", "7"), {}),
        ({"mail": "old@example.com"}, 20, ("old@example.com", "7"), {}),
        ({"mail": None}, 20, ("7",), {"old@example.com": None}),
        ({"mail": ""}, 20, ("7",), {"old@example.com": None}),
        ({"mail": ""}, 0, ("old@example.com", "7"), {}),
        ({}, 20, ("old@example.com", "7"), {}),
    ],
)
def test_each_id_is_the_newest_and_a_missing_one_stays(
    mapping: Mapping,
    known: Record,
    event_of: EventOf,
    translated: Translated,
    record: dict[str, Any],
    at: int,
    customers: tuple[str, ...],
    moved: dict[str, str | None],
) -> None:
    translation = translated(mapping, event_of(record, **minutes(at)), known=known)
    assert translation.record.customers == customers
    assert translation.moved == moved
    [written] = [outcome for outcome in translation.outcomes if outcome.rule == "r"]
    assert written.deliveries[0].customers == customers


def test_an_id_that_only_changes_places_is_not_moved(
    mapping_of: MappingOf, known: Record, event_of: EventOf, translated: Translated
) -> None:
    turned = mapping_of(RULES, customer='["{{ event.record_id }}", "{{ record.mail }}"]')
    translation = translated(turned, event_of({"mail": "old@example.com"}, **minutes(20)), known=known)
    assert translation.record.customers == ("7", "old@example.com")
    assert translation.moved == {}


def test_an_id_that_the_mapping_asks_for_no_more_is_given_up(
    mapping_of: MappingOf, known: Record, event_of: EventOf, translated: Translated
) -> None:
    fewer = mapping_of(RULES, customer='"{{ event.record_id }}"')
    translation = translated(fewer, event_of(**minutes(20)), known=known)
    assert translation.record.customers == ("7",)
    assert translation.moved == {"old@example.com": "7"}


def test_a_mapping_may_leave_the_cookies_where_they_are(
    mapping_of: MappingOf, known: Record, event_of: EventOf, translated: Translated
) -> None:
    keeping = mapping_of(RULES, customer=TWO, head="on_customer_change: keep")
    translation = translated(keeping, event_of({"mail": "new@example.com"}, **minutes(20)), known=known)
    assert translation.record.customers == ("new@example.com", "7")
    assert translation.moved == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("on_customer_change: moove", "on_customer_change: "),
        ("rules: [{name: on_customer_change, forget: true}]", "choose another name"),
    ],
)
def test_mistakes_about_a_change_of_customers_are_told(
    read: Callable[[str], tuple[Mapping | None, list[Problem]]], text: str, message: str
) -> None:
    _, problems = read(f"version: 1\nsource: {{name: crm, preset: generic, secrets: {{api_key: [k]}}}}\n{text}\n")
    assert [True for problem in problems if message in str(problem)] == [True]


# Forgetting


def test_a_deletion_drops_all_that_is_remembered_and_what_is_older_counts_no_more(
    mapping: Mapping, known: Record, event_of: EventOf, translated: Translated
) -> None:
    gone = translated(mapping, event_of(type="gone", **minutes(20)), known=known)
    assert (gone.record.ids, gone.record.fields, gone.moved) == ({}, {}, {})
    late = translated(mapping, event_of({"mail": "new@example.com", "tier": 1}, **minutes(15)), known=gone.record)
    assert {(outcome.kind, outcome.reason) for outcome in late.outcomes} == {
        (OutcomeKind.IGNORED, "the record was forgotten after this change")
    }
    assert late.record == gone.record


def test_after_a_deletion_a_newer_event_starts_anew(
    mapping: Mapping, known: Record, event_of: EventOf, translated: Translated
) -> None:
    gone = translated(mapping, event_of(type="gone", **minutes(20)), known=known).record
    again = translated(mapping, event_of({"tier": 1}, **minutes(30)), known=gone)
    assert again.record.customers == ("7",)
    assert list(again.record.fields) == ["tier"]


def test_a_deletion_of_a_record_that_has_ended_leaves_the_remaining_one_alone(
    mapping: Mapping, known: Record, event_of: EventOf, translated: Translated
) -> None:
    name = CookieName(customer="7", key="crm.a", channel="all", service="")
    event = event_of(type="gone", **minutes(20))
    translation = translated(mapping, event, known=known, written=lambda: [name], has_ended=True)
    assert translation.record.customers == known.customers
    assert [outcome.kind for outcome in translation.outcomes] == [OutcomeKind.IGNORED, OutcomeKind.IGNORED]


# Joining


def test_joined_records_become_one_with_the_newest_of_each(
    mapping: Mapping, known: Record, event_of: EventOf, translated: Translated
) -> None:
    said = event_of({"mail": "b@example.com", "tier": 2}, record_id="8", **minutes(15))
    other = translated(mapping, said).record
    older = event_of({"phone": "1", "tier": 1}, record_id="9", **minutes(5))
    third = translated(mapping, older).record
    merge = event_of(merged=("8", "9"), **minutes(20))
    translation = translated(mapping, merge, known=known, joined=[other, third])
    assert translation.record.customers == ("b@example.com", "7")
    assert {name: value for name, (value, _) in translation.record.fields.items()} == {"tier": 2, "phone": "1"}
    assert translation.moved == {"old@example.com": "b@example.com", "8": "7", "9": "7"}


def test_a_record_that_was_never_heard_of_may_take_others_in(
    mapping: Mapping, known: Record, event_of: EventOf, translated: Translated
) -> None:
    merge = event_of(record_id="8", merged=("7",), **minutes(0))
    translation = translated(mapping, merge, joined=[known])
    assert (translation.record.record_id, translation.record.customers) == ("8", ("old@example.com", "8"))
    assert translation.moved == {"7": "8"}


# Moving


def kept(key: str = "crm.a", customer: str = "old", at: int = 0, **value: Any) -> Kept:
    name = CookieName(customer=customer, key=key, channel="all", service="")
    usual = {"content": "x", "expires_at": NOW + timedelta(days=1)}
    setting = Setting(customer=customer, key=key, channel="all", service="", **(usual | value))
    return Kept(name=name, stamp=stamp(NOW + timedelta(minutes=at)), value=setting)


def stamp(changed_at: datetime) -> str:
    return Stamp(changed_at, -1, changed_at, 1, 1).as_text()


@pytest.fixture
def moved(mapping: Mapping, event_of: EventOf) -> Callable[..., Outcome | None]:
    def moved(*found: Kept, ids: dict[str, str | None], **told: Any) -> Outcome | None:
        given = {"there": {}, "now": NOW, "limits": Limits()} | told
        return move.outcome(Move(mapping=mapping, event=event_of(), ids=ids, kept=found, **given))

    return moved


def written(outcome: Outcome | None) -> list[tuple[str, str, str]]:
    assert outcome
    bodies = [delivery.body for delivery in outcome.deliveries if delivery.body]
    return [(one["customerId"], one["key"], one["content"]) for body in bodies for one in body["settings"]]


def deleted(outcome: Outcome | None) -> list[dict[str, Any]]:
    assert outcome
    return [dict(delivery.params) for delivery in outcome.deliveries if not delivery.body]


DELETED = [{"customer": "old", "channel": "all", "service": "", "key": "crm.a"}]


def test_values_are_written_under_the_new_id_and_deleted_under_the_old(moved: Callable[..., Outcome | None]) -> None:
    outcome = moved(kept(), kept("crm.b", at=1, content="y"), ids={"old": "new"})
    assert written(outcome) == [("new", "crm.a", "x"), ("new", "crm.b", "y")]
    assert deleted(outcome) == [{**DELETED[0], "key": "crm.a,crm.b"}]
    assert outcome
    assert [delivery.item for delivery in outcome.deliveries] == [0, 1]
    assert [delivery.customers for delivery in outcome.deliveries] == [("new",), ("old",)]
    both = (stamp(NOW), stamp(NOW + timedelta(minutes=1)))
    assert [delivery.stamps for delivery in outcome.deliveries] == [both, both]


@pytest.mark.parametrize(
    ("found", "new", "there"),
    [
        (kept(expires_at=NOW + timedelta(seconds=1)), "new", {}),
        (kept(), None, {}),
        (kept(), "a,b", {}),
        (replace(kept(), value=None), "new", {}),
        (kept(), "new", {kept(customer="new").name: stamp(NOW + timedelta(seconds=1))}),
    ],
    ids=["run out", "nowhere to go", "an id that cannot be", "no value", "a newer one is there"],
)
def test_what_is_not_written_again_is_deleted_all_the_same(
    moved: Callable[..., Outcome | None], found: Kept, new: str | None, there: dict[CookieName, Any]
) -> None:
    outcome = moved(found, ids={"old": new}, there=there)
    assert written(outcome) == []
    assert deleted(outcome) == DELETED


def test_of_two_that_come_together_the_newest_is_written(moved: Callable[..., Outcome | None]) -> None:
    two = kept(at=2, content="newer"), kept(customer="older", at=1, content="older")
    assert written(moved(*two, ids={"old": "new", "older": "new"})) == [("new", "crm.a", "newer")]


def test_no_request_carries_more_settings_than_it_may(moved: Callable[..., Outcome | None]) -> None:
    found = [kept(f"crm.{number}") for number in range(5)]
    outcome = moved(*found, ids={"old": "new"}, limits=Limits(max_settings=2))
    assert outcome
    assert [len(delivery.body["settings"]) for delivery in outcome.deliveries if delivery.body] == [2, 2, 1]


def test_where_nothing_was_written_nothing_moves(moved: Callable[..., Outcome | None]) -> None:
    assert moved(ids={"old": "new"}) is None
