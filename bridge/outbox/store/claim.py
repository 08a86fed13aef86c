"""Who may go next: the oldest that are due, claimed for one worker.

No query here grows with what waits, nor with what is over.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Select, bindparam, exists, select, text, tuple_, update

from bridge.model import Delivery, DeliveryState, Priority
from bridge.outbox.plan import COOKIES, UPSERT, Item, Judged, Room, WriteState, batch, judge
from bridge.outbox.store import ledger, queue, writes
from bridge.outbox.store.queue import Change
from bridge.tables import deliveries
from bridge.tables.columns import Utc

AT_ONCE = 40
MOST = 200
"""How many are looked at to fill one request."""
LONGEST = 5_000
"""How many are looked at where none of them can go: paused ones step aside, and what newer ones have replaced ends."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

# The conditions of partial indexes are written out: with a parameter in them no database would use the index.
IS_WAITING = text("deliveries.state = 'waiting'")
_earlier = deliveries.alias("earlier")
_is_blocked = exists().where(
    _earlier.c.order_key == deliveries.c.order_key,
    _earlier.c.id < deliveries.c.id,
    text("earlier.order_key <> ''"),
    text("(earlier.state IN ('waiting', 'claimed', 'unknown') OR (earlier.state = 'dead' AND earlier.hold))"),
)
_place = tuple_(deliveries.c.due_at, deliveries.c.id)
NEXT = (
    select(deliveries)
    .where(
        IS_WAITING,
        deliveries.c.operation == bindparam("operation"),
        deliveries.c.priority == bindparam("priority"),
        deliveries.c.due_at <= bindparam("now"),
        _place > tuple_(bindparam("after_due_at", type_=Utc), bindparam("after_id")),
    )
    .order_by(deliveries.c.due_at, deliveries.c.id)
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True, of=deliveries)
)
NEXT_IN_ORDER = NEXT.where(~_is_blocked)
# One step in the index for each operation, whatever waits.
OPERATIONS = text(
    """
    WITH RECURSIVE found(operation) AS (
        SELECT min(operation) FROM deliveries WHERE state = 'waiting' AND operation > ''
        UNION ALL
        SELECT (SELECT min(operation) FROM deliveries WHERE state = 'waiting' AND operation > found.operation)
        FROM found WHERE found.operation IS NOT NULL
    )
    SELECT operation FROM found WHERE operation IS NOT NULL
    """
)
IS_DUE = (
    select(deliveries.c.id)
    .where(
        IS_WAITING,
        deliveries.c.operation == bindparam("operation"),
        deliveries.c.priority == bindparam("priority"),
        deliveries.c.due_at <= bindparam("now"),
    )
    .order_by(deliveries.c.due_at)  # or PostgreSQL might look for it through all of the history
    .limit(1)
)
SOONEST = (
    select(deliveries.c.due_at)
    .where(
        IS_WAITING,
        deliveries.c.operation == bindparam("operation"),
        deliveries.c.priority == bindparam("priority"),
        deliveries.c.due_at > bindparam("now"),
    )
    .order_by(deliveries.c.due_at)
    .limit(1)
)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a worker asks for."""

    worker: str
    now: datetime
    priorities: Sequence[Priority] = tuple(Priority)
    """Which go first."""
    room: Room
    set_apart: Callable[[Delivery], bool] = lambda _: False
    """Whether it must not share a request with those of which nobody suspects anything."""
    put_off: Callable[[Delivery], tuple[datetime, str] | None] = lambda _: None
    """Until when it waits, and why, where its source or its rule is paused."""


def waiting_operations(conn: Connection) -> list[str]:
    """The operations that deliveries wait for, due or not."""
    return list(conn.execute(OPERATIONS).scalars())


def is_any_due(conn: Connection, operations: Iterable[str], now: datetime) -> bool:
    """Whether it is worth asking for the lock."""
    return any(
        conn.execute(IS_DUE, {"operation": operation, "priority": priority, "now": now}).first()
        for operation in operations
        for priority in Priority
    )


def soonest(conn: Connection, operations: Iterable[str], now: datetime) -> datetime | None:
    """When the first of those is due that are not due yet."""
    found = [
        conn.execute(SOONEST, {"operation": operation, "priority": priority, "now": now}).scalar()
        for operation in operations
        for priority in Priority
    ]
    return min((due_at for due_at in found if due_at), default=None)


def claim(conn: Connection, operation: str, asked: Claim) -> tuple[Item, ...]:
    """What shares the operation's next request; empty if nothing can go now."""
    choose = _choose_cookies if operation in COOKIES else _choose_one
    items = choose(conn, operation, asked)
    if items:
        _take(conn, items, asked)
    return items


