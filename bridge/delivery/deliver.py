"""Deliveries sent.

The guarantee: repeatable operations at least once, the others at most once with the doubt shown. Within an order
key the oldest goes first. Nothing is locked while we wait for the network.
"""

import random
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from bridge import clock, log, metrics
from bridge.alvaria.client import Client
from bridge.alvaria.lookup import Lookups
from bridge.db import Database
from bridge.delivery.decide import Case, decide
from bridge.delivery.hold import Holds
from bridge.errors import BadRequest, LookupFailed, NotFound, TokenRefused, Unreachable
from bridge.model import Answer, Dead, Delivery, Verdict
from bridge.outbox.store import binding, queue
from bridge.outbox.store.queue import Attempt
from bridge.settings import Policy

Result: TypeAlias = Answer | Unreachable | TokenRefused | LookupFailed | NotFound | BadRequest


@dataclass(frozen=True, kw_only=True)
class Sender:
    """All that sending needs; one for each worker."""

    database: Database
    client: Client
    lookups: Lookups
    holds: Holds
    policy: Policy
    lease: timedelta
    target: str
    """Where it all goes: base URL and organisation, or the sandbox."""
    worker: str


def deliver_next(sender: Sender) -> bool:
    """Send the next delivery that is due; False if there is none."""
    delivery = claim(sender, clock.now())
    if not delivery:
        return False
    started = time.monotonic()
    result = send(sender, delivery) if not has_run_out(delivery, clock.now()) else None
    took_s = time.monotonic() - started
    settle(sender, delivery, result, took_s, clock.now())
    return True


def claim(sender: Sender, now: datetime) -> Delivery | None:
    held = sender.holds.held(now)
    with sender.database.transaction() as conn:
        delivery = queue.claim_next(conn, worker=sender.worker, now=now, lease=sender.lease, held=held)
        if delivery:
            binding.bind(conn, sender.target)
    return delivery


def has_run_out(delivery: Delivery, now: datetime) -> bool:
    return delivery.expires_at is not None and delivery.expires_at <= now


def send(sender: Sender, delivery: Delivery) -> Result:
    """One request, or more where a name must be looked up; trouble is a value here, to be judged like an answer."""
    try:
        params = sender.lookups.resolve(delivery.params, delivery.operation)
        return sender.client.send(delivery.operation, params, delivery.body)
    except (Unreachable, TokenRefused, LookupFailed, NotFound, BadRequest) as trouble:
        return trouble


def settle(sender: Sender, delivery: Delivery, result: Result | None, took_s: float, now: datetime) -> None:
    """Judge the result; write the verdict and the attempt down together."""
    verdict = judge(sender, delivery, result, now)
    word = type(verdict).__name__.lower()
    status = result.status if isinstance(result, Answer) else None
    message = result.message if isinstance(result, Answer) else str(result or "not sent")
    attempt = Attempt(at=now, worker=sender.worker, status=status, message=message, took_s=took_s, verdict=word)
    with sender.database.transaction() as conn:
        queue.add_attempt(conn, delivery, attempt)
        queue.settle(conn, delivery, verdict, worker=sender.worker, now=now)
    metrics.ATTEMPTS.labels(delivery.operation, status or "none").inc()
    metrics.VERDICTS.labels(delivery.operation, word).inc()
    metrics.REQUEST_SECONDS.labels(delivery.operation).observe(took_s)
    log.info("delivery.settled", delivery=delivery.id, operation=delivery.operation, verdict=word, status=status)


def judge(sender: Sender, delivery: Delivery, result: Result | None, now: datetime) -> Verdict:
    """The verdict; what it means for the deliveries after it is noted among the holds."""
    if result is None:
        return Dead(reason="a setting in it ran out before it could be sent")
    if isinstance(result, NotFound | BadRequest):
        return Dead(reason=str(result))
    if isinstance(result, LookupFailed):
        # Only a list was read: nothing of the delivery itself has left us, so it may be tried again.
        delivery, result = replace(delivery, repeatable=True), result.answer
    luck = random.random()  # noqa: S311 (it spreads retries, it guards nothing)
    verdict = decide(result, Case(delivery=delivery, policy=sender.policy, now=now, luck=luck))
    sender.holds.note(delivery.operation, result, verdict)
    return verdict
