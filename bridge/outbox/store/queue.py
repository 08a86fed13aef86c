"""The queue of deliveries. `_move` is the only door for a change of state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Integer, RowMapping, bindparam, func, or_, select, text, update

from bridge.db import Prepared, among, next_ids, notify
from bridge.model import CookieName, Delivery, DeliveryState, Event, Priority
from bridge.outbox.plan import COOKIES, WriteState, stamped
from bridge.outbox.store import ledger, writes
from bridge.outbox.store.ledger import CookieChange
from bridge.tables import UNFINISHED, attempts, deliveries, delivery_customers
from bridge.tables.columns import plain

FREED = {"claimed_by": None, "claimed_at": None}
IS_UNFINISHED = text(f"({UNFINISHED})")
COLUMNS = (
    "id", "event_id", "source", "rule", "item", "mapping_version", "operation", "params", "body", "customers",
    "order_key", "hold", "repeatable", "changed_at", "stamp", "expires_at", "priority", "state", "reason", "attempts",
    "waiting_since", "due_at",
)  # fmt: skip
PUT = Prepared(COLUMNS, deliveries.insert())
NAME_CUSTOMERS = Prepared(("customer", "delivery_id"), delivery_customers.insert())
ATTEMPT = Prepared(("delivery_id", "at", "worker", "status", "message", "took_s", "verdict"), attempts.insert())


def add(conn: Connection, found: Sequence[tuple[Event, Delivery]], *, now: datetime) -> None:
    """Put deliveries into the queue, and what they do to cookies into the ledger."""
    if not found:
        return
    notify(conn)
    ids = next_ids(conn, deliveries, len(found))
    added = [(number, *one) for number, one in zip(ids, found, strict=True)]
    PUT.many(conn, [_row(number, event, delivery, now) for number, event, delivery in added])
    NAME_CUSTOMERS.many(conn, _named(added))
    changes = [
        CookieChange(number, place, name, stamp, event, delivery)
        for number, event, delivery in added
        if delivery.operation in COOKIES
        for place, (name, stamp) in enumerate(stamped(delivery))
    ]
    writes.add(conn, changes)
    ledger.intend(conn, changes)


def _named(added: Sequence[tuple[int, Event, Delivery]]) -> list[tuple[str, int]]:
    """Whom they are about. Those of cookies say it in each of their writes."""
    names = {
        (plain(customer), number)
        for number, _, delivery in added
        if delivery.operation not in COOKIES
        for customer in delivery.customers
    }
    return sorted(names)


def _row(number: int, event: Event, delivery: Delivery, now: datetime) -> tuple[object, ...]:
    """In the order of `COLUMNS`."""
    return (
        number,
        event.id,
        event.source,
        delivery.rule,
        delivery.item,
        delivery.mapping_version,
        delivery.operation,
        dict(delivery.params),
        delivery.body,
        delivery.customers,
        delivery.order_key,
        delivery.hold,
        delivery.repeatable,
        delivery.changed_at,
        delivery.stamp,
        delivery.expires_at,
        delivery.priority,
        delivery.state,
        "",
        0,
        now,
        now,
    )


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What one request led to."""

    at: datetime
    worker: str
    status: int | None
    """None: no answer came."""
    message: str
    took_s: float
    verdict: str


def add_attempts(conn: Connection, delivery_ids: Sequence[int], attempt: Attempt) -> None:
    """Append one for each delivery that the request carried; attempts are never changed."""
    said = (attempt.at, attempt.worker, attempt.status, attempt.message, attempt.took_s, attempt.verdict)
    ATTEMPT.many(conn, [(number, *said) for number in delivery_ids])


def retry(conn: Connection, delivery_id: int, *, now: datetime, priority: Priority | None = None) -> bool:
    """A person wants it sent again as it is; a cookie that has a newer value keeps that."""
    notify(conn)
    values = {"due_at": now, "waiting_since": now, "attempts": 0, "finished_at": None, "reason": "a person retried it"}
    values |= {} if priority is None else {"priority": priority}
    failed = (DeliveryState.DEAD, DeliveryState.UNKNOWN)
    if not move(conn, [delivery_id], Change(before=failed, after=DeliveryState.WAITING, values=values)):
        return False
    delivery = find(conn, delivery_id)
    if delivery and delivery.operation in COOKIES:
        writes.ask_again(conn, delivery_id)
    return True


def confirm(conn: Connection, delivery_id: int, *, now: datetime) -> bool:
    """A person has seen at Alvaria that it did happen."""
    notify(conn)
    values = {"finished_at": now, "reason": "a person confirmed it"}
    change = Change(before=(DeliveryState.UNKNOWN,), after=DeliveryState.DELIVERED, values=values)
    return bool(move(conn, [delivery_id], change))


LEFT = (DeliveryState.WAITING, DeliveryState.DEAD, DeliveryState.UNKNOWN)
"""What a person may give up."""


