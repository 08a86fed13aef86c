"""What people ask about events whose record is read from their CRM."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from bridge.model import EventState
from bridge.tables import events, fetches


@dataclass(frozen=True, kw_only=True)
class Fetch:
    """How it stands with one event's record."""

    attempts: int
    since: datetime
    due_at: datetime | None
    """None where it is over."""
    reason: str

    def __str__(self) -> str:
        if not self.due_at:
            return self.reason
        turn = f"attempt {self.attempts + 1} from {self.due_at:%Y-%m-%d %H:%M:%S}Z"
        return f"{turn}; before: {self.reason}" if self.reason else turn


def of_events(conn: Connection, event_ids: Sequence[int]) -> dict[int, Fetch]:
    """Nothing for events that were never looked at, since they wait behind another one or need no read."""
    rows = conn.execute(select(fetches).where(fetches.c.event_id.in_(event_ids))).mappings()
    names = ("attempts", "since", "due_at", "reason")
    return {row["event_id"]: Fetch(**{name: row[name] for name in names}) for row in rows}


def counts(conn: Connection) -> dict[str, int]:
    """How many events wait for their record, and how many will not get it."""
    wanted = (EventState.FETCHING, EventState.UNFETCHED)
    rows = select(events.c.state, func.count()).where(events.c.state.in_(wanted)).group_by(events.c.state)
    return {state: number for state, number in conn.execute(rows)}
