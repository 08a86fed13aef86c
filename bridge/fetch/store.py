"""Events that wait for their record, and who may read it, in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select, update

from bridge.db import insert, notify
from bridge.fetch.asks import Turn
from bridge.fetch.decide import Later, Read, Unfetched, Untouched, Verdict
from bridge.fetch.record import merged
from bridge.inbox import store as inbox
from bridge.model import Event, EventState
from bridge.sources.fetch import Rate
from bridge.tables import events, fetches, readers

AT_ONCE = 200
"""How many events of one record a read serves."""

FETCHING = events.c.state == EventState.FETCHING


def sources_waiting(conn: Connection) -> list[str]:
    """The sources that have events waiting for their record."""
    return list(conn.execute(select(events.c.source).where(FETCHING).distinct()).scalars())


def not_looked_at(conn: Connection, source: str, at_most: int) -> list[Event]:
    """Of each record the first event that waits, where nobody has looked yet whether it needs a read."""
    rows = conn.execute(_firsts(source).where(fetches.c.event_id.is_(None)).limit(at_most))
    return inbox.find_all(conn, [row.id for row in rows])


def due(conn: Connection, source: str, now: datetime, at_most: int) -> list[Turn]:
    """The records whose turn it is, those that came first before the others."""
    is_held = select(readers.c.source).where((readers.c.source == source) & (readers.c.held_until > now))
    if conn.execute(is_held).first():
        return []
    rows = conn.execute(_firsts(source).where(fetches.c.due_at <= now).limit(at_most)).all()
    return [_turn(conn, source, row) for row in rows]


def _firsts(source: str) -> Select[Any]:
    # No later event of a record may overtake the first one, whatever it waits for.
    is_its = FETCHING & (events.c.source == source)
    first = select(func.min(events.c.id).label("id")).where(is_its).group_by(events.c.record_id).subquery()
    known = (fetches.c.attempts, fetches.c.since)
    return (
        select(first.c.id, *known)
        .outerjoin_from(first, fetches, fetches.c.event_id == first.c.id)
        .order_by(first.c.id)
    )  # fmt: skip


def _turn(conn: Connection, source: str, row: Row[Any]) -> Turn:
    of_record = select(events.c.record_id).where(events.c.id == row.id).scalar_subquery()
    is_its = FETCHING & (events.c.source == source) & (events.c.record_id == of_record)
    ids = conn.execute(select(events.c.id).where(is_its).order_by(events.c.id).limit(AT_ONCE)).scalars().all()
    return Turn(events=tuple(inbox.find_all(conn, ids)), attempts=row.attempts, since=row.since)


def line_up(conn: Connection, event_ids: Sequence[int], now: datetime) -> None:
    """These need a read, and may be read from now on."""
    rows = [{"event_id": each, "since": now, "due_at": now, "attempts": 0, "reason": ""} for each in event_ids]
    if rows:
        conn.execute(insert(conn, fetches).values(rows).on_conflict_do_nothing())


def settle(conn: Connection, served: Sequence[Event], verdict: Verdict, now: datetime) -> None:
    """Write the verdict down, for those of the events that still wait."""
    notify(conn)
    waiting = _still_waiting(conn, served)
    match verdict:
        case Read():
            _move(conn, waiting, EventState.NEW, "", now)
            for event in waiting:
                _keep(conn, event, verdict)
        case Untouched():
            _move(conn, waiting, EventState.NEW, verdict.note, now)
        case Unfetched():
            _move(conn, waiting, EventState.UNFETCHED, verdict.reason, now)
        case Later():
            _put_off(conn, waiting, verdict, now)


def _still_waiting(conn: Connection, served: Sequence[Event]) -> list[Event]:
    is_its = events.c.id.in_([event.id for event in served]) & FETCHING
    ids = set(conn.execute(select(events.c.id).where(is_its).with_for_update()).scalars())
    return [event for event in served if event.id in ids]


def _move(conn: Connection, waiting: Sequence[Event], state: EventState, reason: str, now: datetime) -> None:
    ids = [event.id for event in waiting]
    problem = reason if state is EventState.UNFETCHED else None
    conn.execute(update(events).where(events.c.id.in_(ids)).values(state=state, problem=problem))
    if reason:
        line_up(conn, ids, now)
    conn.execute(update(fetches).where(fetches.c.event_id.in_(ids)).values(due_at=None, reason=reason))


def _keep(conn: Connection, event: Event, verdict: Read) -> None:
    """With the event itself, so that a replay needs no new read."""
    is_it = events.c.id == event.id
    payload = conn.execute(select(events.c.payload).where(is_it)).scalar_one()
    payload["record"] = merged(event, verdict.record)
    conn.execute(update(events).where(is_it).values(payload=payload))


def _put_off(conn: Connection, waiting: Sequence[Event], later: Later, now: datetime) -> None:
    ids = [event.id for event in waiting]
    line_up(conn, ids, now)
    attempts = fetches.c.attempts + int(later.counts)
    tried = {"attempts": attempts, "due_at": later.at, "reason": later.reason}
    conn.execute(update(fetches).where(fetches.c.event_id.in_(ids)).values(tried))


@dataclass(frozen=True, kw_only=True)
class Right:
    """To send one request for a source; for a while it is this worker's alone."""

    source: str
    worker: str
    lease: timedelta
    rate: Rate | None


