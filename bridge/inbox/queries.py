"""What people ask about events."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select, true

from bridge.tables import events, outcomes, webhooks


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which rows; None leaves a question open."""

    source: str | None = None
    type: str | None = None
    state: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    customer: str | None = None
    rule: str | None = None
    operation: str | None = None
    limit: int = 50


@dataclass(frozen=True, kw_only=True)
class Found:
    """How many there are, and the highest id among them: what comes later was not meant."""

    number: int
    last: int


REJECTED = "rejected"
"""No state of an event: it is done, and a rule's newest outcome is that it was rejected."""


@dataclass(frozen=True, kw_only=True)
class EventLine:
    id: int
    source: str
    type: str
    record_id: str
    received_at: datetime
    state: str
    times_seen: int
    outcomes: Mapping[str, int]
    """How many rules came to which outcome, each in its newest translation."""


@dataclass(frozen=True, kw_only=True)
class OutcomeLine:
    translation: int
    rule: str
    kind: str
    reason: str
    mapping_version: str
    at: datetime


def list_events(conn: Connection, wanted: Wanted) -> list[EventLine]:
    """The newest first."""
    rows = conn.execute(
        select(events).where(_matching(wanted)).order_by(events.c.id.desc()).limit(wanted.limit)
    ).mappings()
    lines = list(rows)
    counts = _outcome_counts(conn, [row["id"] for row in lines])
    return [
        EventLine(
            **{name: row[name] for name in ("id", "source", "type", "record_id", "received_at", "state", "times_seen")},
            outcomes=dict(counts.get(row["id"], {})),
        )
        for row in lines
    ]


def _matching(wanted: Wanted) -> ColumnElement[bool]:
    c = events.c
    asked = {c.source: wanted.source, c.type: wanted.type}
    conditions = [column == value for column, value in asked.items() if value is not None]
    if wanted.state is not None:
        conditions.append(_is_rejected() if wanted.state == REJECTED else c.state == wanted.state)
    if wanted.since:
        conditions.append(c.received_at >= wanted.since)
    if wanted.until:
        conditions.append(c.received_at < wanted.until)
    return and_(true(), *conditions)


def _is_rejected() -> ColumnElement[bool]:
    newest, later = outcomes.alias(), outcomes.alias()
    is_later = and_(
        later.c.event_id == newest.c.event_id,
        later.c.rule == newest.c.rule,
        later.c.translation > newest.c.translation,
    )
    is_it = and_(newest.c.event_id == events.c.id, newest.c.kind == "rejected", ~exists().where(is_later))
    return and_(events.c.state == "done", exists().where(is_it))


def count(conn: Connection, wanted: Wanted) -> Found:
    """Without reading them."""
    counted = select(func.count(events.c.id).label("number"), func.max(events.c.id).label("last"))
    row = conn.execute(counted.where(_matching(wanted))).one()
    return Found(number=row.number, last=row.last or 0)


def next_ids(conn: Connection, wanted: Wanted, *, after: int, last: int, at_most: int) -> list[int]:
    """The first of those with a higher id than `after`, and none higher than `last`."""
    c = events.c
    query = select(c.id).where(_matching(wanted), c.id > after, c.id <= last).order_by(c.id).limit(at_most)
    return list(conn.execute(query).scalars())


def _outcome_counts(conn: Connection, event_ids: list[int]) -> dict[int, Counter[str]]:
    """Of each rule its newest outcome: a replay passes over what was carried out before."""
    c = outcomes.c
    rows = conn.execute(select(c.event_id, c.rule, c.kind).where(c.event_id.in_(event_ids)).order_by(c.id))
    newest = {(event_id, rule): kind for event_id, rule, kind in rows}
    counts: dict[int, Counter[str]] = {}
    for (event_id, _), kind in newest.items():
        counts.setdefault(event_id, Counter())[kind] += 1
    return counts


def outcomes_of(conn: Connection, event_id: int) -> list[OutcomeLine]:
    """What each rule made of the event, in each of its translations."""
    rows = conn.execute(select(outcomes).where(outcomes.c.event_id == event_id).order_by(outcomes.c.id)).mappings()
    names = ("translation", "rule", "kind", "reason", "mapping_version", "at")
    return [OutcomeLine(**{name: row[name] for name in names}) for row in rows]


def counts_by_source(conn: Connection) -> dict[str, dict[str, Any]]:
    """For each source: how many events, how many wait, and when the last one came."""
    rows = conn.execute(
        select(
            events.c.source,
            func.count().label("events"),
            func.sum(events.c.times_seen - 1).label("repetitions"),
            func.max(events.c.received_at).label("last"),
        ).group_by(events.c.source)
    ).mappings()
    found = {row["source"]: dict(row) for row in rows}
    new = select(events.c.source, func.count()).where(events.c.state == "new").group_by(events.c.source)
    for source, number in conn.execute(new):
        found[source]["new"] = number
    return found


def last_received(conn: Connection, sources: Sequence[str]) -> dict[str, datetime]:
    """When each of these sources last sent something that was new."""
    c = webhooks.c
    rows = conn.execute(select(c.source, func.max(c.received_at)).where(c.source.in_(sources)).group_by(c.source))
    return {source: moment for source, moment in rows}


def unreadable_webhooks(conn: Connection, limit: int = 50) -> list[tuple[int, str, datetime, str]]:
    """(id, source, when, problem) of verified webhooks that could not be read; the newest first."""
    is_it = webhooks.c.state == "unreadable"
    rows = conn.execute(select(webhooks).where(is_it).order_by(webhooks.c.id.desc()).limit(limit)).mappings()
    return [(row["id"], row["source"], row["received_at"], row["problem"]) for row in rows]
