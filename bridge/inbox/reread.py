"""What a CRM sent and the source could not read, read again as the source says today."""

from dataclasses import dataclass

from bridge.db import Connection
from bridge.errors import BadSignature, NotReady, Unreadable
from bridge.inbox import store
from bridge.model import Event, Received, Webhook, WebhookState
from bridge.sources.read import key_of_unreadable, read
from bridge.sources.source import Source
from bridge.sources.verify import narrow

OTHER = "the source reads nothing from this part of the webhook any more; see read and event.skip in the mapping"


@dataclass(frozen=True, kw_only=True)
class Reread:
    """What came of one webhook."""

    events: int
    """How many could be read now."""
    problems: tuple[str, ...] = ()
    """Why something of it is still unreadable; empty where all is well."""


def reread(conn: Connection, source: Source, webhook_id: int) -> Reread:
    """Do nothing twice: what could be read before, or is a repetition, is left alone."""
    webhook = store.webhook(conn, webhook_id)
    if webhook.state is WebhookState.READ:
        return _reread_parts(conn, source, webhook)
    try:
        found = _read(source, webhook)
    except Unreadable as error:
        store.still_unreadable(conn, webhook.id, str(error))
        return Reread(events=0, problems=(str(error),))
    store.became_read(conn, webhook, found)
    return Reread(
        events=sum(not event.problem for event in found),
        problems=tuple(event.problem for event in found if event.problem),
    )


def _read(source: Source, webhook: Webhook) -> tuple[Event, ...]:
    """Raise Unreadable. Its signature was proved when it came; what is kept has no secrets to prove it by again."""
    received = Received(
        method=webhook.method,
        url=webhook.url,
        headers=webhook.headers,
        body=webhook.body,
        received_at=webhook.received_at,
    )
    try:
        narrow(source, received, now=webhook.received_at)
    except (BadSignature, NotReady) as error:
        raise Unreadable(f"it is not taken: {error}") from None
    return read(source, received)


def _reread_parts(conn: Connection, source: Source, webhook: Webhook) -> Reread:
    """Only the events that could not be read: with another key the others might pass for new ones."""
    unreadable = store.unreadable_events(conn, webhook.id)
    found, reason = _read_or_why(source, webhook) if unreadable else ((), OTHER)
    by_key = {key_of_unreadable(event.body): event for event in found}
    problems = []
    for key, event_id in unreadable.items():
        event = by_key.get(key)
        if event and not event.problem:
            store.event_became_read(conn, event_id, event)
            continue
        problems.append((event and event.problem) or reason)
        store.event_still_unreadable(conn, event_id, problems[-1])
    return Reread(events=len(unreadable) - len(problems), problems=tuple(problems))


def _read_or_why(source: Source, webhook: Webhook) -> tuple[tuple[Event, ...], str]:
    try:
        return _read(source, webhook), OTHER
    except Unreadable as error:
        return (), str(error)
