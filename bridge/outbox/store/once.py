"""At most once per (source, rule, key) within a time: what keeps a person from being dialled for each later edit."""

from sqlalchemy import Connection

from bridge.db import insert
from bridge.model import Event, OnceKey
from bridge.tables import onces


def is_first(conn: Connection, event: Event, once: OnceKey) -> bool:
    """Take the key for this event; False where another has it and its time is not over."""
    taken = {"until": once.until, "event_id": event.id}
    row = insert(conn, onces).values(source=event.source, rule=once.rule, key=once.key, **taken)
    is_over = onces.c.until <= event.received_at
    take = row.on_conflict_do_update(index_elements=onces.primary_key, set_=taken, where=is_over)
    return conn.execute(take.returning(onces.c.event_id)).first() is not None
