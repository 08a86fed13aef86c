"""Events -> deliveries: each new event is translated by its source's rules and its deliveries join the queue."""

from collections.abc import Collection, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass, field, replace
from datetime import datetime

from bridge import log, metrics
from bridge.alvaria.limits import Limits
from bridge.db import Connection, Database, Late
from bridge.inbox import store as inbox
from bridge.mappings.catalogue import Catalogue
from bridge.mappings.move import Move
from bridge.mappings.move import outcome as outcome_of
from bridge.mappings.remember import joined
from bridge.mappings.rules import Mapping
from bridge.mappings.translate import Past, Translation, translate
from bridge.model import CookieName, Delivery, Event, OnceKey, Outcome, OutcomeKind, Priority, Record, Stop
from bridge.outbox.store import again, ledger, once, queue, stop
from bridge.outbox.store.records import Records


def fill(database: Database, catalogue: Catalogue, *, limits: Limits, now: datetime, at_most: int = 100) -> int:
    """Translate the oldest new events, and write down all of it in one transaction; return how many.

    Events of a source without working rules stay `new` until its mapping is mended.
    """
    able = [name for name, mapping in catalogue.mappings.items() if mapping.rules is not None]
    # One filler at a time: two would remember and order the changes of one record in any order.
    with database.late("fill") as late:
        found = inbox.next_new(late.conn, able, at_most)
        if any(number > 1 for _, number in found):
            # What a person wants again of them may grow until we write.
            found = inbox.next_new(late.write(), able, at_most)
        if found:
            _fill_all(Round(late=late, catalogue=catalogue, limits=limits, now=now, records=Records(late)), found)
    return len(found)


@dataclass(kw_only=True)
class Round:
    """The events of one transaction: what they need is read together, what they make is written together."""

    late: Late
    catalogue: Catalogue
    limits: Limits
    now: datetime
    records: Records
    outcomes: list[tuple[inbox.Translation, Outcome]] = field(default_factory=list)
    deliveries: list[tuple[Event, Delivery]] = field(default_factory=list)

    @property
    def conn(self) -> Connection:
        """To read; what was made so far is not yet there."""
        return self.late.conn

    def write(self) -> Connection:
        """Write down what was made so far, as before a question to the ledger."""
        conn = self.late.write()
        inbox.add_outcomes(conn, self.outcomes)
        queue.add(conn, self.deliveries, now=self.now)
        self.records.flush(self.now)
        self.outcomes.clear()
        self.deliveries.clear()
        return conn


def _fill_all(this_round: Round, found: Sequence[tuple[Event, int]]) -> None:
    by_source: dict[str, list[str]] = {}
    for event, _ in found:
        by_source.setdefault(event.source, []).append(event.record_id)
    for source, record_ids in by_source.items():
        this_round.records.load(source, record_ids)
    replayed = [event.id for event, number in found if number > 1]
    wanted = again.wanted(this_round.conn, replayed) if replayed else {}
    for event, number in found:
        _fill_one(_filling(this_round, event, number, wanted.get(event.id, {})))
    conn = this_round.write()
    inbox.mark_done(conn, [event.id for event, _ in found])
    if wanted:
        again.forget(conn, replayed)


def _filling(this_round: Round, event: Event, number: int, wanted: Map[str, bool]) -> "Filling":
    remaining = this_round.records.remaining(event.source, event.record_id)
    return Filling(
        round=this_round,
        mapping=this_round.catalogue.mappings[event.source],
        event=replace(event, record_id=remaining) if remaining != event.record_id else event,
        has_ended=remaining != event.record_id,
        number=number,
        wanted=wanted,
    )


def try_rule(this_round: Round, event: Event, number: int, wanted: Map[str, bool]) -> tuple[Outcome, ...]:
    """What the translation of this number would make of a rule; nothing is stored."""
    this = _filling(this_round, event, number, wanted)
    outcomes = _translate(this, _past(this, ())).outcomes
    return tuple(_unless_used(this, _without_made(this, outcome)) for outcome in outcomes)


@dataclass(frozen=True, kw_only=True)
class Filling:
    """One event under translation; `number` is above 1 when it is a replay."""

    round: Round
    mapping: Mapping
    event: Event
    """As one of the record that remains where the CRM has merged several."""
    has_ended: bool
    """The CRM says it of another one, which has ended in this."""
    number: int
    wanted: Map[str, bool]
    """The rules that a person wants again, each with whether also what was made before; empty: all not carried out."""


def _fill_one(this: Filling) -> None:
    others = _ending(this)
    if others:
        _join(this, others)
    past = _past(this, others)
    made = _translate(this, past)
    outcomes = tuple(_unless_done_before(this, _without_made(this, outcome)) for outcome in made.outcomes)
    _keep(this, (*_moves(this, made), *outcomes))
    if made.record != past.known:
        this.round.records.save(made.record)


def _ending(this: Filling) -> list[Record]:
    """The records that end in this one with this event, and had not before."""
    records, source, own = this.round.records, this.event.source, this.event.record_id
    named = [one for one in dict.fromkeys(this.event.merged) if one != own]
    ending = [one for one in named if records.remaining(source, one) != own]
    return [records.find(source, one) or Record(source=source, record_id=one) for one in ending]


