"""What waits as a whole, why, and how it comes to work again; pure.

| cause         | begins                                  | ends                                                     |
|---------------|-----------------------------------------|----------------------------------------------------------|
| person        | when a person says so                   | when a person says so                                    |
| configuration | at once                                 | with the first probe that succeeds, one per interval     |
| outage        | after so many failures one after another | by probes that succeed; intervals grow while they fail   |
| refusals      | after so many equal ones of a rule      | when a person says so, or its mapping is another one     |
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bridge.settings import Policy

ALL = "all"
LONGEST_PROBE_S = 60.0
"""An API that is back is noticed within this time."""
GROWTH = 2.0
EASING = 4.0
OVER_S = 0.5
"""An interval as short as this is none."""


class Cause(StrEnum):
    """The most certain one first: that is the one to name where several hold."""

    PERSON = "person"
    CONFIGURATION = "configuration"
    OUTAGE = "outage"
    REFUSALS = "refusals"


RANK = {cause: rank for rank, cause in enumerate(Cause)}
PROBED = frozenset({Cause.CONFIGURATION, Cause.OUTAGE})


@dataclass(frozen=True, kw_only=True)
class Pause:
    name: str
    """all, source:NAME, operation:ID, category:NAME or rule:SOURCE/RULE."""
    cause: Cause
    reason: str
    since: datetime
    probe_at: datetime | None = None
    """When one request is let through to see; None: only a person ends it."""
    interval_s: float = 0


def by_person(name: str, reason: str, now: datetime) -> Pause:
    return Pause(name=name, cause=Cause.PERSON, reason=reason, since=now)


def after_trouble(failures: int, name: str, reason: str, policy: Policy, now: datetime) -> Pause | None:
    """The breaker: opens after enough failures one after another."""
    if failures < policy.breaker_failures:
        return None
    return _probed(Pause(name=name, cause=Cause.OUTAGE, reason=reason, since=now, interval_s=policy.base_s))


def after_misconfiguration(name: str, reason: str, policy: Policy, now: datetime) -> Pause:
    """At once: every further request would be refused as well."""
    wait_s = policy.configuration_s
    return _probed(Pause(name=name, cause=Cause.CONFIGURATION, reason=reason, since=now, interval_s=wait_s))


def _probed(pause: Pause) -> Pause:
    return probing(replace(pause, interval_s=max(pause.interval_s, OVER_S)), pause.since)


def after_refusals(times: int, name: str, reason: str, policy: Policy, now: datetime) -> Pause | None:
    """A rule whose settings are refused again and again burns no more requests."""
    if times < policy.refusals_before_pause:
        return None
    return Pause(name=name, cause=Cause.REFUSALS, reason=f"refused {times} times: {reason}", since=now)


def is_probe_due(pause: Pause, now: datetime) -> bool:
    return pause.probe_at is not None and now >= pause.probe_at


def probing(pause: Pause, now: datetime) -> Pause:
    """As it is kept before the probe is sent: the next one is an interval away, so nobody else sends one too."""
    return replace(pause, probe_at=now + timedelta(seconds=pause.interval_s)) if pause.cause in PROBED else pause


def after_failure(pause: Pause, now: datetime) -> Pause:
    """The probe failed as well. Waiting longer spares an API that is down; it does not mend a configuration."""
    if pause.cause is Cause.OUTAGE:
        pause = replace(pause, interval_s=max(pause.interval_s, min(pause.interval_s * GROWTH, LONGEST_PROBE_S)))
    return probing(pause, now)


def after_success(pause: Pause, now: datetime) -> Pause | None:
    """The probe went through. After an outage the next one comes sooner each time, so that not all come at once."""
    if pause.cause not in PROBED:
        return pause
    if pause.cause is Cause.CONFIGURATION:
        return None
    eased = replace(pause, interval_s=pause.interval_s / EASING)
    return probing(eased, now) if eased.interval_s >= OVER_S else None


def within_reach(pause: Pause, *, now: datetime, slack: timedelta) -> Pause:
    """Begun by now, and probed within its interval, as a clock that is right has it."""
    latest = now + timedelta(seconds=pause.interval_s)
    probe_at = latest if pause.probe_at and pause.probe_at > latest + slack else pause.probe_at
    return replace(pause, since=now if pause.since > now + slack else pause.since, probe_at=probe_at)


def applies(pauses: Iterable[Pause], *, source: str, rule: str, operation: str, category: str) -> Pause | None:
    """Which one a delivery waits for: a person's first, then the one that holds the most; None where none does."""
    names = [ALL, f"source:{source}", f"category:{category}", f"operation:{operation}", f"rule:{source}/{rule}"]
    found = [pause for pause in pauses if pause.name in names]
    return min(found, key=lambda pause: (RANK[pause.cause], names.index(pause.name)), default=None)


WHAT = {
    "source": "What comes from {}",
    "operation": "The operation {}",
    "category": "All of the category {}",
    "rule": "The rule {}",
}
WHY = {
    Cause.PERSON: "is paused by a person",
    Cause.CONFIGURATION: "waits for a better configuration",
    Cause.OUTAGE: "waits for Alvaria to answer again",
    Cause.REFUSALS: "is paused, since Alvaria refuses it",
}
UNTIL = {
    Cause.PERSON: "Until a person resumes it.",
    Cause.REFUSALS: "Until its mapping is mended, or a person resumes it.",
}


def in_words(pause: Pause, now: datetime) -> str:
    """What waits, for how long already, why, and for what."""
    kind, _, name = pause.name.partition(":")
    what = WHAT[kind].format(name) if kind in WHAT else "Everything"
    reason = pause.reason if pause.reason.endswith((".", "!", "?")) else f"{pause.reason}."
    return f"{what} {WHY[pause.cause]}, for {in_time(now - pause.since)} now: {reason} {_until(pause, now)}"


def _until(pause: Pause, now: datetime) -> str:
    if pause.probe_at is None:
        return UNTIL.get(pause.cause, UNTIL[Cause.PERSON])
    if is_probe_due(pause, now):
        return "The next try is due."
    return f"The next try is in {in_time(pause.probe_at - now)}."


def in_time(lasts: timedelta) -> str:
    """90 s, 5 min, 3 h or 2 days: the largest unit of which there are at least two."""
    seconds = max(0, round(lasts.total_seconds()))
    for unit, length in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