def take(conn: Connection, right: Right, now: datetime) -> bool:
    """False while another worker has it, or the rate is used up."""
    is_it = readers.c.source == right.source
    conn.execute(insert(conn, readers).values(source=right.source, recent=[]).on_conflict_do_nothing())
    row = conn.execute(select(readers).where(is_it).with_for_update()).one()
    if row.worker not in (None, right.worker) and row.until > now:
        return False
    recent = _recent(row.recent, right.rate, now)
    if right.rate and len(recent) >= right.rate.limit:
        return False
    taken = {"worker": right.worker, "until": now + right.lease, "recent": [*recent, now.timestamp()]}
    conn.execute(update(readers).where(is_it).values(taken))
    return True


def _recent(times: list[float], rate: Rate | None, now: datetime) -> list[float]:
    """The requests that still count."""
    return [at for at in times if at > (now - rate.per).timestamp()] if rate else []


def let_go(conn: Connection, source: str) -> bool:
    """Its events wait no longer, since its mapping reads no records any more; False if there was none."""
    notify(conn)
    its = select(events.c.id).where(FETCHING & (events.c.source == source))
    conn.execute(update(fetches).where(fetches.c.event_id.in_(its)).values(due_at=None))
    return conn.execute(update(events).where(events.c.id.in_(its)).values(state=EventState.NEW)).rowcount > 0


def hold(conn: Connection, source: str, until: datetime) -> None:
    """Nothing of this source is asked for until then."""
    conn.execute(update(readers).where(readers.c.source == source).values(held_until=until))


def holders(conn: Connection) -> list[str]:
    """The workers that have the right to read from somewhere."""
    return list(conn.execute(select(readers.c.worker).where(readers.c.worker.is_not(None)).distinct()).scalars())


def free(conn: Connection, workers: Sequence[str]) -> None:
    """These workers have ended: what they had the right to do, others may."""
    conn.execute(update(readers).where(readers.c.worker.in_(workers)).values(worker=None, until=None))


def replay(conn: Connection, event_id: int) -> bool:
    """Let the record be read once more; False where there is no such unfetched event."""
    notify(conn)
    is_it = (events.c.id == event_id) & (events.c.state == EventState.UNFETCHED)
    again = update(events).where(is_it).values(state=EventState.FETCHING, problem=None)
    if conn.execute(again).rowcount != 1:
        return False
    conn.execute(fetches.delete().where(fetches.c.event_id == event_id))
    return True
