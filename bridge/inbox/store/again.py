"""What could not be read, read again after its mapping was mended."""

from dataclasses import fields

from sqlalchemy import Connection, delete, select, update

from bridge.inbox.store.keep import Kept, by_key, count_again, keep_of, row, take_keys
from bridge.model import Event, EventState, Webhook, WebhookState
from bridge.tables import events, webhooks


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
    return keep_of(conn, webhook, found)


def event_became_read(conn: Connection, event_id: int, event: Event) -> None:
    """What could not be read before is this event; it is dropped where we have the same one already."""
    is_it = events.c.id == event_id
    if take_keys(conn, by_key((event,))):
        conn.execute(update(events).where(is_it).values({**row(event, 0), "webhook_id": events.c.webhook_id}))
        return
    conn.execute(delete(events).where(is_it))
    count_again(conn, {key: 1 for key in by_key((event,))})


def still_unreadable(conn: Connection, webhook_id: int, problem: str) -> None:
    """With today's reason."""
    conn.execute(update(webhooks).where(webhooks.c.id == webhook_id).values(problem=problem))


def event_still_unreadable(conn: Connection, event_id: int, problem: str) -> None:
    conn.execute(update(events).where(events.c.id == event_id).values(problem=problem))
