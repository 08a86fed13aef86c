"""Headers, bytes -> an answer. What is answered with 2xx is durable."""

from datetime import datetime

from bridge import log, metrics
from bridge.errors import BadSignature, DatabaseAway, NotReady, Unreadable
from bridge.inbox.commit import Committer
from bridge.inbox.store import Kept
from bridge.model import Event, Received, Webhook, WebhookState
from bridge.sources.handshake import handshake
from bridge.sources.read import read
from bridge.sources.redact import redact
from bridge.sources.reply import Reply, ReplyKind, reply
from bridge.sources.source import Source
from bridge.sources.verify import verify


def receive(committer: Committer, source: Source, received: Received, *, now: datetime) -> Reply:
    """Verify, read and keep a webhook; the answer is the one that its source wants to hear.

    The trial of an address is answered before any secret may be set, and nothing of it is kept.
    """
    if trial := handshake(source, received):
        log.info("webhook.handshake", source=source.name, method=received.method)
        metrics.WEBHOOKS.labels(source.name, "handshake").inc()
        return trial
    if received.method != "POST":
        return _refuse(source, ReplyKind.WRONG_METHOD, received.method)
    try:
        events, problem = _read_verified(source, received, now)
    except BadSignature as error:
        return _refuse(source, ReplyKind.FORGED, error.reason)
    except NotReady as error:
        return _refuse(source, ReplyKind.NOT_READY, str(error))
    try:
        kept = _keep(committer, source, received, events, problem)
    except DatabaseAway as error:
        log.error("webhook.not_kept", source=source.name, reason=str(error))
        metrics.WEBHOOKS.labels(source.name, "failed").inc()
        return reply(source, ReplyKind.FAILED, detail="the database is away")
    return _accept(source, kept, problem)


def _read_verified(source: Source, received: Received, now: datetime) -> tuple[tuple[Event, ...], str | None]:
    """The events, or why there are none although the sender is who it should be."""
    try:
        verify(source, received, now=now)
        return read(source, received), None
    except Unreadable as error:
        return (), str(error)


def _refuse(source: Source, kind: ReplyKind, reason: str) -> Reply:
    log.warning("webhook.refused", source=source.name, reason=reason)
    metrics.WEBHOOKS.labels(source.name, kind).inc()
    return reply(source, kind)


def _keep(
    committer: Committer, source: Source, received: Received, events: tuple[Event, ...], problem: str | None
) -> Kept:  # fmt: skip
    safe = redact(source, received)
    webhook = Webhook(
        source=source.name,
        received_at=received.received_at,
        method=safe.method,
        url=safe.url,
        headers=safe.headers,
        body=safe.body,
        state=WebhookState.UNREADABLE if problem else WebhookState.READ,
        problem=problem,
    )
    return committer.keep(webhook, events)


def _accept(source: Source, kept: Kept, problem: str | None) -> Reply:
    if problem:
        kind = ReplyKind.UNREADABLE
        log.warning("webhook.unreadable", source=source.name, reason=problem)
    else:
        kind = ReplyKind.DUPLICATE if kept.received and kept.received == kept.duplicates else ReplyKind.STORED
    metrics.WEBHOOKS.labels(source.name, kind).inc()
    metrics.EVENTS.labels(source.name, "new").inc(kept.new)
    metrics.EVENTS.labels(source.name, "duplicate").inc(kept.duplicates)
    return reply(source, kind, received=kept.received, duplicates=kept.duplicates)
