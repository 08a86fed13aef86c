"""Silence is a fault: a source that should have sent something by now, and has not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.db import Connection
from bridge.inbox import queries
from bridge.sources.source import Source


@dataclass(frozen=True, kw_only=True)
class Silence:
    """A source that has been silent for longer than its mapping expects."""

    source: str
    last: datetime | None
    """None: nothing has ever come."""
    every: timedelta

    def __str__(self) -> str:
        since = f"since {self.last:%Y-%m-%d %H:%M} UTC" if self.last else "so far"
        hours = self.every / timedelta(hours=1)
        return (
            f"{self.source}: nothing received {since}, although something is expected every {hours:g} h; "
            "see whether the CRM has ended the subscription"
        )


def silent(conn: Connection, sources: Iterable[Source], now: datetime) -> list[Silence]:
    """Those of the sources that have been silent for too long."""
    expected = {source.name: source.expect_every for source in sources if source.expect_every}
    if not expected:
        return []
    last = queries.last_received(conn, list(expected))
    return [
        Silence(source=name, last=last.get(name), every=every)
        for name, every in expected.items()
        if name not in last or now - last[name] > every
    ]
