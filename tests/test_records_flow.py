"""Who a record is, from events to the sandbox: in any order of arrival, with other customers, merged, forgotten."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bridge import worker
from bridge.alvaria.limits import Limits
from bridge.db import Database
from bridge.delivery.turn import Sender
from bridge.inbox import store
from bridge.inbox.queries import Wanted, outcomes_of
from bridge.mappings.catalogue import Catalogue, load
from bridge.model import Delivery, Event
from bridge.outbox import queries
from bridge.outbox.fill import fill
from bridge.outbox.plan import writes_of
from bridge.outbox.store import queue, records
from bridge.sandbox.serve import Sandbox
from bridge.tables import deliveries, events, writes
from bridge.wiring import Bridge
from tests.words import NOON, event, webhook

INSERT = "campaign.insertFastPathRecords"
UPSERT = "contextCookies.upsertSettings"

MAPPING = """
version: 1
source: {name: crm, preset: generic, secrets: {api_key: [a-key-for-tests]}, remember: [tier]}
customer: ["{{ record.phone }}", "{{ event.record_id }}"]
CHANGE
rules:
  - name: profile
    when: "{{ event.type == 'changed' and record.tier is defined }}"
    settings:
      - {key: crm.tier, content: "{{ record.tier }}", on_empty: delete}
      - {key: crm.note, content: "{{ record.note }}", channel: voice, when: "{{ record.note is defined }}"}
  - {name: gone, when: "{{ event.type == 'gone' }}", forget: true}
"""


def contact(at: int, *, type: str = "changed", record_id: str = "7", **record: Any) -> Event:  # noqa: A002 - the event's own word
    """What the CRM says of a contact, so many seconds after a moment before noon."""
    usual = {"source": "crm", "record_id": record_id, "crm_id": "", "received_at": NOON}
    when = NOON - timedelta(hours=1) + timedelta(seconds=at)
    merged = record.pop("merged", ())
    key = f"{record_id}/{type}/{at}/{sorted(record)}"
    return event(**usual, type=type, record=record, merged=merged, occurred_at=when, dedup_key=key)


def hubspot(at: int, record_id: str, **change: Any) -> Event:
    """One property, as HubSpot sends it; or a deletion."""
    kind = "contact.propertyChange" if change else "contact.deletion"
    found = contact(at, type=kind, record_id=record_id, **change)
    return replace(found, source="hubspot", changed=tuple(change))


def arrive(database: Database, catalogue: Catalogue, *found: Event) -> None:
    """One webhook for each event, and then the rules."""
    with database.transaction() as conn:
        for one in found:
            store.keep(conn, webhook(source=one.source), (one,))
    while fill(database, catalogue, limits=Limits(), now=NOON):
        pass


def asked(database: Database, record_id: str | None = None) -> list[Delivery]:
    """All deliveries, or those of one record; the oldest first."""
    query = select(deliveries.c.id).join(events).order_by(deliveries.c.id)
    if record_id is not None:
        query = query.where(events.c.record_id == record_id)
    with database.reading() as conn:
        found = [queue.find(conn, number) for number in conn.execute(query).scalars().all()]
    return [delivery for delivery in found if delivery]


def left_by(database: Database, found: list[Delivery]) -> dict[tuple[str, str], str]:
    """The cookies that are there when the newest change of each has won."""
    newest: dict[tuple[str, str], tuple[str, int, str | None]] = {}
    for delivery in found:
        stamps = stamps_of(database, delivery)
        for place, (name, member) in enumerate(writes_of(delivery)):
            own = (stamps[place], delivery.id, member["content"] if member else None)
            cookie = (name.customer, name.key)
            newest[cookie] = max(newest.get(cookie, own), own, key=lambda one: one[:2])
    return {cookie: content for cookie, (_, _, content) in newest.items() if content is not None}


def stamps_of(database: Database, delivery: Delivery) -> list[str]:
    query = select(writes.c.stamp).where(writes.c.delivery_id == delivery.id).order_by(writes.c.place)
    with database.reading() as conn:
        return list(conn.execute(query).scalars())


# HubSpot: one property at a time, in any order

CHANGES = {"tier": {"tier": "1"}, "score": {"score": "91"}, "phone": {"phone": "+1 212 555 0123"}}
LATER = {"tier again": {"tier": "2"}, "other phone": {"phone": "+1 212 555 0199"}, "score again": {"score": "95"}}
STEPS = {**CHANGES, **LATER}
ANY_ORDER = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=20, derandomize=True
)
_records = count(1)


def phones() -> tuple[str, str]:
    """Two numbers that no other record has: what others write for a customer would count as well."""
    number = next(_records)
    return f"+1 212 555 {number:04}", f"+1 212 556 {number:04}"


@pytest.fixture
def come(database: Database, catalogue: Catalogue) -> Callable[..., None]:
    """As `arrive`, with the demonstration's mappings."""

    def come(*found: Event) -> None:
        arrive(database, catalogue, *found)

    return come


