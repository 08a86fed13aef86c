"""Event + mapping -> an outcome for each rule; pure, and whatever the event holds it only ever returns outcomes."""

from collections.abc import Callable, Collection, Iterator, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from datetime import datetime

from bridge.alvaria.limits import Limits
from bridge.alvaria.operations import operation
from bridge.mappings import group, insert, operate
from bridge.mappings.case import Case, Ignored, NotTranslated, Rejected, Request, holds, text_of, text_or_empty
from bridge.mappings.customers import ids_after
from bridge.mappings.move import replaced
from bridge.mappings.newest import changed_at, stamp
from bridge.mappings.remember import joined, merged, remembered
from bridge.mappings.rules import Action, FastPath, Forget, Group, Mapping, OnCustomerChange, OtherOperation, Rule
from bridge.model import CookieName, Delivery, Event, OnceKey, Outcome, OutcomeKind, Record, Stamp, Stop


@dataclass(frozen=True, kw_only=True)
class Past:
    """What is known from before when an event is translated."""

    known: Record | None = None
    """What is remembered of the event's record."""
    joined: Sequence[Record] = ()
    """The same of the records that end in it with this event."""
    has_ended: bool = False
    """The CRM speaks of a record that had ended in this one already."""
    written: Callable[[], Sequence[CookieName]] = tuple
    """Tells the cookies that the bridge wrote for it; asked only where a rule forgets them."""
    skip: Collection[str] = ()
    """Rules that an earlier translation has carried out."""
    translation: int = 1


@dataclass(frozen=True, kw_only=True)
class Translation:
    """What one event becomes."""

    outcomes: tuple[Outcome, ...]
    record: Record
    """The record with its customers and remembered fields as they are after this event."""
    moved: Map[str, str | None] = field(default_factory=dict)
    """The customers that it had before, each with the one that has taken its place."""


def translate(mapping: Mapping, event: Event, *, past: Past, now: datetime, limits: Limits) -> Translation:
    """Whether a `once` was used before is for the caller to find out."""
    at = stamp(event, past.translation)
    known = joined(event, past.known, past.joined)
    rules = [rule for rule in mapping.rules or () if rule.name not in past.skip]
    if known and known.forgotten and at < known.forgotten:
        return Translation(outcomes=tuple(_too_late(rule) for rule in rules), record=known)
    fields = remembered(event, known, mapping.source.remember, at)
    scope = {**event.scope(), "record": merged(event, fields), "tables": mapping.tables}
    ids, problem = ids_after(mapping, scope, known, fields, at)
    record = Record(
        source=event.source,
        record_id=event.record_id,
        ids=ids,
        fields=fields,
        forgotten=known.forgotten if known else None,
    )
    case = Case(
        mapping=mapping,
        event=event,
        scope=scope,
        customers=record.customers,
        customers_problem=problem,
        written=past.written,
        has_ended=past.has_ended,
        now=now,
        limits=limits,
        at=at,
        stamp=at.as_text(),
        fields=fields,
    )
    outcomes = tuple(_outcome(rule, case) for rule in rules)
    if any(rule.forget and _forgets(rule, case) for rule in rules):
        return Translation(outcomes=outcomes, record=_forgotten_record(event, at))
    return Translation(outcomes=outcomes, record=record, moved=_moved(mapping, past, record))


def _too_late(rule: Rule) -> Outcome:
    reason = "the record was forgotten after this change"
    return Outcome(rule=rule.name, kind=OutcomeKind.IGNORED, reason=reason)


def _forgets(rule: Rule, case: Case) -> bool:
    """Also where nothing is there to be deleted: what is remembered goes."""
    try:
        return not case.has_ended and holds(rule.when, case.scope, "when")
    except NotTranslated:
        return False


def _forgotten_record(event: Event, at: Stamp) -> Record:
    return Record(source=event.source, record_id=event.record_id, forgotten=at)


def _moved(mapping: Mapping, past: Past, after: Record) -> Map[str, str | None]:
    if mapping.on_customer_change is OnCustomerChange.KEEP:
        return {}
    before = [*past.joined, *([past.known] if past.known else [])]
    return replaced(before, after)


def _outcome(rule: Rule, case: Case) -> Outcome:
    try:
        return _translated(rule, case)
    except Ignored as reason:
        return Outcome(rule=rule.name, kind=OutcomeKind.IGNORED, reason=str(reason))
    except NotTranslated as reason:
        return Outcome(rule=rule.name, kind=OutcomeKind.REJECTED, reason=str(reason))


def _translated(rule: Rule, case: Case) -> Outcome:
    if not holds(rule.when, case.scope, "when"):
        raise Ignored("its `when` does not hold")
    requests = list(_requests(rule.action, case))
    return Outcome(
        rule=rule.name,
        kind=OutcomeKind.TRANSLATED,
        deliveries=tuple(_delivery(rule, case, item, request) for item, request in enumerate(requests)),
        once=_once(rule, case),
        stop=_stop(rule, case),
    )


def _requests(action: Action, case: Case) -> Iterator[Request]:
    match action:
        case Group():
            yield from group.requests(action, case)
        case FastPath():
            yield insert.request(action, case)
        case Forget():
            yield from _forgotten(case)
        case OtherOperation():
            yield operate.request(action, case)


def _forgotten(case: Case) -> Iterator[Request]:
    if case.has_ended:
        raise Ignored("the record has ended in another one, which lives on")
    written = case.written()
    if not written:
        raise Ignored("nothing was written for this record")
    stamp = case.stamp
    yield from group.deletions((name, stamp) for name in written)


def _once(rule: Rule, case: Case) -> OnceKey | None:
    if rule.once is None:
        return None
    key = text_of(rule.once.per, case.scope, "once.per")
    if not key:
        raise Rejected("once.per: empty text would make all events one; name something that every event has")
    return OnceKey(rule=rule.name, key=key, until=case.now + rule.once.within if rule.once.within else None)


def _stop(rule: Rule, case: Case) -> Stop | None:
    if rule.stops is None:
        return None
    customer = text_or_empty(rule.stops.customer, case.scope, "stops.customer")
    if not customer:
        raise Rejected("stops.customer: empty; give the id that the deliveries are about")
    return Stop(customer=customer, operations=rule.stops.operations)


def _delivery(rule: Rule, case: Case, item: int, request: Request) -> Delivery:
    return Delivery(
        event_id=case.event.id,
        rule=rule.name,
        item=item,
        mapping_version=case.mapping.version,
        operation=request.operation,
        params=request.params,
        body=request.body,
        customers=request.customers,
        order_key=request.order_key,
        hold=rule.hold,
        repeatable=_is_repeatable(request),
        changed_at=changed_at(case.event),
        stamp=case.stamp,
        stamps=request.stamps,
        expires_at=request.expires_at,
    )


def _is_repeatable(request: Request) -> bool:
    return operation(request.operation).repeatable if request.repeatable is None else request.repeatable
