"""Webhooks and events in the database."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Executable, RowMapping, Select, bindparam, func, select, update

from bridge.db import insert
from bridge.model import Event, EventState, Outcome, Webhook, WebhookState
from bridge.tables import events, outcomes, seen, webhooks
from bridge.tables.columns import plain


@dataclass(frozen=True, kw_only=True)
class Kept:
    """How many of a webhook's events were new, and how many we had already."""

    received: int
    duplicates: int


@dataclass(frozen=True, kw_only=True)
class Translation:
    """One going of the rules over one event; a replay is another one."""

    event_id: int
    translation: int
    mapping_version: str
    at: datetime


Arrival = tuple[Webhook, tuple[Event, ...]]
"""A webhook, and what was read from it."""

Key = tuple[str, str]
"""A source, and what it knows an event again by."""


def keep(conn: Connection, webhook: Webhook, found: tuple[Event, ...]) -> Kept:
    """Keep the webhook and those of its events that are new; nothing of it when none is."""
    [kept] = keep_all(conn, [(webhook, found)])
    return kept


def keep_all(conn: Connection, arrivals: Sequence[Arrival]) -> list[Kept]:
    """The same for several: what stands in more than one of them is new in the first."""
    by_key = [_by_key(found) for _, found in arrivals]
    times = Counter(key for each in by_key for key in each)
    taken = _take_keys(conn, {key: event for each in reversed(by_key) for key, event in each.items()})
    left = set(taken)
    new = [_claim(left, each) for each in by_key]
    _add(conn, [(webhook, new[place]) for place, (webhook, found) in enumerate(arrivals) if new[place] or not found])
    _count_again(conn, {key: number - (key in taken) for key, number in times.items()})
    return [
        Kept(received=len(found), duplicates=len(found) - len(mine))
        for (_, found), mine in zip(arrivals, new, strict=True)
    ]


def _by_key(found: tuple[Event, ...]) -> dict[Key, Event]:
    """What stands twice in one webhook counts once. Keys are as the database will give them back."""
    firsts: dict[Key, Event] = {}
    for event in found:
        firsts.setdefault((event.source, plain(event.dedup_key)), event)
    return firsts


def _take_keys(conn: Connection, firsts: Mapping[Key, Event]) -> set[Key]:
    """Those that are not there or whose time is over, also when another process takes keys at this moment."""
    if not firsts:
        return set()
    now = min(event.received_at for event in firsts.values())
    # In one order for all, or two webhooks with the same events would wait for each other.
    rows = [{"source": key[0], "key": key[1], "until": _until(firsts[key]), "now": now} for key in sorted(firsts)]
    return {(source, key) for source, key in conn.execute(_bulk(conn).take_keys, rows)}


def _until(event: Event) -> datetime | None:
    return event.received_at + event.dedup_window if event.dedup_window else None


def _bulk(conn: Connection) -> "Bulk":
    """The statements for this kind of database, built once."""
    kind = conn.dialect.name
    if kind not in BULK:
        row = insert(conn, seen)
        is_over = seen.c.until <= bindparam("now", type_=seen.c.until.type)
        take = row.on_conflict_do_update(
            index_elements=seen.primary_key, set_={"until": row.excluded.until}, where=is_over
        )
        BULK[kind] = Bulk(
            take_keys=take.returning(seen.c.source, seen.c.key),
            # SQLAlchemy would insert one by one where it cannot be sure of the order; SQLite numbers rows as they come.
            add_webhooks=webhooks.insert().returning(webhooks.c.id, sort_by_parameter_order=kind != "sqlite"),
        )
    return BULK[kind]


@dataclass(frozen=True, kw_only=True)
class Bulk:
    """Statements that take many rows at once and give something back for each."""

    take_keys: Executable
    add_webhooks: Executable


BULK: dict[str, Bulk] = {}


def _claim(left: set[Key], firsts: Mapping[Key, Event]) -> list[Event]:
    """The events whose keys are left, which then are no more."""
    mine = [event for key, event in firsts.items() if key in left]
    left.difference_update(firsts)
    return mine


def _add(conn: Connection, arrivals: Sequence[tuple[Webhook, list[Event]]]) -> None:
    if not arrivals:
        return
    ids = sorted(conn.execute(_bulk(conn).add_webhooks, [_webhook_row(webhook) for webhook, _ in arrivals]).scalars())
    rows = [_row(event, number) for number, (_, found) in zip(ids, arrivals, strict=True) for event in found]
    if rows:
        conn.execute(ADD_EVENTS, rows)


ADD_EVENTS = events.insert()


def _webhook_row(webhook: Webhook) -> dict[str, object]:
    return {
        "source": webhook.source,
        "received_at": webhook.received_at,
        "method": webhook.method,
        "url": webhook.url,
        "headers": dict(webhook.headers),
        "body": webhook.body,
        "state": webhook.state,
        "problem": webhook.problem,
    }


def _row(event: Event, webhook_id: int) -> dict[str, object]:
    return {
        "webhook_id": webhook_id,
        "source": event.source,
        "dedup_key": event.dedup_key,
        "type": event.type,
        "record_id": event.record_id,
        "crm_id": event.crm_id,
        "tenant": event.tenant,
        "occurred_at": event.occurred_at,
        "received_at": event.received_at,
        "payload": {
            "record": event.record,
            "previous": event.previous,
            "changed": list(event.changed),
            "merged": list(event.merged),
            "sequence": event.sequence,
            "body": event.body,
        },
        "state": event.state,
        "problem": event.problem,
    }


def _count_again(conn: Connection, repeated: Mapping[Key, int]) -> None:
    """A repetition is one of the newest event with its key; older ones were other changes of the same content."""
    groups: dict[tuple[str, int], list[str]] = {}
    for (source, key), number in repeated.items():
        if number:
            groups.setdefault((source, number), []).append(key)
    for (source, number), keys in groups.items():
        same = (events.c.source == source) & events.c.dedup_key.in_(keys)
        newest = select(func.max(events.c.id)).where(same).group_by(events.c.dedup_key)
        conn.execute(update(events).where(events.c.id.in_(newest)).values(times_seen=events.c.times_seen + number))


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


def add_outcomes(conn: Connection, translation: Translation, found: tuple[Outcome, ...]) -> None:
    """Write down what each rule made of the event, in the words that an operator will read."""
    rows = [
        {**asdict(translation), "rule": outcome.rule, "kind": outcome.kind, "reason": outcome.reason}
        for outcome in found
    ]
    if rows:
        conn.execute(outcomes.insert(), rows)


def translated_rules(conn: Connection, event_id: int) -> frozenset[str]:
    """The rules that an earlier translation of this event has carried out."""
    done = (outcomes.c.event_id == event_id) & (outcomes.c.kind == "translated")
    return frozenset(conn.execute(select(outcomes.c.rule).where(done)).scalars())


def replay(conn: Connection, event_id: int) -> bool:
    """Let the event be translated once more; False where there is no such finished event."""
    is_done = (events.c.id == event_id) & (events.c.state == EventState.DONE)
    again = update(events).where(is_done).values(state=EventState.NEW, translation=events.c.translation + 1)
    return conn.execute(again).rowcount == 1


def waiting(conn: Connection) -> int:
    """How many events wait for their translation."""
    return conn.execute(select(func.count()).where(events.c.state == EventState.NEW)).scalar_one()


def unreadable(conn: Connection) -> int:
    """How many verified webhooks could not be read."""
    return conn.execute(select(func.count()).where(webhooks.c.state == WebhookState.UNREADABLE)).scalar_one()
