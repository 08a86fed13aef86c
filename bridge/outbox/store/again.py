"""Rules that a person wants translated again for an event, although they were carried out."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, delete, select, tuple_

from bridge.db import insert
from bridge.model import DeliveryState
from bridge.tables import deliveries, events, replays

MADE = (DeliveryState.DELIVERED, DeliveryState.WAITING, DeliveryState.CLAIMED, DeliveryState.UNKNOWN)
"""What must not be repeated blindly is not made again while it is in one of these states."""


def want(conn: Connection, event_id: int, rule: str, *, even_made: bool) -> None:
    row = insert(conn, replays).values(event_id=event_id, rule=rule, again=even_made)
    conn.execute(row.on_conflict_do_update(index_elements=replays.primary_key, set_={"again": even_made}))


def wanted(conn: Connection, event_ids: Collection[int]) -> dict[int, dict[str, bool]]:
    """By event the rules, each with whether also what was made before is made again."""
    found: dict[int, dict[str, bool]] = {}
    for row in conn.execute(select(replays).where(replays.c.event_id.in_(event_ids))):
        found.setdefault(row.event_id, {})[row.rule] = row.again
    return found


def forget(conn: Connection, event_ids: Collection[int]) -> None:
    """They have been translated."""
    conn.execute(delete(replays).where(replays.c.event_id.in_(event_ids)))


def made(conn: Connection, event_id: int, rule: str) -> dict[int, tuple[int, str]]:
    """Of the items that were made before and are not over in vain: the delivery and its state."""
    c = deliveries.c
    its = (c.event_id == event_id) & (c.rule == rule) & c.state.in_(MADE)
    return {row.item: (row.id, row.state) for row in conn.execute(select(c.item, c.id, c.state).where(its))}


def sources_of(conn: Connection, delivery_ids: Sequence[int]) -> list[tuple[int, str, str]]:
    """(event, source, rule) of these deliveries, as far as they are dead; each once, the oldest event first."""
    c = deliveries.c
    theirs = c.id.in_(delivery_ids) & (c.state == DeliveryState.DEAD)
    rows = conn.execute(select(c.event_id, c.source, c.rule).where(theirs).distinct().order_by(c.event_id, c.rule))
    return [(row.event_id, row.source, row.rule) for row in rows]


def dead_of(conn: Connection, found: Sequence[tuple[int, str]]) -> list[int]:
    """The dead deliveries of these (event, rule)."""
    c = deliveries.c
    theirs = tuple_(c.event_id, c.rule).in_(found) & (c.state == DeliveryState.DEAD)
    return list(conn.execute(select(c.id).where(theirs).order_by(c.id)).scalars())


def next_translation(conn: Connection, event_id: int) -> int:
    """The number that the event's next replay will have."""
    number: int = conn.execute(select(events.c.translation).where(events.c.id == event_id)).scalar_one()
    return number + 1
