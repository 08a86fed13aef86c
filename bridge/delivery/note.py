"""What was sent, written down in one transaction: verdicts, attempts, and what it means for the deliveries after it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from bridge import clock, log, metrics
from bridge.alvaria.limit_headers import read_limits
from bridge.db import Connection
from bridge.delivery import store
from bridge.delivery.batch import fingerprint
from bridge.delivery.budget import Budget, answered, block, block_longer, failed, learn
from bridge.delivery.decide import Trouble, TroubleKind, trouble_of
from bridge.delivery.patience import patiently
from bridge.delivery.pause import (
    ALL,
    Cause,
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
from bridge.outbox.plan import Item
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


@dataclass(frozen=True, kw_only=True)
class Page:
    """What is written down in one transaction."""

    conn: Connection
    sender: Sender
    batch: Batch
    sent: Sent
    now: datetime


Judged: TypeAlias = tuple[Verdict, Sequence[Item]]
"""A verdict and those that it is for."""


def settle(sender: Sender, batch: Batch, sent: Sent, judged: Iterable[Judged]) -> bool:
    """Write it all down together; True if a rule was paused by it."""
    found = list(judged)
    paused = patiently(sender.stop, lambda: _write_down(sender, batch, sent, found))
    _tell(batch, sent, found)
    return paused


def _write_down(sender: Sender, batch: Batch, sent: Sent, found: Sequence[Judged]) -> bool:
    with sender.database.transaction() as conn:
        page = Page(conn=conn, sender=sender, batch=batch, sent=sent, now=clock.now())
        # The budget's row first, as when a turn is taken: or two workers would wait for each other.
        budget = store.lock_budget(conn, batch.category)
        if sent.items:
            store.save_budget(conn, _budget_after(page, budget))
        return any([_settle(page, verdict, items) for verdict, items in found])


def _settle(page: Page, verdict: Verdict, items: Sequence[Item]) -> bool:
    conn, sender, now = page.conn, page.sender, page.now
    if page.sent.items:
        queue.add_attempts(conn, [item.delivery.id for item in items], _attempt(page, verdict))
    doubt = timedelta(seconds=sender.policy.doubt_s)
    request = Request(
        worker=sender.worker,
        claimed_at=page.batch.claimed_at,
        began_at=page.sent.began_at,
        now=now,
        unsettled_until=now + doubt,
    )
    ours = settle_items(conn, items, verdict, request)
    return _judge_rules(page, verdict, ours)


def _attempt(page: Page, verdict: Verdict) -> Attempt:
    result = page.sent.result
    return Attempt(
        at=page.now,
        worker=page.sender.worker,
        status=result.status if isinstance(result, Answer) else None,
        message=result.message if isinstance(result, Answer) else str(result),
        took_s=page.sent.took_s,
        verdict=_word(verdict),
    )


def _word(verdict: Verdict) -> str:
    return type(verdict).__name__.lower()


def _tell(batch: Batch, sent: Sent, found: Sequence[Judged]) -> None:
    status = sent.result.status if isinstance(sent.result, Answer) else None
    if sent.items:
        metrics.ATTEMPTS.labels(batch.operation, status or "none").inc()
        metrics.REQUEST_SECONDS.labels(batch.operation).observe(sent.took_s)
    for verdict, items in found:
        word, ids = _word(verdict), [item.delivery.id for item in items]
        metrics.VERDICTS.labels(batch.operation, word).inc(len(items))
        log.info("deliveries.settled", deliveries=ids, operation=batch.operation, verdict=word, status=status)


def _budget_after(page: Page, budget: Budget) -> Budget:
    """What the request means for the next ones; pauses begin and end on the way."""
    result = page.sent.result
    told = result.answer if isinstance(result, LookupFailed) else result
    if isinstance(told, NotFound | BadRequest):
        return budget
    if isinstance(told, Answer):
        budget = learn(budget, read_limits(told, page.now), sent_at=page.sent.began_at, now=page.now)
    asked = result.operation if isinstance(result, LookupFailed) else page.batch.operation
    trouble = trouble_of(told, page.now, operation_id=asked)
    if trouble is None:
        _ease(page)
        return answered(budget)
    if trouble.kind is TroubleKind.LIMIT:
        return _wait(page, budget, trouble)
    budget = failed(budget)
    _pause(page, trouble, budget.failures)
    return budget


def _wait(page: Page, budget: Budget, trouble: Trouble) -> Budget:
    if trouble.until:
        return block(budget, trouble.until, trouble.reason)
    return block_longer(budget, trouble.reason, policy=page.sender.policy, now=page.now)


def _holding(page: Page) -> Pause | None:
    """The pause that this request was a probe of, if it was one."""
    operation, category = page.batch.operation, page.batch.category
    pause = applies(store.all_pauses(page.conn), source="", rule="", operation=operation, category=category)
    return pause if pause and pause.probe_at else None


def _ease(page: Page) -> None:
    pause = _holding(page)
    if not pause:
        return
    eased = after_success(pause, page.now)
    if eased:
        store.save_pause(page.conn, eased)
    else:
        store.end_pause(page.conn, pause.name)
        log.info("pause.ended", name=pause.name)


def _pause(page: Page, trouble: Trouble, failures: int) -> None:
    pause, policy = _holding(page), page.sender.policy
    if pause and page.batch.claimed_at <= pause.since:
        return  # it was out already when the pause began: no probe, and nothing new
    if pause:
        store.save_pause(page.conn, replace(after_failure(pause, page.now), reason=trouble.reason))
        return
    name = ALL if trouble.whole else f"category:{page.batch.category}"
    if trouble.kind is TroubleKind.CONFIGURATION:
        _begin(page, after_misconfiguration(name, trouble.reason, policy, page.now))
    else:
        _begin(page, after_trouble(failures, name, trouble.reason, policy, page.now))


def _begin(page: Page, pause: Pause | None) -> bool:
    if not pause or store.is_paused_by_person(page.conn, pause.name):
        return False
    store.save_pause(page.conn, pause)
    log.warning("pause.begun", name=pause.name, cause=pause.cause, reason=pause.reason)
    return True


def _judge_rules(page: Page, verdict: Verdict, items: Sequence[Item]) -> bool:
    """Remember which rules are refused, forget it when one is accepted; True where one was paused."""
    rules = {(item.delivery.source, item.delivery.rule): item for item in items if item.writes}
    if not rules or not isinstance(verdict, Delivered | Dead) or not isinstance(page.sent.result, Answer):
        return False
    known = store.all_suspicions(page.conn)
    if isinstance(verdict, Delivered):
        for source, rule in rules.keys() & known.keys():
            _trust(page.conn, source, rule)
        return False
    message = page.sent.result.message
    return any([_suspect(page, item, known.get(rule), message) for rule, item in rules.items()])


def _trust(conn: Connection, source: str, rule: str) -> None:
    """What it makes was accepted: the pause that its refusals had led to is over, since its mapping is another one."""
    store.forget_suspicion(conn, source, rule)
    name = f"rule:{source}/{rule}"
    if any(pause.name == name and pause.cause is Cause.REFUSALS for pause in store.all_pauses(conn)):
        store.end_pause(conn, name)
        log.info("pause.ended", name=name)


def _suspect(page: Page, item: Item, before: Suspicion | None, message: str) -> bool:
    delivery, words = item.delivery, fingerprint(message)
    is_same = before and (before.message, before.mapping_version) == (words, delivery.mapping_version)
    found = Suspicion(
        source=delivery.source,
        rule=delivery.rule,
        mapping_version=delivery.mapping_version,
        key=next((key for key in item.keys if key in message), ""),
        message=words,
        times=before.times + 1 if before and is_same else 1,
    )
    store.suspect(page.conn, found, now=page.now)
    name = f"rule:{delivery.source}/{delivery.rule}"
    return _begin(page, after_refusals(found.times, name, message, page.sender.policy, page.now))
