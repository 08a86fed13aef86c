"""Waiting events -> what to ask the CRM for them; pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile

from bridge.errors import ExpressionError
from bridge.fetch.decide import Unfetched, Untouched
from bridge.model import Event
from bridge.sources.fetch import FetchPlan, address_for

CLOCKS = timedelta(seconds=5)
"""How far the CRM's clock and ours may differ."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """The events of one record that wait, in the order of arrival, and how it stands with the first of them."""

    events: tuple[Event, ...]
    attempts: int = 0
    since: datetime

    @property
    def first(self) -> Event:
        return self.events[0]


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One record to be read, and the events that a read serves."""

    url: str = field(repr=False)
    events: tuple[Event, ...]
    attempts: int
    since: datetime

    @property
    def first(self) -> Event:
        return self.events[0]

    @property
    def needs(self) -> datetime:
        """A read that began before this may not have seen all the changes."""
        return max(min(event.received_at, event.occurred_at + CLOCKS) for event in self.events)


def need(plan: FetchPlan | None, event: Event) -> str | Untouched | Unfetched:
    """The address to read from; or that nothing is to be read, or why nothing can be."""
    try:
        return address_for(plan, event) or Untouched()
    except ExpressionError as error:
        return Unfetched(reason=f"{error}; mend fetch in the mapping")


def ask(plan: FetchPlan | None, turn: Turn) -> Ask | Untouched | Unfetched:
    """The later events of the record are served by the same read, up to the first that needs another one, or none."""
    url = need(plan, turn.first)
    if not isinstance(url, str):
        return url
    served = takewhile(lambda event: need(plan, event) == url, turn.events)
    return Ask(url=url, events=tuple(served), attempts=turn.attempts, since=turn.since)
