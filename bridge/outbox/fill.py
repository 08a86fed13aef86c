"""Events -> deliveries: each new event is translated by its source's rules and its deliveries join the queue."""

from dataclasses import dataclass, replace
from datetime import datetime

from bridge import log, metrics
from bridge.alvaria.limits import Limits
from bridge.db import Connection, Database, alone
from bridge.inbox import store as inbox
from bridge.mappings.catalogue import Catalogue
from bridge.mappings.rules import Mapping
from bridge.mappings.translate import Translation, translate
from bridge.model import CookieName, Event, Outcome, OutcomeKind, Priority, Record
from bridge.outbox.store import ledger, once, queue, records


def fill(database: Database, catalogue: Catalogue, *, limits: Limits, now: datetime, at_most: int = 100) -> int:
    """Translate the oldest new events, all in one transaction; return how many.

    Events of a source without working rules stay `new` until its mapping is mended.
    """
    able = [name for name, mapping in catalogue.mappings.items() if mapping.rules is not None]
    with database.transaction() as conn:
        # One filler at a time: two would remember and order the changes of one record in any order.
        alone(conn, "fill")
        found = inbox.next_new(conn, able, at_most)
        for event, number in found:
            _fill_one(Filling(conn, catalogue.mappings[event.source], event, number, now), limits)
        inbox.mark_done(conn, [event.id for event, _ in found])
    return len(found)


@dataclass(frozen=True)
class Filling:
    """One event under translation; `number` is above 1 when it is a replay."""

    conn: Connection
    mapping: Mapping
    event: Event
    number: int
    now: datetime


def _fill_one(this: Filling, limits: Limits) -> None:
    known = records.find(this.conn, this.event.source, this.event.record_id)
    made = _translate(this, known, limits)
    outcomes = tuple(_unless_done_before(this.conn, this.event, outcome) for outcome in made.outcomes)
    _keep(this, outcomes)
    if made.record != known:
        records.save(this.conn, made.record, now=this.now)


def _keep(this: Filling, outcomes: tuple[Outcome, ...]) -> None:
    priority = Priority.LIVE if this.number == 1 else Priority.REPLAY
    deliveries = [replace(delivery, priority=priority) for outcome in outcomes for delivery in outcome.deliveries]
    translation = inbox.Translation(
        event_id=this.event.id, translation=this.number, mapping_version=this.mapping.version, at=this.now
    )
    inbox.add_outcomes(this.conn, translation, outcomes)
    queue.add(this.conn, this.event, deliveries, now=this.now)
    for outcome in outcomes:
        metrics.OUTCOMES.labels(this.event.source, outcome.rule, outcome.kind).inc()


def _translate(this: Filling, known: Record | None, limits: Limits) -> Translation:
    done = inbox.translated_rules(this.conn, this.event.id) if this.number > 1 else frozenset()
    written = _written(this, known)
    try:
        return translate(this.mapping, this.event, known=known, written=written, now=this.now, limits=limits, skip=done)
    except Exception as error:
        # A fault of ours in one event must not stop the others: it can be replayed once we have mended it.
        log.error("event.translation_failed", id=this.event.id, source=this.event.source, fault=error)
        return _faulty(this, known, type(error).__name__, done)


def _written(this: Filling, known: Record | None) -> tuple[CookieName, ...]:
    if not known or not any(rule.forget for rule in this.mapping.rules or ()):
        return ()
    return ledger.written_for(this.conn, this.event.source, known.customers)


def _faulty(this: Filling, known: Record | None, fault: str, done: frozenset[str]) -> Translation:
    reason = f"a fault of the bridge: {fault}; see the log, then: bridge events replay {this.event.id}"
    rules = [rule.name for rule in this.mapping.rules or () if rule.name not in done]
    outcomes = tuple(Outcome(rule=rule, kind=OutcomeKind.REJECTED, reason=reason) for rule in rules)
    nothing = Record(source=this.event.source, record_id=this.event.record_id)
    return Translation(outcomes=outcomes, record=known or nothing)


def _unless_done_before(conn: Connection, event: Event, outcome: Outcome) -> Outcome:
    if outcome.kind is not OutcomeKind.TRANSLATED or not outcome.once or once.is_first(conn, event, outcome.once):
        return outcome
    until = f"again from {outcome.once.until:%Y-%m-%d %H:%M} UTC" if outcome.once.until else "and only once"
    return Outcome(rule=outcome.rule, kind=OutcomeKind.IGNORED, reason=f"once: already done for this key, {until}")
