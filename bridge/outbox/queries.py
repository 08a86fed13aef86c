"""What people ask about deliveries."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, select, true

from bridge.inbox.queries import Wanted
from bridge.model import Delivery, DeliveryState
from bridge.outbox.store.queue import IS_UNFINISHED, Attempt
from bridge.tables import attempts, deliveries, delivery_customers, events

LINE = ("id", "event_id", "rule", "operation", "state", "attempts", "due_at", "reason")


@dataclass(frozen=True, kw_only=True)
class DeliveryLine:
    id: int
    event_id: int
    source: str
    rule: str
    operation: str
    state: str
    attempts: int
    due_at: datetime
    reason: str


def list_deliveries(conn: Connection, wanted: Wanted) -> list[DeliveryLine]:
    """The newest first."""
    query = select(deliveries, events.c.source).join(events).where(_matching(wanted))
    rows = conn.execute(query.order_by(deliveries.c.id.desc()).limit(wanted.limit)).mappings()
    return [DeliveryLine(source=row["source"], **{name: row[name] for name in LINE}) for row in rows]


def _matching(wanted: Wanted) -> ColumnElement[bool]:
    asked = {events.c.source: wanted.source, events.c.type: wanted.type, deliveries.c.state: wanted.state}
    conditions = [column == value for column, value in asked.items() if value is not None]
    if wanted.since:
        conditions.append(events.c.received_at >= wanted.since)
    if wanted.until:
        conditions.append(events.c.received_at < wanted.until)
    if wanted.customer is not None:
        theirs = select(delivery_customers.c.delivery_id).where(delivery_customers.c.customer == wanted.customer)
        conditions.append(deliveries.c.id.in_(theirs))
    return and_(true(), *conditions)


def attempts_of(conn: Connection, delivery_id: int) -> list[Attempt]:
    rows = conn.execute(
        select(attempts).where(attempts.c.delivery_id == delivery_id).order_by(attempts.c.id)
    ).mappings()
    names = ("at", "worker", "status", "message", "took_s", "verdict")
    return [Attempt(**{name: row[name] for name in names}) for row in rows]


def of_event(conn: Connection, event_id: int) -> list[DeliveryLine]:
    query = select(deliveries, events.c.source).join(events).where(deliveries.c.event_id == event_id)
    rows = conn.execute(query.order_by(deliveries.c.id)).mappings()
    return [DeliveryLine(source=row["source"], **{name: row[name] for name in LINE}) for row in rows]


def counts_by_state(conn: Connection) -> dict[str, int]:
    rows = conn.execute(select(deliveries.c.state, func.count()).group_by(deliveries.c.state))
    return {state: number for state, number in rows}


def why(conn: Connection, delivery: Delivery, now: datetime) -> str:
    """Why it has not arrived yet, or what became of it, in one sentence without its full stop."""
    return _why(conn, delivery, now).rstrip(".")


def _why(conn: Connection, delivery: Delivery, now: datetime) -> str:
    if delivery.state is not DeliveryState.WAITING:
        return _not_waiting(delivery)
    if ahead := _ahead(conn, delivery):
        return f"it waits for delivery {ahead[0]} ({ahead[1]}), which is older and has the same order key"
    if delivery.due_at and delivery.due_at > now:
        in_s = (delivery.due_at - now).total_seconds()
        return f"it is tried again in {in_s:.0f} s, after attempt {delivery.attempts}: {delivery.reason}"
    return "it is due; a worker takes it next, if one is running (bridge run, or bridge worker)"


def _not_waiting(delivery: Delivery) -> str:
    match delivery.state:
        case DeliveryState.CLAIMED:
            return "it is being sent at this moment"
        case DeliveryState.UNKNOWN:
            return (
                f"it may have been carried out; look at Alvaria, then confirm, retry or discard it ({delivery.reason})"
            )
        case _:
            return f"it is {delivery.state}" + (f": {delivery.reason}" if delivery.reason else "")


def _ahead(conn: Connection, delivery: Delivery) -> tuple[int, str] | None:
    """The delivery that must be settled before this one may go."""
    c = deliveries.c
    is_ahead = and_(c.order_key == delivery.order_key, c.id < delivery.id, IS_UNFINISHED)
    row = conn.execute(select(c.id, c.state).where(is_ahead).order_by(c.id).limit(1)).first()
    return (row[0], row[1]) if row else None
