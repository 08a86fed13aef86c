"""Call attempts and the trackers that count them: Campaign API v2, CallAttempts.

How many attempts are allowed is set up in the vendor's console; the numbers here are the sandbox's own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.sandbox.campaign.store import add, digits, held
from bridge.sandbox.members import iso, moment
from bridge.sandbox.messages import Ask, Json, Reply
from bridge.sandbox.state import State

COLLECTION = "callAttempts"


@dataclass(frozen=True, kw_only=True)
class Tracker:
    exclusion_type: int
    counts_by: tuple[str, ...]
    """The members that attempts must have in common to be counted together."""
    most: int
    window: timedelta


TRACKERS = (
    Tracker(exclusion_type=5, counts_by=("customer",), most=7, window=timedelta(days=7)),
    Tracker(exclusion_type=6, counts_by=("phoneDialed",), most=5, window=timedelta(days=1)),
    Tracker(exclusion_type=7, counts_by=("customer", "phoneDialed"), most=3, window=timedelta(days=1)),
)
ASKED_AS = {"customer": "customer", "phoneDialed": "phoneNumber"}


def report(state: State, ask: Ask) -> Reply:
    """202 without a body. Every attempt counts, whatever its disposition and key: it has been made."""
    now = state.now()
    for event in ask.json.get("events", ()):
        made_at = moment("timeOfAttempt", event.get("timeOfAttempt", iso(now)))
        add(state, COLLECTION, {**event, "timeOfAttempt": iso(min(made_at, now))})
    return Reply(status=202)


def concerned(asked: Mapping[str, Json]) -> list[int]:
    """The trackers that would count an attempt to reach this record."""
    return [
        tracker.exclusion_type for tracker in TRACKERS if all(ASKED_AS[name] in asked for name in tracker.counts_by)
    ]


def full(state: State, asked: Mapping[str, Json], now: datetime) -> Iterator[tuple[int, datetime, datetime]]:
    """Each tracker that allows no more: its exclusion type, when it allows again, and when it was filled."""
    for tracker in TRACKERS:
        if tracker.exclusion_type not in concerned(asked):
            continue
        wanted = _group(tracker, {name: asked[ASKED_AS[name]] for name in tracker.counts_by})
        times = sorted(_times(state, tracker, wanted, now))
        if len(times) >= tracker.most:
            yield tracker.exclusion_type, times[-tracker.most] + tracker.window, times[-1]


def _times(state: State, tracker: Tracker, wanted: tuple[str, ...], now: datetime) -> Iterator[datetime]:
    for attempt in held(state, COLLECTION).values():
        if _group(tracker, attempt) == wanted:
            time = moment("timeOfAttempt", attempt["timeOfAttempt"])
            if time + tracker.window > now:
                yield time


def _group(tracker: Tracker, attempt: Mapping[str, Json]) -> tuple[str, ...]:
    return tuple(_plain(name, attempt.get(name, "")) for name in tracker.counts_by)


def _plain(name: str, value: str) -> str:
    return digits(value) if name == "phoneDialed" else value
