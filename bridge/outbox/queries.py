"""What people ask about deliveries."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, literal, select, text, union_all

from bridge.inbox.queries import Found, Wanted
from bridge.outbox.store.queue import Attempt
from bridge.tables import attempts, deliveries, delivery_customers, events, writes

Row = TypeVarTuple("Row")
LINE = ("id", "event_id", "source", "rule", "operation", "state", "attempts", "due_at", "reason")


@dataclass(frozen=True, kw_only=True)
class Dead:
    """Deliveries that have died in the same words."""

    source: str
    rule: str
    operation: str
    reason: str
    number: int
    newest: datetime
    example: int
    """One of them."""


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
    query = _matching(select(deliveries), wanted).order_by(deliveries.c.id.desc()).limit(wanted.limit)
    return [_line(row) for row in conn.execute(query).mappings()]


def lines_of(conn: Connection, delivery_ids: Sequence[int]) -> list[DeliveryLine]:
    """Those that there are."""
    query = select(deliveries).where(deliveries.c.id.in_(delivery_ids)).order_by(deliveries.c.id)
    return [_line(row) for row in conn.execute(query).mappings()]


def _line(row: RowMapping) -> DeliveryLine:
    return DeliveryLine(**{name: row[name] for name in LINE})


def _matching(query: Select[*Row], wanted: Wanted) -> Select[*Row]:
    c = deliveries.c
    asked = {c.source: wanted.source, c.rule: wanted.rule, c.operation: wanted.operation}
    query = query.where(*(column == value for column, value in asked.items() if value is not None))
    if wanted.state in FAILED:
        # Written out, or no database would see that the index of what has failed has them all.
        query = query.where(text("deliveries.state IN ('dead', 'unknown')"))
    if wanted.state is not None:
        query = query.where(c.state == literal(wanted.state, literal_execute=True))
    if wanted.customer is not None:
        named, wrote = delivery_customers.c, writes.c
        theirs = union_all(
            select(named.delivery_id).where(named.customer == wanted.customer),
            select(wrote.delivery_id).where(wrote.customer == wanted.customer),
        )
        query = query.where(c.id.in_(theirs))
    conditions = _of_its_event(wanted)
    return query.join(events, events.c.id == c.event_id).where(*conditions) if conditions else query


FAILED = ("dead", "unknown")


def _of_its_event(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions = [events.c.type == wanted.type] if wanted.type is not None else []
    conditions += [events.c.received_at >= wanted.since] if wanted.since else []
    return conditions + ([events.c.received_at < wanted.until] if wanted.until else [])


def count(conn: Connection, wanted: Wanted) -> Found:
    """Without reading them."""
    counted = select(func.count(deliveries.c.id).label("number"), func.max(deliveries.c.id).label("last"))
    row = conn.execute(_matching(counted, wanted)).one()
    return Found(number=row.number, last=row.last or 0)


def next_ids(conn: Connection, wanted: Wanted, *, after: int, last: int, at_most: int) -> list[int]:
    """The first of those with a higher id than `after`, and none higher than `last`."""
    c = deliveries.c
    query = _matching(select(c.id), wanted).where(c.id > after, c.id <= last).order_by(c.id).limit(at_most)
    return list(conn.execute(query).scalars())


def dead(conn: Connection, wanted: Wanted) -> Iterator[Dead]:
    """One for each source, rule, operation and reason; they are never all in memory."""
    c = deliveries.c
    columns = (c.source, c.rule, c.operation, c.reason)
    counted = (func.count().label("number"), func.max(c.finished_at).label("newest"), func.max(c.id).label("example"))
    query = _matching(select(*columns, *counted), replace(wanted, state="dead")).group_by(*columns)
    for row in conn.execution_options(yield_per=1000).execute(query).mappings():
        yield Dead(**row)


def attempts_of(conn: Connection, delivery_id: int) -> list[Attempt]:
    rows = conn.execute(
        select(attempts).where(attempts.c.delivery_id == delivery_id).order_by(attempts.c.id)
    ).mappings()
    names = ("at", "worker", "status", "message", "took_s", "verdict")
    return [Attempt(**{name: row[name] for name in names}) for row in rows]


def of_event(conn: Connection, event_id: int) -> list[DeliveryLine]:
    query = select(deliveries).where(deliveries.c.event_id == event_id).order_by(deliveries.c.id)
    return [_line(row) for row in conn.execute(query).mappings()]


def counts_by_state(conn: Connection) -> dict[str, int]:
    rows = conn.execute(select(deliveries.c.state, func.count()).group_by(deliveries.c.state))
    return {state: number for state, number in rows}
