"""The queue of deliveries. `_move` is the only door for a change of state."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, bindparam, exists, func, select, update

from bridge.db import notify
from bridge.mappings.case import order_key
from bridge.model import Dead, Delivered, Delivery, DeliveryState, Event, Priority, Retry, Unknown, Verdict
from bridge.outbox.store import ledger
from bridge.tables import attempts, deliveries, delivery_customers
from bridge.tables.columns import plain

FREED = {"claimed_by": None, "claimed_until": None}
UNFINISHED = (DeliveryState.WAITING, DeliveryState.CLAIMED, DeliveryState.UNKNOWN)

_earlier = deliveries.alias("earlier")
_is_blocked = exists().where(
    _earlier.c.order_key == deliveries.c.order_key,
    _earlier.c.id < deliveries.c.id,
    _earlier.c.state.in_(UNFINISHED),
)
# Built once: putting a statement together takes longer than running it.
NEXT_DUE = (
    select(deliveries)
    .where(deliveries.c.state == DeliveryState.WAITING, deliveries.c.due_at <= bindparam("now"), ~_is_blocked)
    .where(deliveries.c.operation.not_in(bindparam("held", expanding=True)))
    .order_by(deliveries.c.priority, deliveries.c.id)
    .limit(1)
    .with_for_update(skip_locked=True, of=deliveries)
)


def add(conn: Connection, event: Event, found: Sequence[Delivery], *, now: datetime) -> None:
    """Put deliveries into the queue, and the cookies that they will write into the ledger."""
    if not found:
        return
    notify(conn)
    put = deliveries.insert().returning(deliveries.c.id, sort_by_parameter_order=True)
    ids = conn.execute(put, [_row(event, delivery, now) for delivery in found]).scalars().all()
    added = [replace(delivery, id=number) for delivery, number in zip(found, ids, strict=True)]
    _name_customers(conn, added)
    for delivery in added:
        ledger.intend(conn, event, delivery)


def _name_customers(conn: Connection, added: Sequence[Delivery]) -> None:
    names = {(plain(customer), delivery.id) for delivery in added for customer in delivery.customers}
    if names:
        rows = [{"customer": customer, "delivery_id": number} for customer, number in sorted(names)]
        conn.execute(delivery_customers.insert(), rows)


def _row(event: Event, delivery: Delivery, now: datetime) -> dict[str, object]:
    return {
        "event_id": event.id,
        "rule": delivery.rule,
        "item": delivery.item,
        "mapping_version": delivery.mapping_version,
        "operation": delivery.operation,
        "params": dict(delivery.params),
        "body": delivery.body,
        "customers": list(delivery.customers),
        "order_key": delivery.order_key,
        "repeatable": delivery.repeatable,
        "changed_at": delivery.changed_at,
        "expires_at": delivery.expires_at,
        "priority": delivery.priority,
        "state": delivery.state,
        "waiting_since": now,
        "due_at": now,
    }


def claim_next(
    conn: Connection, *, worker: str, now: datetime, lease: timedelta, held: Iterable[str] = ()
) -> Delivery | None:
    """The delivery to send next, claimed for `worker` until the lease ends; None if nothing is due.

    Of one order key only the oldest can be claimed, and only when none before it is out or in doubt.
    `held` are operations that wait as a whole.
    """
    row = conn.execute(NEXT_DUE, {"now": now, "held": list(held)}).mappings().first()
    if not row:
        return None
    claim = {"claimed_by": worker, "claimed_until": now + lease, "attempts": deliveries.c.attempts + 1}
    if not _move(conn, row["id"], (DeliveryState.WAITING,), DeliveryState.CLAIMED, claim):
        return None
    return _delivery(row)


def settle(conn: Connection, delivery: Delivery, verdict: Verdict, *, worker: str, now: datetime) -> bool:
    """Write the verdict down; False if the claim was lost meanwhile: then what became of it since stands."""
    state, values = _outcome(verdict, now)
    is_ours = deliveries.c.claimed_by == worker
    if not _move(conn, delivery.id, (DeliveryState.CLAIMED,), state, {**values, **FREED}, is_ours):
        return False
    if isinstance(verdict, Delivered):
        ledger.note_delivered(conn, delivery, now)
    return True


def _outcome(verdict: Verdict, now: datetime) -> tuple[DeliveryState, dict[str, Any]]:
    match verdict:
        case Delivered():
            return DeliveryState.DELIVERED, {"finished_at": now, "reason": ""}
        case Dead():
            return DeliveryState.DEAD, {"finished_at": now, "reason": verdict.reason}
        case Unknown():
            return DeliveryState.UNKNOWN, {"reason": verdict.reason}
        case Retry(counts=True):
            return DeliveryState.WAITING, {"due_at": verdict.at, "reason": verdict.reason}
        case Retry():
            uncounted = deliveries.c.attempts - 1
            return DeliveryState.WAITING, {"due_at": verdict.at, "reason": verdict.reason, "attempts": uncounted}


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


def add_attempt(conn: Connection, delivery: Delivery, attempt: Attempt) -> None:
    """Append it; attempts are never changed."""
    conn.execute(attempts.insert().values(delivery_id=delivery.id, **asdict(attempt)))


def release_stalled(conn: Connection, *, now: datetime, gone: Sequence[str] = ()) -> int:
    """Take back what nobody works on: claims that have run out, and those of workers that are gone.

    What must not be repeated blindly may have been carried out: it becomes `unknown`.
    """
    stalled = (deliveries.c.claimed_until <= now) | deliveries.c.claimed_by.in_(gone)
    claimed = update(deliveries).where(deliveries.c.state == DeliveryState.CLAIMED, stalled)
    again = claimed.where(deliveries.c.repeatable.is_(True)).values(
        **FREED, state=DeliveryState.WAITING, due_at=now, reason="the worker that sent it ended; it is sent again"
    )
    doubt = claimed.where(deliveries.c.repeatable.is_(False)).values(
        **FREED, state=DeliveryState.UNKNOWN, reason="the worker ended while it may have been on its way"
    )
    return conn.execute(again).rowcount + conn.execute(doubt).rowcount


def claimants(conn: Connection) -> list[str]:
    """The workers that hold a claim."""
    is_claimed = deliveries.c.state == DeliveryState.CLAIMED
    return list(conn.execute(select(deliveries.c.claimed_by).where(is_claimed).distinct()).scalars())


def retry(conn: Connection, delivery_id: int, *, now: datetime) -> bool:
    """A person wants it sent again as it is."""
    notify(conn)
    values = {"due_at": now, "waiting_since": now, "attempts": 0, "finished_at": None, "reason": "a person retried it"}
    return _move(conn, delivery_id, (DeliveryState.DEAD, DeliveryState.UNKNOWN), DeliveryState.WAITING, values)


def confirm(conn: Connection, delivery_id: int, *, now: datetime) -> bool:
    """A person has seen at Alvaria that it did happen."""
    notify(conn)
    values = {"finished_at": now, "reason": "a person confirmed it"}
    return _move(conn, delivery_id, (DeliveryState.UNKNOWN,), DeliveryState.DELIVERED, values)


def discard(conn: Connection, delivery_id: int, *, reason: str, now: datetime) -> bool:
    """A person does not want it sent any more."""
    notify(conn)
    states = (DeliveryState.WAITING, DeliveryState.DEAD, DeliveryState.UNKNOWN)
    return _move(conn, delivery_id, states, DeliveryState.DISCARDED, {"finished_at": now, "reason": reason})


def _move(
    conn: Connection,
    delivery_id: int,
    before: Sequence[DeliveryState],
    after: DeliveryState,
    values: Mapping[str, Any],
    *conditions: ColumnElement[bool],
) -> bool:
    """Change the state if it is still one of `before`; False if somebody was faster."""
    is_it = (deliveries.c.id == delivery_id) & deliveries.c.state.in_(before)
    return conn.execute(update(deliveries).where(is_it, *conditions).values(**values, state=after)).rowcount == 1


def unfinished(conn: Connection) -> int:
    """How many deliveries wait or are out."""
    is_unfinished = deliveries.c.state.in_((DeliveryState.WAITING, DeliveryState.CLAIMED))
    return conn.execute(select(func.count()).where(is_unfinished)).scalar_one()


def join(conn: Connection, ended: Event, remaining: Event) -> None:
    """What is still to be done for the cookies of a record that has ended goes in order with the remaining one's."""
    theirs = deliveries.c.order_key == order_key(ended, "cookies")
    unfinished = update(deliveries).where(theirs, deliveries.c.state.in_(UNFINISHED))
    conn.execute(unfinished.values(order_key=order_key(remaining, "cookies")))


def find(conn: Connection, delivery_id: int) -> Delivery | None:
    row = conn.execute(select(deliveries).where(deliveries.c.id == delivery_id)).mappings().first()
    return _delivery(row) if row else None


def _delivery(row: RowMapping) -> Delivery:
    same = ("id", "event_id", "rule", "item", "mapping_version", "operation", "params", "body", "order_key")
    also = ("repeatable", "changed_at", "expires_at", "attempts", "due_at", "waiting_since", "reason")
    return Delivery(
        **{name: row[name] for name in same + also},
        customers=tuple(row["customers"]),
        priority=Priority(row["priority"]),
        state=DeliveryState(row["state"]),
    )