def _choose_one(conn: Connection, operation: str, asked: Claim) -> tuple[Item, ...]:
    for found in _parts(conn, operation, NEXT_IN_ORDER, asked):
        for delivery in _without_paused(conn, found, asked):
            if not _has_run_out(conn, delivery, asked.now):
                return (Item(delivery=delivery),)
    return ()


def _has_run_out(conn: Connection, delivery: Delivery, now: datetime) -> bool:
    """It was stopped when it was on its way, and has come back."""
    if not delivery.expires_at or delivery.expires_at > now:
        return False
    return queue.discard(conn, delivery.id, reason="stopped while it was on its way, and not sent again", now=now)


def _choose_cookies(conn: Connection, operation: str, asked: Claim) -> tuple[Item, ...]:
    """The newest changes of as many deliveries as fit; those on the way that nobody needs any more are finished."""
    judged: list[Judged] = []
    suspects: set[int] = set()
    items: tuple[Item, ...] = ()
    for found in _parts(conn, operation, NEXT, asked):
        going = _without_paused(conn, found, asked)
        does = writes.of(conn, going)
        part = [judge(delivery, does[delivery.id], asked.now) for delivery in going]
        _finish(conn, part, asked.now)
        judged += part
        suspects |= {delivery.id for delivery in going if asked.set_apart(delivery)}
        items = batch(judged, room=asked.room, suspects=suspects)
        is_full = len(items) < sum(not one.end and not one.waits for one in judged)
        if is_full or (items and (operation != UPSERT or len(judged) >= MOST)):
            break
    return items if operation == UPSERT else items[:1]


def _parts(conn: Connection, operation: str, query: Select[Any], asked: Claim) -> Iterator[list[Delivery]]:
    """Those that are due, a part after the other, until enough were looked at."""
    looked_at = 0
    for priority in asked.priorities:
        after_due_at, after_id = LONG_AGO, 0
        while looked_at < LONGEST:
            where = {"operation": operation, "priority": priority, "now": asked.now, "at_most": AT_ONCE}
            after = {"after_due_at": after_due_at, "after_id": after_id}
            rows = conn.execute(query, {**where, **after}).mappings().all()
            if not rows:
                break
            yield [queue.delivery_in(row) for row in rows]
            looked_at += len(rows)
            after_due_at, after_id = rows[-1]["due_at"], rows[-1]["id"]


def _without_paused(conn: Connection, found: Sequence[Delivery], asked: Claim) -> list[Delivery]:
    """What is paused steps aside, so that nobody has to look past it again and again."""
    paused = [(delivery, until) for delivery in found if (until := asked.put_off(delivery))]
    for (due_at, reason), several in groupby(paused, key=lambda one: one[1]):
        ids = [delivery.id for delivery, _ in several]
        conn.execute(update(deliveries).where(deliveries.c.id.in_(ids)).values(due_at=due_at, reason=reason))
    aside = {delivery.id for delivery, _ in paused}
    return [delivery for delivery in found if delivery.id not in aside]


def _finish(conn: Connection, judged: Sequence[Judged], now: datetime) -> None:
    """Write down what needs no request."""
    settled = [one for each in judged for one in each.settled]
    writes.mark(conn, settled)
    ledger.keep(conn, [write for write, state in settled if state is WriteState.UNCHANGED])
    # The dead last: what they revive may be among the superseded.
    ended = sorted(
        ((one.end, one.item.delivery.id) for one in judged if one.end),
        key=lambda one: (one[0][0] is DeliveryState.DEAD, one),
    )
    for (state, reason), several in groupby(ended, key=lambda one: one[0]):
        ids = [number for _, number in several]
        values = {"finished_at": now, "reason": reason}
        queue.move(conn, ids, Change(before=(DeliveryState.WAITING,), after=state, values=values))
        if state is DeliveryState.DEAD:
            queue.give_up(conn, ids, WriteState.DEAD, now=now)
    late = {write.name for one in judged if not _has_died(one) for write, state in one.settled if state is _LOST}
    queue.count_again(conn, sorted(late), now=now)


_LOST = WriteState.DEAD


def _has_died(one: Judged) -> bool:
    return one.end is not None and one.end[0] is DeliveryState.DEAD


def _take(conn: Connection, items: Sequence[Item], asked: Claim) -> None:
    claimed = {"claimed_by": asked.worker, "claimed_at": asked.now}
    ids = [item.delivery.id for item in items]
    change = Change(before=(DeliveryState.WAITING,), after=DeliveryState.CLAIMED, values=claimed, tried=1)
    queue.move(conn, ids, change)
    # Not all that waits of these deliveries: what one that ran out meanwhile had replaced is not in the request.
    writes.mark(conn, [(write, WriteState.CLAIMED) for item in items for write in item.writes])
