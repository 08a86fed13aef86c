"""What was read a moment ago, so that one read serves all the events whose change it has seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge.fetch.asks import Ask
from bridge.model import Json

MOST = 1_000
"""How many records are kept at a time: they are in memory, and they are people's."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    began_at: datetime
    record: Mapping[str, Json] = field(repr=False)


class Reads:
    """The newest reads of one source, by address, each for `keep_for`."""

    def __init__(self, keep_for: timedelta) -> None:
        self._keep_for = keep_for
        self._kept: dict[str, Kept] = {}

    def find(self, ask: Ask, now: datetime) -> Mapping[str, Json] | None:
        """None where no read is new enough, or none has seen all the changes that ask for it."""
        kept = self._kept.get(ask.url)
        if not kept or now - kept.began_at > self._keep_for or kept.began_at < ask.needs:
            return None
        return kept.record

    def add(self, ask: Ask, record: Mapping[str, Json], began_at: datetime) -> None:
        # A read that was replaced stands last again, so the first is always the oldest.
        self._kept.pop(ask.url, None)
        self._kept[ask.url] = Kept(began_at=began_at, record=record)
        for url in list(self._kept):
            if len(self._kept) <= MOST and began_at - self._kept[url].began_at <= self._keep_for:
                break
            del self._kept[url]
