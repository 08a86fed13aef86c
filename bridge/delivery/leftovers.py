"""Times that lie further ahead than any can: what a clock that was wrong has left behind is brought back.

A clock may jump ahead and back again, that of one worker's host or of all. What was to wait until its time comes would
wait for as long as it was wrong. Whatever lies behind needs no cure: it is due.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.db import Connection, Database
from bridge.delivery import budget as budgets
from bridge.delivery import pause as pauses
from bridge.delivery import store
from bridge.delivery.budget import Rate
from bridge.delivery.turn import PUT_OFF
from bridge.outbox.store import claim, ledger, queue
from bridge.outbox.store.queue import PutOff
from bridge.settings import Policy

SLACK = timedelta(seconds=10)
"""So far apart may two clocks be that are right."""
AT_ONCE = 1_000


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How far ahead what waits may lie."""

    now: datetime
    delivery: timedelta
    """Its own next attempt. What Alvaria has asked to wait for longer is held by its budget."""
    doubt: timedelta
    rate: Rate | None

    @property
    def latest_due(self) -> datetime:
        return self.now + self.delivery + SLACK

    @property
    def latest_doubt(self) -> datetime:
        return self.now + self.doubt + SLACK


def reach_of(policy: Policy, now: datetime) -> Reach:
    longest_s = max(policy.cap_s, policy.configuration_s, PUT_OFF.total_seconds())
    return Reach(
        now=now,
        delivery=timedelta(seconds=longest_s),
        doubt=timedelta(seconds=policy.doubt_s),
        rate=budgets.configured(policy),
    )


def bring_back(database: Database, policy: Policy, now: datetime) -> bool:
    """True if there was anything; what was is due now, or after its longest wait."""
    reach = reach_of(policy, now)
    # There hardly ever is: a look needs no lock.
    with database.reading() as conn:
        if not _is_any(conn, reach):
            return False
    with database.transaction() as conn:
        last = _bring_back(conn, reach)
    while last == AT_ONCE:
        with database.transaction() as conn:
            last = _hurry(conn, reach)
    return True


def _is_any(conn: Connection, reach: Reach) -> bool:
    return (
        any(_budget(budget, reach) != budget for budget in store.all_budgets(conn))
        or any(_pause(pause, reach) != pause for pause in store.all_pauses(conn))
        or claim.soonest(conn, claim.waiting_operations(conn), reach.latest_due) is not None
        or ledger.is_any_doubt_after(conn, reach.latest_doubt)
    )


def _bring_back(conn: Connection, reach: Reach) -> int:
    # The budgets first, as when a turn is taken: or two workers would wait for each other.
    for name in [budget.name for budget in store.all_budgets(conn)]:
        store.save_budget(conn, _budget(store.lock_budget(conn, name), reach))
    for pause in store.all_pauses(conn):
        if _pause(pause, reach) != pause:
            store.save_pause(conn, _pause(pause, reach))
    ledger.shorten_doubts(conn, after=reach.latest_doubt, to=reach.now + reach.doubt)
    return _hurry(conn, reach)


def _hurry(conn: Connection, reach: Reach) -> int:
    return queue.hurry(conn, PutOff(), now=reach.now, at_most=AT_ONCE, after=reach.latest_due)


def _budget(budget: budgets.Budget, reach: Reach) -> budgets.Budget:
    return budgets.within_reach(budget, configured=reach.rate, now=reach.now, slack=SLACK)


def _pause(pause: pauses.Pause, reach: Reach) -> pauses.Pause:
    return pauses.within_reach(pause, now=reach.now, slack=SLACK)