def discard(
    conn: Connection, delivery_id: int, *, reason: str, now: datetime, states: tuple[DeliveryState, ...] = LEFT
) -> bool:
    """A person does not want it sent any more; what it had replaced is sent again."""
    notify(conn)
    values = {"finished_at": now, "reason": reason}
    if not move(conn, [delivery_id], Change(before=states, after=DeliveryState.DISCARDED, values=values)):
        return False
    give_up(conn, [delivery_id], WriteState.DISCARDED, now=now)
    return True


def give_up(conn: Connection, delivery_ids: Sequence[int], after: WriteState, *, now: datetime) -> None:
    """What these deliveries would have written is not written: the changes that they had replaced count again."""
    lost = (WriteState.WAITING, WriteState.CLAIMED, WriteState.DEAD)
    names = writes.names_of(conn, delivery_ids, lost)
    writes.mark_all(conn, delivery_ids, lost, after)
    count_again(conn, names, now=now)


def count_again(conn: Connection, names: Sequence[CookieName], *, now: datetime) -> None:
    """The newest change of these cookies was not made: the one before it counts."""
    wake(conn, writes.ask_for_newest(conn, names), reason="the newer change that had replaced it was not made", now=now)


def wake(conn: Connection, delivery_ids: Sequence[int], *, reason: str, now: datetime) -> None:
    """Something of these finished deliveries is to be sent after all."""
    over = (DeliveryState.DELIVERED, DeliveryState.SUPERSEDED, DeliveryState.UNCHANGED)
    values = {"due_at": now, "waiting_since": now, "attempts": 0, "finished_at": None, "reason": reason}
    move(conn, delivery_ids, Change(before=over, after=DeliveryState.WAITING, values=values))


@dataclass(frozen=True, kw_only=True)
class PutOff:
    """Which of those that are not due yet; None leaves a question open."""

    source: str | None = None
    rule: str | None = None
    operations: Sequence[str] | None = None


def hurry(conn: Connection, of: PutOff, *, now: datetime, at_most: int, after: datetime | None = None) -> int:
    """What was put off (beyond `after`) is due again, as after the end of a pause; return how many."""
    notify(conn)
    c = deliveries.c
    asked = {c.source: of.source, c.rule: of.rule}
    theirs = [column == value for column, value in asked.items() if value is not None]
    if of.operations is not None:
        theirs.append(c.operation.in_(of.operations))
    # Written out, or no database would see that the index of what waits has them all.
    off = select(c.id).where(text("state = 'waiting'"), c.due_at > (after or now), *theirs).limit(at_most)
    return conn.execute(update(deliveries).where(c.id.in_(off)).values(due_at=now)).rowcount


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """One claim: the worker's name is not enough, since what was taken back from it may be its own again."""

    worker: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Change:
    """What becomes of deliveries that are in one of the states `before`."""

    before: tuple[DeliveryState, ...]
    after: DeliveryState
    values: Mapping[str, Any] = field(default_factory=dict)
    tried: int = 0
    """Added to their attempts."""
    claimed: Claimed | None = None
    """Only what this claim still holds."""


def move(conn: Connection, delivery_ids: Sequence[int], change: Change) -> list[int]:
    """Change the state of those that it is true of; return which. Nobody else changes states."""
    if not delivery_ids:
        return []
    claim = (change.claimed.worker, change.claimed.at) if change.claimed else ()
    statement = _moving(change.before, tuple(change.values), change.claimed is not None)
    row = (delivery_ids, change.after, change.tried, *claim, *change.values.values())
    return list(statement.once(conn, *row).scalars())


@cache
def _moving(before: tuple[DeliveryState, ...], names: tuple[str, ...], is_claim: bool) -> Prepared:
    c = deliveries.c
    conditions = [among(c.id, "ids"), or_(*(c.state == state for state in before))]
    if is_claim:
        conditions += [c.claimed_by == bindparam("its_worker"), c.claimed_at == bindparam("its_claimed_at")]
    new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    tried = {"attempts": c.attempts + bindparam("tried", type_=Integer)} if "attempts" not in new else {}
    statement = update(deliveries).where(*conditions).values(**new, **tried, state=bindparam("after"))
    claim = ("its_worker", "its_claimed_at") if is_claim else ()
    return Prepared(("ids", "after", "tried", *claim, *(f"new_{name}" for name in names)), statement.returning(c.id))


def unfinished(conn: Connection) -> int:
    """How many deliveries wait or are out."""
    is_unfinished = deliveries.c.state.in_((DeliveryState.WAITING, DeliveryState.CLAIMED))
    return conn.execute(select(func.count()).where(is_unfinished)).scalar_one()


def find(conn: Connection, delivery_id: int) -> Delivery | None:
    row = conn.execute(select(deliveries).where(deliveries.c.id == delivery_id)).mappings().first()
    return delivery_in(row) if row else None


SAME = (
    "id", "event_id", "rule", "item", "mapping_version", "operation", "params", "body", "order_key", "hold",
    "repeatable", "changed_at", "stamp", "expires_at", "attempts", "due_at", "waiting_since", "reason", "source",
)  # fmt: skip


def delivery_in(row: RowMapping) -> Delivery:
    return Delivery(
        **{name: row[name] for name in SAME},
        customers=tuple(row["customers"]),
        priority=Priority(row["priority"]),
        state=DeliveryState(row["state"]),
    )
