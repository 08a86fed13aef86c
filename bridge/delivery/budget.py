"""How many requests may still be sent, by what the settings say and by what the API's answers tell; pure.

Once the limit is known, no window of the API gets more requests than it takes, as long as the limit is what holds us
back: a window of ours is over only when the API's certainly is. Where the workers are slower than the limit, a request
may cross from one window into the next, and now and then one is refused with 429, which costs a wait and no attempt.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bridge.alvaria.limit_headers import LimitSeen
from bridge.model import Priority
from bridge.settings import Policy

ROUNDING = timedelta(seconds=1)
"""The end of a window comes in whole seconds, rounded up."""
LOOK_AGAIN = timedelta(milliseconds=100)
"""Until the first answer of a window says when it ends."""
USUAL_WINDOW_S = 60.0
LONGEST_BLOCK = timedelta(minutes=15)
"""Who asks us to wait for longer is asked again after this."""

SHARES = ((Priority.REPLAY, 8, 3), (Priority.BACKFILL, 16, 7), (Priority.CLEAN_OUT, 32, 15))
"""Who goes first every so many turns, beginning with which: no two of them meet."""
TURNS = 32


def _order(turn: int) -> tuple[Priority, ...]:
    first = [priority for priority, every, begins in SHARES if turn % every == begins]
    return (*first, *(priority for priority in Priority if priority not in first))


ORDERS = tuple(_order(turn) for turn in range(TURNS))


def order_of(turn: int) -> tuple[Priority, ...]:
    """Whose deliveries to look for in this turn, one after another: live ones first, but none is left out for ever."""
    return ORDERS[turn % TURNS]


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What the settings allow."""

    requests: int
    window_s: float

    @property
    def interval(self) -> timedelta:
        return timedelta(seconds=self.window_s / self.requests)


def configured(policy: Policy) -> Rate | None:
    """None: as much as the API takes."""
    return Rate(requests=policy.rate_limit, window_s=policy.rate_window_s) if policy.rate_limit else None


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Of one category of endpoints; all workers share it."""

    name: str
    rate_limit: int | None = None
    """Requests in a window of the API; None: it has not said."""
    window_s: float | None = None
    """The longest that a window was seen to last."""
    tokens: float = 0
    """Requests that may still be sent in this window."""
    opened_at: datetime | None = None
    """When the first request of this window was taken."""
    resets_at: datetime | None = None
    """The earliest moment at which this window is certainly over; None until an answer tells."""
    full_at: datetime | None = None
    """When the configured rate lets a whole window's requests go at once again."""
    blocked_until: datetime | None = None
    reason: str = ""
    """Why it is blocked."""
    turn: int = 0
    failures: int = 0
    """One after another, since the last answer."""


@dataclass(frozen=True, kw_only=True)
class Wait:
    until: datetime
    """When to ask again; an answer that comes in may make it sooner."""
    reason: str
    is_idle: bool = False
    """Nothing is due: no answer to others makes it sooner, only what is committed and told."""


def take(budget: Budget, *, configured: Rate | None, now: datetime) -> Budget | Wait:
    """One request taken, or the longest of the waits for one."""
    budget = _in_its_window(budget, now)
    waits = [wait for wait in (_blocked(budget, now), _paced(budget, configured, now), _used_up(budget, now)) if wait]
    if waits:
        return max(waits, key=lambda wait: wait.until)
    return replace(
        budget,
        tokens=budget.tokens if budget.rate_limit is None else budget.tokens - 1,
        opened_at=budget.opened_at or now,
        full_at=max(budget.full_at or now, now) + configured.interval if configured else None,
        turn=(budget.turn + 1) % TURNS,
    )


def _in_its_window(budget: Budget, now: datetime) -> Budget:
    """The budget as it is at this moment: with all of a new window's tokens where the last one is over."""
    if budget.rate_limit is None or now < _ends_at(budget, now):
        return budget
    return replace(budget, tokens=budget.rate_limit, opened_at=now, resets_at=None)


def _ends_at(budget: Budget, now: datetime) -> datetime:
    """Where no answer ever told the end, there is one nevertheless."""
    longest = timedelta(seconds=budget.window_s or USUAL_WINDOW_S) + ROUNDING
    return budget.resets_at or (budget.opened_at or now) + longest


def _blocked(budget: Budget, now: datetime) -> Wait | None:
    if budget.blocked_until and budget.blocked_until > now:
        return Wait(until=budget.blocked_until, reason=budget.reason)
    return None


def _paced(budget: Budget, configured: Rate | None, now: datetime) -> Wait | None:
    """A bucket that holds a window's requests and is filled steadily, written as the moment at which it is full."""
    if not configured or not budget.full_at:
        return None
    until = budget.full_at - (configured.requests - 1) * configured.interval
    words = f"the settings allow {configured.requests} requests in {configured.window_s:g} s"
    return Wait(until=until, reason=words) if until > now else None


