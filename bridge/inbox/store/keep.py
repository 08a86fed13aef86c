"""Webhooks and events, kept: many at once, and of each event only the first."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Executable, bindparam, func, literal_column, select, text, update

from bridge.db import Prepared, next_ids, notify
from bridge.model import Event, Webhook
from bridge.tables import events, webhooks
from bridge.tables.columns import JsonText, Utc, plain, utc_text


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
    rows = [(*key, _until(firsts[key])) for key in sorted(firsts)]
    taken = conn.execute(TAKE_KEYS[conn.dialect.name], {"rows": rows, "now": now})
    return {(source, key) for source, key in taken}


def _until(event: Event) -> str | None:
    """As both databases take it: the one as text in UTC, the other with its zone set to that."""
    return utc_text(event.received_at + event.dedup_window) if event.dedup_window else None


def _take_keys(rows: str) -> Executable:
    return text(
        f"""
        INSERT INTO seen (source, key, until) {rows}
        ON CONFLICT (source, key) DO UPDATE SET until = excluded.until WHERE seen.until <= :now
        RETURNING source, key
        """
    ).bindparams(bindparam("rows", type_=JsonText()), bindparam("now", type_=Utc()))


TAKE_KEYS: Mapping[str, Executable] = {
    # All rows in one value: as parameters they would cost several times as much.
    "sqlite": _take_keys(
        "SELECT value ->> 0, value ->> 1, substr(value ->> 2, 1, 26) FROM json_each(:rows) WHERE true"
    ),
    "postgresql": _take_keys(
        """
        SELECT value ->> 0, value ->> 1, (value ->> 2)::timestamp AT TIME ZONE 'UTC'
        FROM json_array_elements(:rows ::json)
        """
    ),
}


def keep_of(conn: Connection, webhook: Webhook, found: tuple[Event, ...]) -> Kept:
    """The events of a webhook that is there already; those that we have are only counted."""
    firsts = by_key(found)
    taken = take_keys(conn, firsts)
    _add_events(conn, [_row(firsts[key], webhook.id) for key in firsts if key in taken])
    count_again(conn, {key: int(key not in taken) for key in firsts})
    return Kept(received=len(found), duplicates=len(found) - len(taken))


def _claim(left: set[Key], firsts: Mapping[Key, Event]) -> list[Event]:
    """The events whose keys are left, which then are no more."""
    mine = [event for key, event in firsts.items() if key in left]
    left.difference_update(firsts)
    return mine


def _add(conn: Connection, arrivals: Sequence[tuple[Webhook, list[Event]]]) -> None:
    ids = next_ids(conn, webhooks, len(arrivals))
    ADD_WEBHOOKS.many(conn, [_webhook_row(webhook, ids[place]) for place, (webhook, _) in enumerate(arrivals)])
    _add_events(conn, [_row(event, ids[place]) for place, (_, found) in enumerate(arrivals) for event in found])


def _add_events(conn: Connection, rows: Sequence[tuple[object, ...]]) -> None:
    if rows:
        ADD_EVENTS.many(conn, rows)
        notify(conn)


def _webhook_row(webhook: Webhook, webhook_id: int) -> tuple[object, ...]:
    return (
        webhook_id,
        webhook.source,
        webhook.received_at,
        webhook.method,
        webhook.url,
        dict(webhook.headers),
        webhook.body,
        webhook.state,
        webhook.problem,
    )


OF_WEBHOOK = ("id", "source", "received_at", "method", "url", "headers", "body", "state", "problem")
ADD_WEBHOOKS = Prepared(OF_WEBHOOK, webhooks.insert())


def row(event: Event, webhook_id: int) -> dict[str, object]:
    return dict(zip(OF_EVENT, _row(event, webhook_id), strict=True))


def _row(event: Event, webhook_id: int) -> tuple[object, ...]:
    return (
        webhook_id,
        event.source,
        event.dedup_key,
        event.type,
        event.record_id,
        event.crm_id,
        event.tenant,
        event.occurred_at,
        event.received_at,
        {
            "record": event.record,
            "previous": event.previous,
            "changed": event.changed,
            "merged": event.merged,
            "sequence": event.sequence,
            "body": event.body,
        },
        event.state,
        event.problem,
    )


OF_EVENT = (
    "webhook_id",
    "source",
    "dedup_key",
    "type",
    "record_id",
    "crm_id",
    "tenant",
    "occurred_at",
    "received_at",
    "payload",
    "state",
    "problem",
)
ADD_EVENTS = Prepared(OF_EVENT, events.insert().values(translation=literal_column("1"), times_seen=literal_column("1")))


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
