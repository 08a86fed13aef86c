"""What workers and people do to the queue, each in a transaction of its own."""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from bridge.db import Database
from bridge.inbox import store as inbox
from bridge.model import Delivery, DeliveryState, Event, Stamp, Verdict
from bridge.outbox.plan import DELETE, UPSERT, Item, Room
from bridge.outbox.store import claim as claims
from bridge.outbox.store import queue
from bridge.outbox.store import settle as ends
from bridge.outbox.store.claim import Claim
from bridge.outbox.store.settle import Request
from bridge.tables import cookies, deliveries, writes
from tests.words import NOON, event, upsert, webhook

INSERT = "campaign.insertFastPathRecords"
WORKER = "host/1/a"
DOUBT = timedelta(seconds=100)
ROOM = Room(settings=100, bytes=100_000)
_numbers = itertools.count(1)


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def group(
    contents: dict[str, str], at: datetime = NOON, *, expires_at: datetime = NOON + timedelta(days=90), **more: Any
) -> Delivery:
    """A write of these cookies, asked for by a change at this time."""
    settings = [
        {
            "customerId": "7",
            "key": key,
            "content": content,
            "channel": "all",
            "service": "",
            "expiresOnTime": expires_at.isoformat(),
        }
        for key, content in contents.items()
    ]
    return upsert(body={"settings": settings}, changed_at=at, **more)


def deletion(*keys: str, at: datetime = NOON, **more: Any) -> Delivery:
    params = {"customer": "7", "key": ",".join(keys), "channel": "all", "service": ""}
    return upsert(operation=DELETE, params=params, body=None, changed_at=at, **more)


def given(database: Database, *found: Delivery, now: datetime = NOON) -> list[int]:
    """Put them into the queue, as one event asks for them; return their numbers."""
    key = f"evt-{next(_numbers)}"
    with database.transaction() as conn:
        inbox.keep(conn, webhook(), (event(dedup_key=key),))
        [(made, _)] = inbox.next_new(conn, ["generic"], 1)
        inbox.mark_done(conn, [made.id])
        queue.add(conn, [(made, one) for one in found], now=now)
        return _of_event(conn, made)


def _of_event(conn: Any, made: Event) -> list[int]:
    return list(conn.execute(select(deliveries.c.id).where(deliveries.c.event_id == made.id).order_by("id")).scalars())


def claim(
    database: Database, operation: str = UPSERT, *, worker: str = WORKER, now: datetime = NOON, **asked: Any
) -> tuple[Item, ...]:
    with database.transaction() as conn:
        items = claims.claim(conn, operation, Claim(**{"worker": worker, "now": now, "room": ROOM, **asked}))
    _claimed_at.update({(worker, item.delivery.id): now for item in items})
    return items


_claimed_at: dict[tuple[str, int], datetime] = {}
"""When the worker has claimed a delivery last, as it would know itself."""


def numbers(items: Sequence[Item]) -> list[int]:
    return [item.delivery.id for item in items]


def contents(items: Sequence[Item]) -> dict[str, str]:
    """What is sent, by key."""
    return {member["key"]: member["content"] for item in items for member in item.members}


def settle(
    database: Database, items: Sequence[Item], verdict: Verdict, *, worker: str = WORKER, now: datetime = NOON
) -> list[int]:
    """Those that the verdict is true of."""
    claimed_at = _claimed_at.get((worker, items[0].delivery.id), now) if items else now
    with database.transaction() as conn:
        request = Request(worker=worker, claimed_at=claimed_at, began_at=now, now=now, unsettled_until=now + DOUBT)
        return numbers(ends.settle(conn, items, verdict, request))


def release(database: Database, *gone: str, now: datetime = NOON) -> int:
    with database.transaction() as conn:
        return ends.release(conn, gone or (WORKER,), now=now, unsettled_until=now + DOUBT)


def settle_doubts(database: Database, now: datetime) -> int:
    with database.transaction() as conn:
        return ends.settle_doubts(conn, now=now)


def retry(database: Database, number: int, now: datetime = NOON) -> bool:
    with database.transaction() as conn:
        return queue.retry(conn, number, now=now)


def discard(database: Database, number: int, now: datetime = NOON) -> bool:
    with database.transaction() as conn:
        return queue.discard(conn, number, reason="not wanted", now=now)


def confirm(database: Database, number: int, now: datetime = NOON) -> bool:
    with database.transaction() as conn:
        return queue.confirm(conn, number, now=now)


def found(database: Database, number: int) -> Delivery:
    with database.reading() as conn:
        delivery = queue.find(conn, number)
    assert delivery
    return delivery


def state(database: Database, number: int) -> DeliveryState:
    return found(database, number).state


def states(database: Database, wanted: Sequence[int]) -> list[str]:
    return [str(state(database, number)) for number in wanted]


def write_states(database: Database, number: int) -> dict[str, str]:
    """By key."""
    with database.reading() as conn:
        query = select(writes.c.key, writes.c.state).where(writes.c.delivery_id == number)
        return {key: state for key, state in conn.execute(query)}


def line(database: Database, key: str) -> dict[str, Any]:
    """What the ledger knows of this cookie."""
    with database.reading() as conn:
        return dict(conn.execute(select(cookies).where(cookies.c.key == key)).mappings().one())


def stamp_of(at: datetime) -> str:
    return Stamp(at, -1, at, 0, 1).as_text()