def _used_up(budget: Budget, now: datetime) -> Wait | None:
    if budget.rate_limit is None or budget.tokens >= 1:
        return None
    words = f"the {budget.rate_limit} requests that Alvaria takes in a window are used up"
    return Wait(until=budget.resets_at or now + LOOK_AGAIN, reason=words)


def give_back(budget: Budget, *, configured: Rate | None = None, taken_at: datetime | None = None) -> Budget:
    """Where nothing was sent after all. A request taken in an earlier window is gone with it."""
    gone = taken_at is not None and budget.opened_at is not None and taken_at < budget.opened_at
    known = budget.rate_limit is not None and not gone
    return replace(
        budget,
        tokens=min(budget.rate_limit or 0, budget.tokens + 1) if known else budget.tokens,
        full_at=budget.full_at - configured.interval if budget.full_at and configured else budget.full_at,
    )


def learn(budget: Budget, seen: LimitSeen | None, *, sent_at: datetime, now: datetime) -> Budget:
    """What an answer's headers change; answers come in any order, and others use the same key.

    Each answer counts for the window in which its request was sent. Within a window the requests that are left only
    become fewer, and its end only nearer: every answer puts it a little too late, by its way back and by rounding.
    """
    if seen is None or (seen.limit is None and budget.rate_limit is None):
        return budget
    if budget.rate_limit is None or _is_later(budget, seen, sent_at, now):
        return _another_window(budget, seen, sent_at, now)
    if budget.opened_at and sent_at < budget.opened_at:
        return budget
    left = budget.tokens if seen.remaining is None else min(budget.tokens, seen.remaining)
    ends = [moment for moment in (budget.resets_at, seen.resets_at) if moment]
    return _measured(replace(budget, tokens=left, resets_at=min(ends, default=None)), seen, now)


def _is_later(budget: Budget, seen: LimitSeen, sent_at: datetime, now: datetime) -> bool:
    """Whether the answer's window certainly ends after the one that we know."""
    if not budget.resets_at or not seen.resets_at:
        return False
    return seen.resets_at - (now - sent_at) - ROUNDING > budget.resets_at


def _another_window(budget: Budget, seen: LimitSeen, sent_at: datetime, now: datetime) -> Budget:
    limit = seen.limit or budget.rate_limit or 0
    left = limit if seen.remaining is None else min(limit, seen.remaining)
    return _measured(replace(budget, tokens=left, opened_at=sent_at, resets_at=seen.resets_at), seen, now)


def _measured(budget: Budget, seen: LimitSeen, now: datetime) -> Budget:
    """The limit and its window as the API has them today; a new limit's tokens come with its next window."""
    is_new = seen.limit not in (None, budget.rate_limit)
    known_s = 0.0 if is_new else budget.window_s or 0.0
    rest_s = (seen.resets_at - now).total_seconds() if seen.resets_at else 0.0
    window_s = seen.window_s or max(known_s, rest_s) or None
    return replace(budget, rate_limit=seen.limit or budget.rate_limit, window_s=window_s)


def block(budget: Budget, until: datetime, reason: str) -> Budget:
    """The API asked us to wait. Never shorter than what is there."""
    if budget.blocked_until and budget.blocked_until >= until:
        return budget
    return replace(budget, blocked_until=until, reason=reason)


def block_longer(budget: Budget, reason: str, *, policy: Policy, now: datetime) -> Budget:
    """The same where it did not say for how long: each time twice as long. Those of one burst count once."""
    if budget.blocked_until and budget.blocked_until > now:
        return budget
    wait_s = min(policy.cap_s, policy.base_s * 2 ** min(budget.failures, 30))
    return failed(block(budget, now + timedelta(seconds=wait_s), reason))


def failed(budget: Budget) -> Budget:
    """One more without an answer."""
    return replace(budget, failures=budget.failures + 1)


def answered(budget: Budget) -> Budget:
    """The API does its work: what failed before is over."""
    return budget if budget.failures == 0 else replace(budget, failures=0)


def within_reach(budget: Budget, *, configured: Rate | None, now: datetime, slack: timedelta) -> Budget:
    """Without times that lie further ahead than a clock that is right puts them."""
    window = timedelta(seconds=budget.window_s or USUAL_WINDOW_S) + ROUNDING
    pace = configured.requests * configured.interval if configured else timedelta(0)

    def near(moment: datetime | None, reach: timedelta) -> datetime | None:
        return now + reach if moment and moment > now + reach + slack else moment

    return replace(
        budget,
        opened_at=near(budget.opened_at, timedelta(0)),
        resets_at=near(budget.resets_at, window),
        full_at=near(budget.full_at, pace),
        blocked_until=near(budget.blocked_until, LONGEST_BLOCK),
    )
