"""Event + mapping -> an outcome for each rule; pure, and whatever the event holds it only ever returns outcomes."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.alvaria.limits import Limits
from bridge.alvaria.operations import operation
from bridge.errors import ExpressionError
from bridge.expressions import MISSING, as_text
from bridge.mappings import group, insert
from bridge.mappings.case import Case, Ignored, NotTranslated, Rejected, Request, holds, text_of
from bridge.mappings.remember import merged, remembered
from bridge.mappings.rules import Action, FastPath, Forget, Group, Mapping, OtherOperation, Rule
from bridge.model import CookieName, Delivery, Event, OnceKey, Outcome, OutcomeKind, Record

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far a CRM's clock may run ahead of ours before we stop believing it."""


@dataclass(frozen=True, kw_only=True)
class Translation:
    """What one event becomes."""

    outcomes: tuple[Outcome, ...]
    record: Record
    """The record with its customers and remembered fields as they are after this event."""


def translate(  # noqa: PLR0913 - each is another thing that a translation depends on, and it reads no other
    mapping: Mapping,
    event: Event,
    *,
    known: Record | None,
    written: Sequence[CookieName],
    now: datetime,
    limits: Limits,
    skip: Collection[str] = (),
) -> Translation:
    """`known` is what is remembered of the event's record, `written` the cookies that the bridge wrote for it.

    Rules named in `skip` are passed over. Whether a `once` was used before is for the caller to find out.
    """
    fields = remembered(event, known, mapping.source.remember, changed_at(event))
    scope = {**event.scope(), "record": merged(event, fields), "tables": mapping.tables}
    customers, problem = _customers(mapping, scope)
    case = Case(
        mapping=mapping,
        event=event,
        scope=scope,
        customers=customers or (known.customers if known else ()),
        customers_problem=problem,
        written=written,
        now=now,
        limits=limits,
    )
    return Translation(
        outcomes=tuple(_outcome(rule, case) for rule in mapping.rules or () if rule.name not in skip),
        record=Record(source=event.source, record_id=event.record_id, customers=case.customers, fields=fields),
    )


def changed_at(event: Event) -> datetime:
    """The CRM's time of the change, which decides what is newest; never far ahead of the arrival."""
    return min(event.occurred_at, event.received_at + CLOCK_TOLERANCE)


def _customers(mapping: Mapping, scope: dict[str, object]) -> tuple[tuple[str, ...], str | None]:
    """The record's customers in the mapping's order, each once; and why they cannot be told."""
    found: dict[str, None] = {}
    for index, template in enumerate(mapping.customers):
        try:
            value = template.or_missing(scope)
            if value is not MISSING and value is not None and value != "":
                found[as_text(value)] = None
        except ExpressionError as error:
            return (), f"customer[{index}]: {error}"
    return tuple(found), None


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
            raise Ignored(f"{action.id} is not carried out by this version of the bridge")


def _forgotten(case: Case) -> Iterator[Request]:
    if not case.written:
        raise Ignored("nothing was written for this record")
    yield from group.deletions(case.written, case)


def _once(rule: Rule, case: Case) -> OnceKey | None:
    if rule.once is None:
        return None
    key = text_of(rule.once.per, case.scope, "once.per")
    if not key:
        raise Rejected("once.per: empty text would make all events one; name something that every event has")
    return OnceKey(rule=rule.name, key=key, until=case.now + rule.once.within if rule.once.within else None)


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
        repeatable=operation(request.operation).repeatable,
        changed_at=changed_at(case.event),
        expires_at=request.expires_at,
    )
