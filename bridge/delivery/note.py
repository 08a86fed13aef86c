"""What was sent, written down in one transaction: verdicts, attempts, and what it means for the deliveries after it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bridge import clock, log, metrics
from bridge.alvaria.limit_headers import read_limits
from bridge.db import Connection
from bridge.delivery import store
from bridge.delivery.batch import fingerprint
from bridge.delivery.budget import Budget, answered, block, block_longer, failed, learn
from bridge.delivery.decide import Result as Told
from bridge.delivery.decide import Trouble, TroubleKind, trouble_of
from bridge.delivery.pause import (
    ALL,
    Pause,
    after_failure,
    after_misconfiguration,
    after_refusals,
    after_success,
    after_trouble,
    applies,
)
from bridge.delivery.store import Suspicion
from bridge.delivery.turn import Batch, Sender
from bridge.errors import BadRequest, LookupFailed, NotFound, TokenRefused, Unreachable
from bridge.model import Answer, Dead, Delivered, Verdict
from bridge.outbox.plan import UPSERT, Item
from bridge.outbox.store import queue
from bridge.outbox.store.queue import Attempt
from bridge.outbox.store.settle import Request
from bridge.outbox.store.settle import settle as settle_items


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One request and what came of it."""

    items: tuple[Item, ...]
    result: Answer | Unreachable | TokenRefused | LookupFailed | NotFound | BadRequest
    began_at: datetime
    took_s: float


def settle(sender: Sender, batch: Batch, sent: Sent, verdicts: Iterable[tuple[Verdict, Sequence[Item]]]) -> bool:
    """Write it all down together; True if a rule was paused by it."""
    now = clock.now()
    found = list(verdicts)
    with sender.database.transaction() as conn:
        # The budget's row first, as when a turn is taken: or two workers would wait for each other.
        budget = store.lock_budget(conn, batch.category)
        if sent.items:
            store.save_budget(conn, _note(conn, sender, batch, sent, budget, now))
        is_paused = False
        for verdict, items in found:
            is_paused |= _settle(conn, sender, sent, verdict, items, now)
    _tell(batch, sent, found)
    return is_paused


def _settle(
    conn: Connection, sender: Sender, sent: Sent, verdict: Verdict, items: Sequence[Item], now: datetime
) -> bool:
    request = Request(
        worker=sender.worker,
        began_at=sent.began_at,
        now=now,
        unsettled_until=now + timedelta(seconds=sender.policy.doubt_s),
    )
    if sent.items:
        attempt = _attempt(sender, sent, verdict, now)
        queue.add_attempts(conn, [item.delivery.id for item in items], attempt)
    ours = settle_items(conn, items, verdict, request)
    return _judge_rules(conn, sender, ours, verdict, sent, now)


def _attempt(sender: Sender, sent: Sent, verdict: Verdict, now: datetime) -> Attempt:
    status = sent.result.status if isinstance(sent.result, Answer) else None
    message = sent.result.message if isinstance(sent.result, Answer) else str(sent.result)
    return Attempt(
        at=now, worker=sender.worker, status=status, message=message, took_s=sent.took_s, verdict=_word(verdict)
    )


def _word(verdict: Verdict) -> str:
    return type(verdict).__name__.lower()


def _tell(batch: Batch, sent: Sent, found: Sequence[tuple[Verdict, Sequence[Item]]]) -> None:
    status = sent.result.status if isinstance(sent.result, Answer) else None
    if sent.items:
        metrics.ATTEMPTS.labels(batch.operation, status or "none").inc()
        metrics.REQUEST_SECONDS.labels(batch.operation).observe(sent.took_s)
    for verdict, items in found:
        word = _word(verdict)
        metrics.VERDICTS.labels(batch.operation, word).inc(len(items))
        for item in items:
            log.info(
                "delivery.settled", delivery=item.delivery.id, operation=batch.operation, verdict=word, status=status
            )


