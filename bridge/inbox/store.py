"""Webhooks and events in the database."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, func, select, update

from bridge.db import insert, notify
from bridge.model import Event, EventState, Outcome, Webhook, WebhookState
from bridge.tables import events, outcomes, seen, webhooks
from bridge.tables.columns import plain


@dataclass(frozen=True, kw_only=True)
class Kept:
    """How many of a webhook's events were new, and how many we had already."""

    received: int
    duplicates: int

    @property
    def new(self) -> int:
        return self.received - self.duplicates


@dataclass(frozen=True, kw_only=True)
class Translation:
    """One going of the rules over one event; a replay is another one."""

    event_id: int
    translation: int
    mapping_version: str
    at: datetime


def keep(conn: Connection, webhook: Webhook, found: tuple[Event, ...]) -> Kept:
    """Keep the webhook and those of its events that are new; nothing of it when none is."""
    webhook_id = conn.execute(
        insert(conn, webhooks)
        .returning(webhooks.c.id)
        .values(
            source=webhook.source,
            received_at=webhook.received_at,
            method=webhook.method,
            url=webhook.url,
            headers=dict(webhook.headers),
            body=webhook.body,
            state=webhook.state,
            problem=webhook.problem,
        )
    ).scalar_one()
    kept = _keep_new(conn, replace(webhook, id=webhook_id), found)
    if found and kept.new == 0:
        conn.execute(delete(webhooks).where(webhooks.c.id == webhook_id))
    return kept


def _keep_new(conn: Connection, webhook: Webhook, found: tuple[Event, ...]) -> Kept:
    """Those that we have already are only counted."""
    if not found:
        return Kept(received=0, duplicates=0)
    firsts = _by_key(found)
    new = _take_keys(conn, firsts)
    if new:
        rows = [_row(replace(firsts[key], webhook_id=webhook.id)) for key in firsts if key in new]
        conn.execute(events.insert(), rows)
        notify(conn)
    _count_again(conn, webhook.source, [key for key in firsts if key not in new])
    return Kept(received=len(found), duplicates=len(found) - len(new))


def _by_key(found: tuple[Event, ...]) -> dict[str, Event]:
    """What stands twice in one webhook counts once. Keys are as the database will give them back."""
    firsts: dict[str, Event] = {}
    for event in found:
        firsts.setdefault(plain(event.dedup_key), event)
    return firsts


def _take_keys(conn: Connection, firsts: Mapping[str, Event]) -> set[str]:
    """Those that are not there or whose time is over, also when another process takes keys at this moment."""
    # In one order for all, or two webhooks with the same events would wait for each other.
    # As many statements as it takes: a database bounds the values in one, and a webhook may hold a thousand events.
    rows = [_key(key, firsts[key]) for key in sorted(firsts)]
    row = insert(conn, seen)
    is_over = seen.c.until <= min(event.received_at for event in firsts.values())
    take = row.on_conflict_do_update(index_elements=seen.primary_key, set_={"until": row.excluded.until}, where=is_over)
    return set(conn.execute(take.returning(seen.c.key), rows).scalars())


def _key(key: str, event: Event) -> dict[str, object]:
    until = event.received_at + event.dedup_window if event.dedup_window else None
    return {"source": event.source, "key": key, "until": until}


def _row(event: Event) -> dict[str, object]:
    return {
        "webhook_id": event.webhook_id,
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


def _count_again(conn: Connection, source: str, keys: list[str]) -> None:
    """A repetition is one of the newest event with its key; older ones were other changes of the same content."""
    for start in range(0, len(keys), KEYS_AT_ONCE):
        same = (events.c.source == source) & events.c.dedup_key.in_(keys[start : start + KEYS_AT_ONCE])
        newest = select(func.max(events.c.id)).where(same).group_by(events.c.dedup_key)
        conn.execute(update(events).where(events.c.id.in_(newest)).values(times_seen=events.c.times_seen + 1))


KEYS_AT_ONCE = 500


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
    rows = [
        {**asdict(translation), "rule": outcome.rule, "kind": outcome.kind, "reason": outcome.reason}
        for translation, outcome in found
    ]
    if rows:
        conn.execute(outcomes.insert(), rows)


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


def with_unreadable(conn: Connection, source: str | None) -> list[tuple[int, str]]:
    """(id, source) of the webhooks that could not be read as a whole or in part; of one source, or of all."""
    whole = select(webhooks.c.id, webhooks.c.source).where(webhooks.c.state == WebhookState.UNREADABLE)
    part = select(events.c.webhook_id, events.c.source).where(events.c.state == EventState.UNREADABLE)
    found = {(webhook_id, name) for asked in (whole, part) for webhook_id, name in conn.execute(asked)}
    return sorted(one for one in found if source in (None, one[1]))


def webhook(conn: Connection, webhook_id: int) -> Webhook:
    """One that is there; nobody else writes to it until our transaction ends."""
    row = conn.execute(select(webhooks).where(webhooks.c.id == webhook_id).with_for_update()).mappings().one()
    values = {each.name: row[each.name] for each in fields(Webhook)}
    return Webhook(**{**values, "state": WebhookState(row["state"])})


def unreadable_events(conn: Connection, webhook_id: int) -> dict[str, int]:
    """Their ids by their keys, which are of their content."""
    is_it = (events.c.webhook_id == webhook_id) & (events.c.state == EventState.UNREADABLE)
    return {key: event_id for key, event_id in conn.execute(select(events.c.dedup_key, events.c.id).where(is_it))}


def became_read(conn: Connection, webhook: Webhook, found: tuple[Event, ...]) -> Kept:
    """The webhook could not be read before, and has these events now."""
    read = {"state": WebhookState.READ, "problem": None}
    conn.execute(update(webhooks).where(webhooks.c.id == webhook.id).values(read))
    return _keep_new(conn, webhook, found)


def event_became_read(conn: Connection, event_id: int, event: Event) -> None:
    """What could not be read before is this event; it is dropped where we have the same one already."""
    is_it = events.c.id == event_id
    if _take_keys(conn, _by_key((event,))):
        conn.execute(update(events).where(is_it).values({**_row(event), "webhook_id": events.c.webhook_id}))
        return
    conn.execute(delete(events).where(is_it))
    _count_again(conn, event.source, [plain(event.dedup_key)])


def still_unreadable(conn: Connection, webhook_id: int, problem: str) -> None:
    """With today's reason."""
    conn.execute(update(webhooks).where(webhooks.c.id == webhook_id).values(problem=problem))


def event_still_unreadable(conn: Connection, event_id: int, problem: str) -> None:
    conn.execute(update(events).where(events.c.id == event_id).values(problem=problem))