@ANY_ORDER
@given(order=st.permutations(list(CHANGES)), together=st.booleans())
def test_tier_score_and_phone_in_any_order_make_the_record_once(
    database: Database, come: Callable[..., None], order: list[str], together: bool
) -> None:
    record_id, (phone, _) = f"a{next(_records)}", phones()
    steps = {**STEPS, "phone": {"phone": phone}}
    found = [hubspot(list(STEPS).index(step), record_id, **steps[step]) for step in order]
    for part in [found] if together else [[one] for one in found]:
        come(*part)
    [inserted] = [delivery for delivery in asked(database, record_id) if delivery.operation == INSERT]
    assert inserted.customers == (phone.replace(" ", ""), record_id)


@ANY_ORDER
@given(order=st.permutations(list(STEPS)), gone=st.integers(0, 7))
def test_changes_in_any_order_end_in_the_newest_and_a_deletion_leaves_nothing(
    database: Database, come: Callable[..., None], order: list[str], gone: int
) -> None:
    record_id, (phone, other_phone) = f"b{next(_records)}", phones()
    steps = {**STEPS, "phone": {"phone": phone}, "other phone": {"phone": other_phone}}
    found = [hubspot(list(STEPS).index(step), record_id, **steps[step]) for step in order]
    come(*found[:3])
    come(*found[3:])
    made = asked(database, record_id)
    assert len([delivery for delivery in made if delivery.operation == INSERT]) == 1
    cookies = left_by(database, made)
    assert {customer for customer, _ in cookies} == {other_phone.replace(" ", ""), record_id}
    assert {content for (_, key), content in cookies.items() if key == "crm.tier"} == {"silver"}

    other = f"c{next(_records)}"
    deleted = [replace(one, record_id=other, dedup_key=f"{other}{one.dedup_key}") for one in found]
    come(*deleted[:gone], hubspot(99, other), *deleted[gone:])
    made = asked(database, other)
    assert left_by(database, made) == {}
    assert len([delivery for delivery in made if delivery.operation == INSERT]) <= 1


# The same as the sandbox sees it


@pytest.fixture
def crm(bridge: Bridge, tmp_path: Path, request: pytest.FixtureRequest) -> Bridge:
    """The bridge with a CRM of our own; `on_customer_change` may be a parameter."""
    folder = tmp_path / "mappings"
    folder.mkdir()
    (folder / "crm.yaml").write_text(MAPPING.replace("CHANGE", getattr(request, "param", "")), "utf-8")
    catalogue = load(folder, env={}, limits=Limits())
    assert catalogue.problems == ()
    return replace(bridge, catalogue=catalogue)


def say(crm: Bridge, sender: Sender, *found: Event) -> None:
    """The events arrive, and all that comes of them is delivered."""
    arrive(crm.database, crm.catalogue, *found)
    while worker.work_once(crm, sender):
        pass


def cookies(sandbox: Sandbox) -> dict[tuple[str, str], str]:
    found = requests.get(f"{sandbox.url}/_sandbox/settings", timeout=10).json()["settings"]
    return {(one["customerId"], one["key"]): one["content"] for one in found}


def of(customers: list[str], **settings: str) -> dict[tuple[str, str], str]:
    return {(customer, f"crm.{key}"): value for customer in customers for key, value in settings.items()}