def _note(conn: Connection, sender: Sender, batch: Batch, sent: Sent, budget: Budget, now: datetime) -> Budget:
    """The budget after this request; pauses begin and end on the way."""
    told = sent.result.answer if isinstance(sent.result, LookupFailed) else sent.result
    if isinstance(told, NotFound | BadRequest):
        return budget
    if isinstance(told, Answer):
        budget = learn(budget, read_limits(told, now), sent_at=sent.began_at, now=now)
    trouble = trouble_of(told, now)
    pause = applies(store.all_pauses(conn), source="", rule="", operation=batch.operation, category=batch.category)
    if trouble is None:
        if pause and pause.probe_at:
            _ease(conn, pause, now)
        return answered(budget)
    if trouble.kind is TroubleKind.LIMIT:
        return _wait(sender, budget, trouble, now)
    budget = failed(budget)
    _pause(conn, sender, batch, trouble, pause, budget.failures, now)
    return budget


def _wait(sender: Sender, budget: Budget, trouble: Trouble, now: datetime) -> Budget:
    if trouble.until:
        return block(budget, trouble.until, trouble.reason)
    return block_longer(budget, trouble.reason, policy=sender.policy, now=now)


def _ease(conn: Connection, pause: Pause, now: datetime) -> None:
    eased = after_success(pause, now)
    if eased:
        store.save_pause(conn, eased)
    else:
        store.end_pause(conn, pause.name)
        log.info("pause.ended", name=pause.name)


def _pause(
    conn: Connection, sender: Sender, batch: Batch, trouble: Trouble, pause: Pause | None, failures: int, now: datetime
) -> None:
    if pause:
        if pause.probe_at:
            store.save_pause(conn, replace(after_failure(pause, now), reason=trouble.reason))
        return
    name = ALL if trouble.whole else f"category:{batch.category}"
    if trouble.kind is TroubleKind.CONFIGURATION:
        begun: Pause | None = after_misconfiguration(name, trouble.reason, sender.policy, now)
    else:
        begun = after_trouble(failures, name, trouble.reason, sender.policy, now)
    if begun:
        store.save_pause(conn, begun)
        log.warning("pause.begun", name=begun.name, cause=begun.cause, reason=begun.reason)


def _judge_rules(
    conn: Connection, sender: Sender, items: Sequence[Item], verdict: Verdict, sent: Sent, now: datetime
) -> bool:
    """Remember which rules are refused, forget it when one is accepted; True where one was paused."""
    rules = {(item.delivery.source, item.delivery.rule): item for item in items if item.delivery.operation == UPSERT}
    if not rules or not isinstance(verdict, Delivered | Dead) or not isinstance(sent.result, Answer):
        return False
    known = store.all_suspicions(conn)
    if isinstance(verdict, Delivered):
        for source, rule in rules.keys() & known.keys():
            store.forget_suspicion(conn, source, rule)
        return False
    return any([_suspect(conn, sender, item, known, sent.result.message, now) for item in rules.values()])


def _suspect(
    conn: Connection,
    sender: Sender,
    item: Item,
    known: dict[tuple[str, str], Suspicion],
    message: str,
    now: datetime,
) -> bool:
    delivery, words = item.delivery, fingerprint(message)
    before = known.get((delivery.source, delivery.rule))
    is_same = before and (before.message, before.mapping_version) == (words, delivery.mapping_version)
    found = Suspicion(
        source=delivery.source,
        rule=delivery.rule,
        mapping_version=delivery.mapping_version,
        key=next((key for key in item.keys if key in message), ""),
        message=words,
        times=before.times + 1 if before and is_same else 1,
    )
    store.suspect(conn, found, now=now)
    name = f"rule:{delivery.source}/{delivery.rule}"
    pause = after_refusals(found.times, name, message, sender.policy, now)
    if pause:
        store.save_pause(conn, pause)
        log.warning("pause.begun", name=pause.name, cause=pause.cause, reason=pause.reason)
    return pause is not None
