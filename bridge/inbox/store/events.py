"""Events on their way to the rules, and what the rules made of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, select, update

from bridge.db import Prepared, notify
from bridge.model import Event, EventState, Outcome, WebhookState
from bridge.tables import events, outcomes, webhooks

ADD_OUTCOMES = Prepared(
    ("event_id", "translation", "rule", "kind", "reason", "mapping_version", "at"), outcomes.insert()
)


@dataclass(frozen=True, kw_only=True)
class Translation:
    """One going of the rules over one event; a replay is another one."""

    event_id: int
    translation: int
    mapping_version: str
    at: datetime


def next_new(conn: Connection, sources: list[str], at_most: int) -> list[tuple[Event, int]]:
    """The oldest events to translate, of these sources, each with the number of its translation."""
    is_next = (events.c.state == EventState.NEW) & events.c.source.in_(sources)
    rows = conn.execute(_select_events().where(is_next).order_by(events.c.id).limit(at_most)).mappings()
    return [(_event(row), row["translation"]) for row in rows]


def find(conn: Connection, event_id: int) -> Event | None:
    row = conn.execute(_select_events().where(events.c.id == event_id)).mappings().first()
    return _event(row) if row else None


def find_all(conn: Connection, event_ids: Sequence[int]) -> list[Event]:
    """Those that there are, in the order of arrival."""
    rows = conn.execute(_select_events().where(events.c.id.in_(event_ids)).order_by(events.c.id)).mappings()
    return [_event(row) for row in rows]


def _select_events() -> Select[Any]:
    return select(events, webhooks.c.headers).join(webhooks, webhooks.c.id == events.c.webhook_id)


def _event(row: RowMapping) -> Event:
    payload = row["payload"]
    return Event(
        id=row["id"],
        webhook_id=row["webhook_id"],
        source=row["source"],
        type=row["type"],
        record_id=row["record_id"],
        crm_id=row["crm_id"],
        dedup_key=row["dedup_key"],
        occurred_at=row["occurred_at"],
        received_at=row["received_at"],
        tenant=row["tenant"],
        record=payload["record"],
        previous=payload["previous"],
        changed=tuple(payload["changed"]),
        merged=tuple(payload.get("merged", ())),
        sequence=payload.get("sequence"),
        body=payload["body"],
        headers=row["headers"],
        state=EventState(row["state"]),
        problem=row["problem"],
    )


def mark_done(conn: Connection, event_ids: list[int]) -> None:
    conn.execute(update(events).where(events.c.id.in_(event_ids)).values(state=EventState.DONE))


def add_outcomes(conn: Connection, found: Sequence[tuple[Translation, Outcome]]) -> None:
    """Write down what each rule made of its event, in the words that an operator will read."""
    ADD_OUTCOMES.many(
        conn,
        [
            (
                translation.event_id,
                translation.translation,
                outcome.rule,
                outcome.kind,
                outcome.reason,
                translation.mapping_version,
                translation.at,
            )
            for translation, outcome in found
        ],
    )


def translated_rules(conn: Connection, event_id: int) -> frozenset[str]:
    """The rules that an earlier translation of this event has carried out."""
    done = (outcomes.c.event_id == event_id) & (outcomes.c.kind == "translated")
    return frozenset(conn.execute(select(outcomes.c.rule).where(done)).scalars())


def replay(conn: Connection, event_id: int) -> bool:
    """Let the event be translated once more; False where there is no such finished event."""
    notify(conn)
    is_done = (events.c.id == event_id) & (events.c.state == EventState.DONE)
    again = update(events).where(is_done).values(state=EventState.NEW, translation=events.c.translation + 1)
    return conn.execute(again).rowcount == 1


def waiting(conn: Connection) -> int:
    """How many events wait for their translation, or for their record before it."""
    # One state after the other: only so each is counted by its own index.
    counted = [select(func.count()).where(events.c.state == state) for state in (EventState.FETCHING, EventState.NEW)]
    return sum(conn.execute(one).scalar_one() for one in counted)


def unreadable(conn: Connection) -> int:
    """How many verified webhooks could not be read."""
    return conn.execute(select(func.count()).where(webhooks.c.state == WebhookState.UNREADABLE)).scalar_one()