def _join(this: Filling, others: Sequence[Record]) -> None:
    source, own = this.event.source, this.event.record_id
    ended = [other.record_id for other in others]
    conn = this.round.write()
    this.round.records.join(source, ended, own, now=this.round.now)
    ledger.join(conn, source, ended, own)


def _past(this: Filling, others: Sequence[Record]) -> Past:
    known = this.round.records.find(this.event.source, this.event.record_id)
    return Past(
        known=known,
        joined=others,
        has_ended=this.has_ended,
        written=lambda: _written(this, [*others, *([known] if known else [])]),
        skip=_skipped(this),
        translation=this.number,
    )


def _skipped(this: Filling) -> Collection[str]:
    """The rules that this translation leaves alone."""
    if this.wanted:
        return [rule.name for rule in this.mapping.rules or () if rule.name not in this.wanted]
    return inbox.translated_rules(this.round.conn, this.event.id) if this.number > 1 else ()


def _written(this: Filling, remembered: Sequence[Record]) -> tuple[CookieName, ...]:
    conn = this.round.write()
    customers = [customer for record in remembered for customer in record.customers]
    return ledger.written_for(conn, this.event.source, this.event.record_id, customers)


def _moves(this: Filling, made: Translation) -> tuple[Outcome, ...]:
    """They go before what the rules ask for, which is newer."""
    if not made.moved:
        return ()
    conn, source, record_id = this.round.write(), this.event.source, this.event.record_id
    move = Move(
        mapping=this.mapping,
        event=this.event,
        ids=made.moved,
        kept=ledger.kept_under(conn, source, record_id, list(made.moved)),
        there=ledger.changes_of(conn, source, record_id, [new for new in made.moved.values() if new is not None]),
        now=this.round.now,
        limits=this.round.limits,
    )
    found = outcome_of(move)
    return (found,) if found else ()


def _keep(this: Filling, outcomes: tuple[Outcome, ...]) -> None:
    translation = inbox.Translation(
        event_id=this.event.id, translation=this.number, mapping_version=this.mapping.version, at=this.round.now
    )
    for outcome in outcomes:
        this.round.outcomes.append((translation, outcome))
        for delivery in outcome.deliveries:
            again = replace(delivery, priority=Priority.REPLAY) if this.number > 1 else delivery
            this.round.deliveries.append((this.event, again))
        if outcome.stop:
            _stop(this, outcome.rule, outcome.stop)
        metrics.OUTCOMES.labels(this.event.source, outcome.rule, outcome.kind).inc()


def _stop(this: Filling, rule: str, asked: Stop) -> None:
    """What earlier events have asked for; nothing of this one."""
    reason = f"stopped by rule {rule} of {this.event.source}, event {this.event.id}"
    number = stop.stop(this.round.write(), asked, event_id=this.event.id, reason=reason, now=this.round.now)
    log.info("delivery.stopped", source=this.event.source, rule=rule, id=this.event.id, number=number)


def _translate(this: Filling, past: Past) -> Translation:
    try:
        return translate(this.mapping, this.event, past=past, now=this.round.now, limits=this.round.limits)
    except Exception as error:
        # A fault of ours in one event must not stop the others: it can be replayed once we have mended it.
        log.error("event.translation_failed", id=this.event.id, source=this.event.source, fault=error)
        return _faulty(this, past, type(error).__name__)


def _faulty(this: Filling, past: Past, fault: str) -> Translation:
    reason = f"a fault of the bridge: {fault}; see the log, then: bridge events replay {this.event.id}"
    rules = [rule.name for rule in this.mapping.rules or () if rule.name not in past.skip]
    outcomes = tuple(Outcome(rule=rule, kind=OutcomeKind.REJECTED, reason=reason) for rule in rules)
    nothing = Record(source=this.event.source, record_id=this.event.record_id)
    return Translation(outcomes=outcomes, record=joined(this.event, past.known, past.joined) or nothing)


def _without_made(this: Filling, outcome: Outcome) -> Outcome:
    """Of what must not be repeated blindly nothing is made twice, unless a person says so."""
    if this.wanted.get(outcome.rule, True) or all(one.repeatable for one in outcome.deliveries):
        return outcome
    made = again.made(this.round.conn, this.event.id, outcome.rule)
    left = tuple(one for one in outcome.deliveries if one.repeatable or one.item not in made)
    if left or not made:
        return replace(outcome, deliveries=left)
    reason = ", ".join(f"delivery {number} is {state}" for number, state in made.values())
    return Outcome(rule=outcome.rule, kind=OutcomeKind.IGNORED, reason=f"made before: {reason}")


def _unless_done_before(this: Filling, outcome: Outcome) -> Outcome:
    if outcome.kind is not OutcomeKind.TRANSLATED or not outcome.once:
        return outcome
    return outcome if once.is_first(this.round.late.write(), this.event, outcome.once) else _done(outcome, outcome.once)


def _unless_used(this: Filling, outcome: Outcome) -> Outcome:
    """The same, and the key stays free."""
    if outcome.kind is not OutcomeKind.TRANSLATED or not outcome.once:
        return outcome
    return outcome if once.is_free(this.round.conn, this.event, outcome.once) else _done(outcome, outcome.once)


def _done(outcome: Outcome, key: OnceKey) -> Outcome:
    until = f"again from {key.until:%Y-%m-%d %H:%M} UTC" if key.until else "and only once"
    return Outcome(rule=outcome.rule, kind=OutcomeKind.IGNORED, reason=f"once: already done for this key, {until}")
