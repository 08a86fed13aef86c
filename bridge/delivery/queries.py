"""What people ask about what is being delivered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select, text

from bridge.alvaria.operations import OPERATIONS
from bridge.delivery import store
from bridge.delivery.budget import Budget, Rate
from bridge.delivery.pause import applies
from bridge.delivery.why import Circumstances, Claimant
from bridge.model import Delivery
from bridge.outbox.store import workers
from bridge.outbox.store.ledger import IDENTITY
from bridge.outbox.store.queue import IS_UNFINISHED, delivery_in
from bridge.tables import cookies, deliveries, events, writes

_same_cookie = and_(*(writes.c[name] == cookies.c[name] for name in IDENTITY))
# The conditions of partial indexes are written out: with a parameter in them no database would use the index.
WAITING = text("SELECT count(*) FROM deliveries WHERE state = 'waiting'")
OLDEST_DELIVERY = (
    select(deliveries.c.waiting_since).where(text("state = 'waiting'")).order_by(deliveries.c.waiting_since).limit(1)
)
OLDEST_EVENTS = [
    select(events.c.received_at).where(
        events.c.id == select(func.min(events.c.id)).where(text(f"state = '{state}'")).scalar_subquery()
    )
    for state in ("new", "fetching")
]


def circumstances(conn: Connection, delivery: Delivery, rate: Rate | None, now: datetime) -> Circumstances:
    """What `why` judges by."""
    known = OPERATIONS.get(delivery.operation)
    category = known.category if known else ""
    alive = workers.alive(conn, now)
    names = {"source": delivery.source, "rule": delivery.rule, "operation": delivery.operation}
    return Circumstances(
        delivery=delivery,
        now=now,
        rate=rate,
        budget=next((one for one in store.all_budgets(conn) if one.name == category), Budget(name=category)),
        pause=applies(store.all_pauses(conn), **names, category=category),
        ahead=_ahead(conn, delivery),
        out_with=_out_with(conn, delivery.id),
        newer=_newer(conn, delivery.id),
        claimant=_claimant(conn, delivery.id, alive),
        workers=len(alive),
    )


def _ahead(conn: Connection, delivery: Delivery) -> Delivery | None:
    c = deliveries.c
    is_ahead = and_(c.order_key == delivery.order_key, c.id < delivery.id, IS_UNFINISHED)
    row = conn.execute(select(deliveries).where(is_ahead).order_by(c.id).limit(1)).mappings().first()
    return delivery_in(row) if row and delivery.order_key else None


def _lines(conn: Connection, delivery_id: int, column: ColumnElement[Any], state: str) -> list[int]:
    """Of the ledger's lines of its cookies, as far as what it does to them is in this state."""
    its = and_(writes.c.delivery_id == delivery_id, writes.c.state == state)
    found = conn.execute(select(column).select_from(writes).join(cookies, _same_cookie).where(its)).scalars()
    return [number for number in found if number not in (None, delivery_id)]


def _out_with(conn: Connection, delivery_id: int) -> int | None:
    out = writes.alias("out")
    same = [out.c[name] == writes.c[name] for name in ("customer", "key", "channel", "service")]
    its = and_(writes.c.delivery_id == delivery_id, writes.c.state == "waiting", text("out.state = 'claimed'"))
    found = select(func.min(out.c.delivery_id)).select_from(writes).join(out, and_(*same)).where(its)
    return conn.execute(found).scalar()


def _newer(conn: Connection, delivery_id: int) -> int | None:
    newest = func.coalesce(cookies.c.asked_by, cookies.c.written_by)
    return max(_lines(conn, delivery_id, newest, "superseded"), default=None)


def _claimant(conn: Connection, delivery_id: int, alive: frozenset[str]) -> Claimant | None:
    c = deliveries.c
    row = conn.execute(select(c.claimed_by, c.claimed_at).where(c.id == delivery_id)).one()
    if not row.claimed_by or not row.claimed_at:
        return None
    return Claimant(name=row.claimed_by, since=row.claimed_at, lives=row.claimed_by in alive)


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """What waits for the workers."""

    deliveries: int
    """How many."""
    oldest_delivery: datetime | None
    """Since when the one waits that has waited longest."""
    oldest_event: datetime | None


def backlog(conn: Connection) -> Backlog:
    """By the indexes of what waits alone: nothing here grows with what is over."""
    found = [conn.execute(query).scalar() for query in OLDEST_EVENTS]
    return Backlog(
        deliveries=conn.execute(WAITING).scalar_one(),
        oldest_delivery=conn.execute(OLDEST_DELIVERY).scalar(),
        oldest_event=min((moment for moment in found if moment), default=None),
    )
