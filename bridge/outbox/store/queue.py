"""The queue of deliveries. `_move` is the only door for a change of state."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, func, select, text, update

from bridge.db import notify
from bridge.model import CookieName, Delivery, DeliveryState, Event, Priority
from bridge.outbox.plan import COOKIES, WriteState
from bridge.outbox.store import ledger, writes
from bridge.tables import UNFINISHED, attempts, deliveries, delivery_customers
from bridge.tables.columns import plain

FREED = {"claimed_by": None, "claimed_at": None}
IS_UNFINISHED = text(f"({UNFINISHED})")
PUT = deliveries.insert().returning(deliveries.c.id, sort_by_parameter_order=True)


def add(conn: Connection, found: Sequence[tuple[Event, Delivery]], *, now: datetime) -> None:
    """Put deliveries into the queue, and what they do to cookies into the ledger."""
    if not found:
        return
    notify(conn)
    ids = conn.execute(PUT, [_row(event, delivery, now) for event, delivery in found]).scalars().all()
    added = [(event, replace(delivery, id=number)) for (event, delivery), number in zip(found, ids, strict=True)]
    _name_customers(conn, [delivery for _, delivery in added])
    writes.add(conn, [delivery for _, delivery in added])
    ledger.intend(conn, added)


def _name_customers(conn: Connection, added: Sequence[Delivery]) -> None:
    names = {(plain(customer), delivery.id) for delivery in added for customer in delivery.customers}
    if names:
        rows = [{"customer": customer, "delivery_id": number} for customer, number in sorted(names)]
        conn.execute(delivery_customers.insert(), rows)


def _row(event: Event, delivery: Delivery, now: datetime) -> dict[str, object]:
    return {
        "event_id": event.id,
        "source": event.source,
        "rule": delivery.rule,
        "item": delivery.item,
        "mapping_version": delivery.mapping_version,
        "operation": delivery.operation,
        "params": dict(delivery.params),
        "body": delivery.body,
        "customers": list(delivery.customers),
        "order_key": delivery.order_key,
        "hold": delivery.hold,
        "repeatable": delivery.repeatable,
        "changed_at": delivery.changed_at,
        "stamp": delivery.stamp,
        "expires_at": delivery.expires_at,
        "priority": delivery.priority,
        "state": delivery.state,
        "reason": "",
        "attempts": 0,
        "waiting_since": now,
        "due_at": now,
    }


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
    conn.execute(attempts.insert(), [{"delivery_id": number, **asdict(attempt)} for number in delivery_ids])


def retry(conn: Connection, delivery_id: int, *, now: datetime, priority: Priority | None = None) -> bool:
    """A person wants it sent again as it is; a cookie that has a newer value keeps that."""
    notify(conn)
    values = {"due_at": now, "waiting_since": now, "attempts": 0, "finished_at": None, "reason": "a person retried it"}
    values |= {} if priority is None else {"priority": priority}
    if not move(conn, [delivery_id], (DeliveryState.DEAD, DeliveryState.UNKNOWN), DeliveryState.WAITING, values):
        return False
    delivery = find(conn, delivery_id)
    if delivery and delivery.operation in COOKIES:
        writes.ask_again(conn, delivery_id)
    return True


def confirm(conn: Connection, delivery_id: int, *, now: datetime) -> bool:
    """A person has seen at Alvaria that it did happen."""
    notify(conn)
    values = {"finished_at": now, "reason": "a person confirmed it"}
    return move(conn, [delivery_id], (DeliveryState.UNKNOWN,), DeliveryState.DELIVERED, values) == 1


LEFT = (DeliveryState.WAITING, DeliveryState.DEAD, DeliveryState.UNKNOWN)
"""What a person may give up."""


def discard(
    conn: Connection, delivery_id: int, *, reason: str, now: datetime, states: Sequence[DeliveryState] = LEFT
) -> bool:
    """A person does not want it sent any more; what it had replaced is sent again."""
    notify(conn)
    if not move(conn, [delivery_id], states, DeliveryState.DISCARDED, {"finished_at": now, "reason": reason}):
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
    move(conn, delivery_ids, over, DeliveryState.WAITING, values)


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


def move(
    conn: Connection,
    delivery_ids: Sequence[int],
    before: Sequence[DeliveryState],
    after: DeliveryState,
    values: Mapping[str, Any],
    *conditions: ColumnElement[bool],
) -> int:
    """Change the state of those that are still in one of `before`; return how many. Nobody else changes states."""
    if not delivery_ids:
        return 0
    are_they = deliveries.c.id.in_(delivery_ids) & deliveries.c.state.in_(before)
    return conn.execute(update(deliveries).where(are_they, *conditions).values(**values, state=after)).rowcount


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
