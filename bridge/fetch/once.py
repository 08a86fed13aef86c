"""One record read at once, for a person who looks on: nothing is kept, nothing is tried again."""

from dataclasses import replace

from bridge import clock
from bridge.fetch.asks import need
from bridge.fetch.client import Door
from bridge.fetch.decide import Case, Read, Unfetched, Untouched, Verdict, judge
from bridge.fetch.fetch import record_in, result_of
from bridge.fetch.record import merged
from bridge.model import Event
from bridge.settings import Policy
from bridge.sources.fetch import FetchPlan
from bridge.sources.source import Source


def read_once(source: Source, event: Event) -> tuple[Event, str]:
    """The event with its record, and in words what was read; the event as it is where nothing came of it."""
    what = need(source.fetch, event)
    if isinstance(what, Untouched) or not source.fetch:
        return event, ""
    if isinstance(what, Unfetched):
        return event, f"cannot be read: {what.reason}"
    match _verdict(source, source.fetch, what):
        case Read(record=record):
            return replace(event, record=merged(event, record)), f"GET {what} (read)"
        case Untouched(note=reason):
            return event, f"GET {what} (nothing to read: {reason})"
        case trouble:
            return event, f"GET {what} (not read: {trouble.reason})"


def _verdict(source: Source, plan: FetchPlan, url: str) -> Verdict:
    door = Door(source=source, plan=plan)
    try:
        result = result_of(lambda: door.get(url))
    finally:
        door.close()
    now = clock.now()
    case = Case(host=plan.url.host, attempts=0, since=now, give_up=plan.give_up, policy=Policy(), now=now, luck=0)
    return judge(result, case) or record_in(result, plan, source)
