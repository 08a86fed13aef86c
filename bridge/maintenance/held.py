"""What keeps deliveries waiting, as findings of the doctor, and as metrics that a worker keeps up to date."""

from collections.abc import Iterator
from datetime import datetime

from bridge import metrics
from bridge.db import Connection, Database
from bridge.delivery import queries, store
from bridge.delivery.budget import Budget, Rate, Wait, take
from bridge.delivery.pause import in_time, in_words
from bridge.maintenance.finding import Finding
from bridge.outbox.store import workers


def held(conn: Connection, rate: Rate | None, now: datetime) -> Iterator[Finding]:
    """Pauses, budgets, workers and the oldest that waits."""
    for pause in store.all_pauses(conn):
        words = f"{in_words(pause, now)} See: bridge pause; to end it: bridge resume {pause.name}"
        yield Finding(what="pause", state="warning", words=words)
    for budget in store.all_budgets(conn):
        yield from _budget(budget, rate, now)
    yield _workers(len(workers.alive(conn, now)))
    yield from _oldest(queries.backlog(conn), now)


def _budget(budget: Budget, rate: Rate | None, now: datetime) -> Iterator[Finding]:
    wait = take(budget, configured=rate, now=now)
    if isinstance(wait, Wait):
        words = f"the category {budget.name} goes on in {in_time(wait.until - now)}: {wait.reason}"
        yield Finding(what="budget", state="warning", words=words)


def _workers(alive: int) -> Finding:
    if alive:
        return Finding(what="workers", state="ok", words=f"{alive} alive")
    return Finding(what="workers", state="warning", words="none is alive; start one with: bridge run, or bridge worker")


def _oldest(found: queries.Backlog, now: datetime) -> Iterator[Finding]:
    for what, since in ("delivery", found.oldest_delivery), ("event", found.oldest_event):
        if since:
            yield Finding(what="waiting", state="ok", words=f"the oldest {what} has waited for {in_time(now - since)}")


Paused = frozenset[tuple[str, str]]
"""Names with their causes."""


def sample(database: Database, before: Paused, now: datetime) -> Paused:
    """Set the metrics. `before` is what the last sample returned: what has ended since is set to 0."""
    with database.reading() as conn:
        found = queries.backlog(conn)
        paused = frozenset((pause.name, str(pause.cause)) for pause in store.all_pauses(conn))
    for name, cause in before | paused:
        metrics.PAUSED.labels(name, cause).set((name, cause) in paused)
    metrics.WAITING.set(found.deliveries)
    metrics.OLDEST_DELIVERY.set(_age_s(found.oldest_delivery, now))
    metrics.OLDEST_EVENT.set(_age_s(found.oldest_event, now))
    return paused


def _age_s(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0
