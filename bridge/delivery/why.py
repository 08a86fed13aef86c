"""Why a delivery has not arrived yet, or what became of it: one sentence, without its full stop; pure.

The first of these that holds is named: a pause; no worker; an older one of its order key; a wait that Alvaria has asked
for; its own next attempt; a cookie that is out; the budget.
"""

from dataclasses import dataclass
from datetime import datetime

from bridge.alvaria.operations import OPERATIONS
from bridge.delivery.budget import Budget, Rate, Wait, take
from bridge.delivery.pause import Cause, Pause, in_time, in_words
from bridge.model import Delivery, DeliveryState

START = "start one with: bridge run, or bridge worker"


@dataclass(frozen=True, kw_only=True)
class Claimant:
    """The worker that sends it."""

    name: str
    since: datetime
    lives: bool


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """All that may keep a delivery waiting."""

    delivery: Delivery
    now: datetime
    budget: Budget
    rate: Rate | None = None
    """What the settings allow."""
    pause: Pause | None = None
    ahead: Delivery | None = None
    """The oldest of its order key that is not over."""
    out_with: int | None = None
    """Another delivery that is on its way with one of its cookies."""
    newer: int | None = None
    """The delivery whose changes have taken its place."""
    claimant: Claimant | None = None
    workers: int = 0
    """How many live."""


def why(case: Circumstances) -> str:
    delivery, reason = case.delivery, case.delivery.reason.rstrip(".")
    match delivery.state:
        case DeliveryState.WAITING:
            return _waiting(case).rstrip(".")
        case DeliveryState.CLAIMED:
            return _claimed(case)
        case DeliveryState.DEAD:
            how = f"bridge deliveries retry {delivery.id}, or bridge dead replay"
            return f"it is dead: {reason}; mend the cause, then: {how}"
        case DeliveryState.UNKNOWN:
            return f"it may have been carried out; look at Alvaria, then confirm, retry or discard it ({reason})"
        case DeliveryState.SUPERSEDED if case.newer:
            return f"it was not sent, since newer changes have taken its place: see delivery {case.newer}"
    return f"it is {delivery.state}" + (f": {reason}" if reason else "")


def _waiting(case: Circumstances) -> str:
    found = (words for look in LOOKS if (words := look(case)))
    return next(found, f"{_due(case)}; a worker takes it next")


def _paused(case: Circumstances) -> str:
    pause = case.pause
    if not pause:
        return ""
    ends_by_hand = pause.cause in (Cause.PERSON, Cause.REFUSALS)
    return in_words(pause, case.now) + (f" Then: bridge resume {pause.name}" if ends_by_hand else "")


def _without_worker(case: Circumstances) -> str:
    return "" if case.workers else f"{_due(case)}, but no worker is alive; {START}"


def _behind(case: Circumstances) -> str:
    ahead = case.ahead
    if not ahead:
        return ""
    words = f"it waits for delivery {ahead.id} ({ahead.state}), which is older and has the same order key"
    is_up_to_people = ahead.state in (DeliveryState.UNKNOWN, DeliveryState.DEAD)
    return f"{words}; decide about that one: bridge deliveries why {ahead.id}" if is_up_to_people else words


def _asked_to_wait(case: Circumstances) -> str:
    until = case.budget.blocked_until
    if not until or until <= case.now:
        return ""
    return f"Alvaria has asked {_category(case)} to wait, {in_time(until - case.now)} more: {case.budget.reason}"


def _not_due(case: Circumstances) -> str:
    due_at = case.delivery.due_at
    return _due(case) if due_at and due_at > case.now else ""


def _out(case: Circumstances) -> str:
    if not case.out_with:
        return ""
    return f"one of its cookies is on its way with delivery {case.out_with}; it goes when that is answered"


def _without_budget(case: Circumstances) -> str:
    wait = take(case.budget, configured=case.rate, now=case.now)
    if not isinstance(wait, Wait):
        return ""
    return f"{_category(case)} goes on in {in_time(wait.until - case.now)}: {wait.reason}"


LOOKS = (_paused, _without_worker, _behind, _asked_to_wait, _not_due, _out, _without_budget)
"""The first that has something to say is right."""


def _category(case: Circumstances) -> str:
    known = OPERATIONS.get(case.delivery.operation)
    return f"the category {known.category}" if known else "its category"


def _due(case: Circumstances) -> str:
    delivery = case.delivery
    if not delivery.due_at or delivery.due_at <= case.now:
        return "it is due"
    left = in_time(delivery.due_at - case.now)
    after = f", after attempt {delivery.attempts}" if delivery.attempts else ""
    return f"it is tried again in {left}{after}" + (f": {delivery.reason.rstrip('.')}" if delivery.reason else "")


def _claimed(case: Circumstances) -> str:
    claimant = case.claimant
    if not claimant:
        return "it is being sent at this moment"
    since = in_time(case.now - claimant.since)
    if claimant.lives:
        return f"it is being sent now, since {since}, by the worker {claimant.name}"
    lost = f"the worker {claimant.name} took it {since} ago and gives no sign of life"
    return f"{lost}; another one takes it over soon" if case.workers else f"{lost}, and no other is alive; {START}"
