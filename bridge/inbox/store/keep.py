"""Webhooks and events, kept: many at once, and of each event only the first."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Executable, bindparam, func, select, update

from bridge.db import insert, notify
from bridge.model import Event, Webhook
from bridge.tables import events, seen, webhooks
from bridge.tables.columns import plain


@dataclass(frozen=True, kw_only=True)
class Kept:
    """How many of a webhook's events were new, and how many we had already."""

    received: int
    duplicates: int

    @property
    def new(self) -> int:
        return self.received - self.duplicates


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
    firsts = [by_key(found) for _, found in arrivals]
    times = Counter(key for each in firsts for key in each)
    taken = take_keys(conn, {key: event for each in reversed(firsts) for key, event in each.items()})
    left = set(taken)
    new = [_claim(left, each) for each in firsts]
    _add(conn, [(webhook, new[place]) for place, (webhook, found) in enumerate(arrivals) if new[place] or not found])
    count_again(conn, {key: number - (key in taken) for key, number in times.items()})
    return [
        Kept(received=len(found), duplicates=len(found) - len(mine))
        for (_, found), mine in zip(arrivals, new, strict=True)
    ]


def by_key(found: tuple[Event, ...]) -> dict[Key, Event]:
    """What stands twice in one webhook counts once. Keys are as the database will give them back."""
    firsts: dict[Key, Event] = {}
    for event in found:
        firsts.setdefault((event.source, plain(event.dedup_key)), event)
    return firsts


def take_keys(conn: Connection, firsts: Mapping[Key, Event]) -> set[Key]:
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


def keep_of(conn: Connection, webhook: Webhook, found: tuple[Event, ...]) -> Kept:
    """The events of a webhook that is there already; those that we have are only counted."""
    firsts = by_key(found)
    taken = take_keys(conn, firsts)
    _add_events(conn, [row(firsts[key], webhook.id) for key in firsts if key in taken])
    count_again(conn, {key: int(key not in taken) for key in firsts})
    return Kept(received=len(found), duplicates=len(found) - len(taken))


def _claim(left: set[Key], firsts: Mapping[Key, Event]) -> list[Event]:
    """The events whose keys are left, which then are no more."""
    mine = [event for key, event in firsts.items() if key in left]
    left.difference_update(firsts)
    return mine


def _add(conn: Connection, arrivals: Sequence[tuple[Webhook, list[Event]]]) -> None:
    if not arrivals:
        return
    ids = sorted(conn.execute(_bulk(conn).add_webhooks, [_webhook_row(webhook) for webhook, _ in arrivals]).scalars())
    _add_events(conn, [row(event, number) for number, (_, found) in zip(ids, arrivals, strict=True) for event in found])


def _add_events(conn: Connection, rows: list[dict[str, object]]) -> None:
    if rows:
        conn.execute(ADD_EVENTS, rows)
        notify(conn)


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


def row(event: Event, webhook_id: int) -> dict[str, object]:
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


def count_again(conn: Connection, repeated: Mapping[Key, int]) -> None:
    """A repetition is one of the newest event with its key; older ones were other changes of the same content."""
    groups: dict[tuple[str, int], list[str]] = {}
    for (source, key), number in repeated.items():
        if number:
            groups.setdefault((source, number), []).append(key)
    for (source, number), keys in groups.items():
        for start in range(0, len(keys), KEYS_AT_ONCE):
            same = (events.c.source == source) & events.c.dedup_key.in_(keys[start : start + KEYS_AT_ONCE])
            newest = select(func.max(events.c.id)).where(same).group_by(events.c.dedup_key)
            conn.execute(update(events).where(events.c.id.in_(newest)).values(times_seen=events.c.times_seen + number))


KEYS_AT_ONCE = 500
"""A database bounds the values in one statement, and a webhook may hold thousands of events."""