def test_a_changed_phone_moves_the_cookies(crm: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    say(crm, sender, contact(1, phone="111", tier="gold", note="x"), contact(2, tier="silver"))
    assert cookies(sandbox) == of(["111", "7"], tier="silver", note="x")
    say(crm, sender, contact(3, type="other", phone="222"))
    assert cookies(sandbox) == of(["222", "7"], tier="silver", note="x")
    say(crm, sender, contact(4, type="other", phone="111"))
    assert cookies(sandbox) == of(["111", "7"], tier="silver", note="x")


def test_a_move_is_told_as_an_outcome_of_its_own(crm: Bridge, sender: Sender) -> None:
    say(crm, sender, contact(1, phone="111", tier="gold"), contact(2, phone="222", tier="gold"))
    with crm.database.reading() as conn:
        found = {line.rule: line.kind for line in outcomes_of(conn, 2)}
    assert found == {"on_customer_change": "translated", "profile": "translated", "gone": "ignored"}


def test_what_the_same_event_writes_is_newer_than_what_it_moves(crm: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    say(crm, sender, contact(1, phone="111", tier="gold", note="x"))
    say(crm, sender, contact(2, phone="222", tier="silver"))
    assert cookies(sandbox) == of(["222"], tier="silver", note="x") | of(["7"], tier="silver", note="x")


@pytest.mark.parametrize(
    ("crm", "left"),
    [
        ("on_customer_change: keep", of(["111", "7"], tier="gold")),
        ("on_customer_change: forget", of(["7"], tier="gold")),
        ("on_customer_change: move", of(["222", "7"], tier="gold")),
    ],
    indirect=["crm"],
)
def test_a_mapping_says_what_a_changed_customer_means(
    crm: Bridge, sandbox: Sandbox, sender: Sender, left: dict[tuple[str, str], str]
) -> None:
    say(crm, sender, contact(1, phone="111", tier="gold"), contact(2, type="other", phone="222"))
    assert cookies(sandbox) == left


def test_an_older_phone_that_arrives_late_is_not_put_back(crm: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    say(crm, sender, contact(5, phone="222", tier="gold"))
    say(crm, sender, contact(1, phone="111", tier="lead"))
    assert cookies(sandbox) == of(["222", "7"], tier="gold")


def test_what_is_being_cleared_is_not_written_again(crm: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    say(crm, sender, contact(1, phone="111", tier="gold", note="x"))
    arrive(crm.database, crm.catalogue, contact(2, tier=""), contact(3, type="other", phone="222"))
    say(crm, sender)
    assert cookies(sandbox) == of(["222", "7"], note="x")


def test_of_a_value_that_was_refused_the_one_before_is_moved(crm: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    say(crm, sender, contact(1, phone="111", tier="gold"))
    requests.put(f"{sandbox.url}/_sandbox/limits", json={"content": 5}, timeout=10).raise_for_status()
    say(crm, sender, contact(2, tier="platinum"))
    say(crm, sender, contact(3, type="other", phone="222"))
    assert cookies(sandbox) == of(["222", "7"], tier="gold")


# Merging and forgetting


def test_a_merge_joins_records_and_moves_their_cookies(crm: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    say(crm, sender, contact(1, phone="111", tier="gold"), contact(2, record_id="8", phone="222", note="x", tier="old"))
    say(crm, sender, contact(3, type="merged", merged=("8",)))
    assert cookies(sandbox) == of(["222", "7"], note="x", tier="old")
    with crm.database.reading() as conn:
        record = records.find(conn, "crm", "7")
    assert record
    assert (record.customers, record.fields["tier"][0]) == (("222", "7"), "old")


def test_later_events_of_a_record_that_has_ended_are_the_remaining_ones(
    crm: Bridge, sandbox: Sandbox, sender: Sender
) -> None:
    say(crm, sender, contact(1, tier="gold"), contact(2, type="merged", merged=("8",)))
    say(crm, sender, contact(3, record_id="9", type="merged", merged=("7",)))
    say(crm, sender, contact(4, record_id="8", tier="silver"), contact(5, record_id="7", note="x"))
    assert cookies(sandbox) == of(["9"], tier="silver", note="x")


def test_a_merge_that_is_told_again_changes_nothing(crm: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    say(crm, sender, contact(1, tier="gold"), contact(2, record_id="8", tier="lead"))
    say(crm, sender, *(contact(at, type="merged", merged=("8", "7")) for at in (3, 4, 5)))
    assert cookies(sandbox) == of(["7"], tier="lead")
    assert len(asked(crm.database)) == 4


def test_a_deletion_reaches_all_that_a_record_ever_wrote(crm: Bridge, sandbox: Sandbox, sender: Sender) -> None:
    keeping = crm.catalogue.mappings["crm"]
    kept = replace(keeping, on_customer_change=type(keeping.on_customer_change)("keep"))
    crm = replace(crm, catalogue=replace(crm.catalogue, mappings={"crm": kept}))
    say(crm, sender, contact(1, phone="111", tier="a"), contact(2, phone="222", tier="b"))
    say(crm, sender, contact(3, record_id="8", phone="333", tier="c"), contact(4, type="merged", merged=("8",)))
    assert {customer for customer, _ in cookies(sandbox)} == {"111", "222", "333", "7", "8"}
    say(crm, sender, contact(5, type="gone"))
    assert cookies(sandbox) == {}
    with crm.database.reading() as conn:
        record = records.find(conn, "crm", "7")
    assert record
    assert (record.customers, record.fields) == ((), {})


def test_a_deletion_takes_along_what_another_record_wrote_for_the_same_customer(
    crm: Bridge, sandbox: Sandbox, sender: Sender
) -> None:
    say(crm, sender, contact(1, phone="111", tier="a"), contact(2, record_id="8", phone="111", tier="b", note="x"))
    say(crm, sender, contact(3, type="gone"))
    assert cookies(sandbox) == of(["8"], tier="b", note="x")


def test_what_was_on_its_way_for_a_record_that_ends_comes_before_the_move(
    crm: Bridge, sandbox: Sandbox, sender: Sender
) -> None:
    arrive(crm.database, crm.catalogue, contact(1, tier="gold"), contact(2, record_id="8", phone="222", tier="lead"))
    arrive(crm.database, crm.catalogue, contact(3, type="merged", merged=("8",)))
    say(crm, sender)
    assert cookies(sandbox) == of(["222", "7"], tier="lead")


def test_deliveries_are_found_by_any_of_their_customers(crm: Bridge, catalogue: Catalogue) -> None:
    arrive(crm.database, catalogue, hubspot(1, "7", phone="+1 212 555 0123"), hubspot(2, "7", score="91"))
    with crm.database.reading() as conn:
        found = {
            customer: [line.operation for line in queries.list_deliveries(conn, Wanted(customer=customer))]
            for customer in ("+12125550123", "7", "+1212555012", "%")
        }
    assert found == {
        "+12125550123": [INSERT, UPSERT, UPSERT],
        "7": [INSERT, UPSERT, UPSERT],
        "+1212555012": [],
        "%": [],
    }
