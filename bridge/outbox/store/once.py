"""At most once per (source, rule, key) within a time: what keeps a person from being dialled for each later edit."""

from sqlalchemy import Connection, select

from bridge.db import insert
from bridge.model import Event, OnceKey
from bridge.tables import onces


def is_first(conn: Connection, event: Event, once: OnceKey) -> bool:
    """Take the key for this event; False where another has it and its time is not over. What is ours stays ours."""
    taken = {"until": once.until, "event_id": event.id}
    row = insert(conn, onces).values(source=event.source, rule=once.rule, key=once.key, **taken)
    is_free = (onces.c.until <= event.received_at) | (onces.c.event_id == event.id)
    take = row.on_conflict_do_update(index_elements=onces.primary_key, set_=taken, where=is_free)
    return conn.execute(take.returning(onces.c.event_id)).first() is not None


def is_free(conn: Connection, event: Event, once: OnceKey) -> bool:
    """Whether `is_first` would say so; nothing is taken."""
    its = (onces.c.source == event.source) & (onces.c.rule == once.rule) & (onces.c.key == once.key)
    holder = conn.execute(select(onces.c.event_id, onces.c.until).where(its)).first()
    if not holder or holder.event_id == event.id:
        return True
    return holder.until is not None and holder.until <= event.received_at
