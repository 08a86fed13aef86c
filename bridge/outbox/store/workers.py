"""Which workers live. A claim holds as long as its worker does, so there is nothing to renew for each claim."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select, text, union

from bridge.db import insert
from bridge.tables import deliveries, readers, workers

HOLDERS = union(
    select(deliveries.c.claimed_by).where(text("deliveries.state = 'claimed'")),  # as the partial index has it
    select(readers.c.worker).where(readers.c.worker.is_not(None)),
)
"""The workers that others wait for."""


def beat(conn: Connection, name: str, alive_until: datetime) -> None:
    """Be alive until then, also if the others had given this worker up."""
    line = insert(conn, workers).values(name=name, alive_until=alive_until)
    conn.execute(line.on_conflict_do_update(index_elements=["name"], set_={"alive_until": alive_until}))


def leave(conn: Connection, name: str) -> None:
    """End in order: whatever it still holds is free at once."""
    conn.execute(delete(workers).where(workers.c.name == name))


def alive(conn: Connection, now: datetime) -> frozenset[str]:
    return frozenset(conn.execute(select(workers.c.name).where(workers.c.alive_until > now)).scalars())


def gone(conn: Connection, now: datetime) -> tuple[str, ...]:
    """The workers that hold something and do not live: take it back. Those that hold nothing are forgotten."""
    holders: Sequence[str] = conn.execute(HOLDERS).scalars().all()
    is_over = workers.c.alive_until <= now
    conn.execute(delete(workers).where(is_over, workers.c.name.not_in(holders)))
    return tuple(sorted(set(holders) - alive(conn, now)))
