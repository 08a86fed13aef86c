"""Waiting for somebody's commit. SQLite is asked for its data version; PostgreSQL tells by itself."""

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from sqlalchemy import Engine

from bridge.db.engine import POSTGRESQL
from bridge.db.statements import CHANNEL
from bridge.errors import DatabaseAway

BUSY_POLL_S = 0.01
IDLE_POLL_S = 0.03
BUSY_FOR_S = 1.0
"""After two commits within this time the next one is likely soon. One alone may be a worker's sign of life: an idle
worker must not cost a hundredth of a core."""
LISTEN_S = 0.5
"""How soon a stop is noticed while PostgreSQL is silent."""
AWAY_S = 1.0


class Changes(Protocol):
    """What was committed since the last look."""

    def wait(self, timeout_s: float) -> bool:
        """True as soon as somebody has committed since the last look; at the latest after `timeout_s`, or a stop.

        It may be True for nothing, as after the database was away: the caller looks in any case. Raises nothing.
        """

    def close(self) -> None: ...


class Polled:
    """SQLite: a connection of its own sees the commits of all the others, whoever they are."""

    def __init__(self, engine: Engine, stop: threading.Event, keep_hold: Callable[[], None]) -> None:
        self.engine = engine
        self.stop = stop
        self.keep_hold = keep_hold
        self.errors = (engine.dialect.loaded_dbapi.Error, DatabaseAway)
        self.connection: Any = None
        self.busy_until = 0.0
        self.last = float("-inf")
        self.seen = self._version()

    def wait(self, timeout_s: float) -> bool:
        end = time.monotonic() + timeout_s
        while (version := self._version()) == self.seen:
            now = time.monotonic()
            pause_s = min(end - now, BUSY_POLL_S if now < self.busy_until else IDLE_POLL_S)
            if pause_s <= 0 or self.stop.is_set():
                return False
            time.sleep(pause_s)  # half as dear as waiting for `stop` itself, and no longer than a stop may take
        self.seen = version
        now = time.monotonic()
        self.busy_until = now + BUSY_FOR_S if now - self.last < BUSY_FOR_S else 0.0
        self.last = now
        return True

    def _version(self) -> int:
        """0 while there is no database; SQLite's own numbers are higher."""
        try:
            self.keep_hold()
            if not self.connection:
                self.connection = _own(self.engine)
            return int(self.connection.execute("PRAGMA data_version").fetchone()[0])
        except self.errors:
            self.close()
            return 0

    def close(self) -> None:
        _close(self)


class Listening:
    """PostgreSQL: a connection of its own on which each `notify` arrives when it is committed."""

    def __init__(self, engine: Engine, stop: threading.Event) -> None:
        self.engine = engine
        self.stop = stop
        self.error = engine.dialect.loaded_dbapi.Error
        self.connection: Any = None
        self._hears(0)

    def wait(self, timeout_s: float) -> bool:
        end = time.monotonic() + timeout_s
        while not self.stop.is_set():
            left_s = max(0.0, end - time.monotonic())
            if self._hears(left_s):
                return True
            if not left_s:
                return False
        return False

    def _hears(self, at_most_s: float) -> bool:
        """True also when it listens again: nobody knows what was said meanwhile."""
        try:
            if not self.connection:
                self.connection = _own(self.engine, **POSTGRESQL)
                self.connection.autocommit = True
                self.connection.execute(f"LISTEN {CHANNEL}")
                return True
            return bool(list(self.connection.notifies(timeout=min(at_most_s, LISTEN_S), stop_after=1)))
        except self.error:
            self.close()
            self.stop.wait(min(at_most_s, AWAY_S))
            return False

    def close(self) -> None:
        _close(self)


def _own(engine: Engine, **options: Any) -> Any:
    """A driver's connection that the pool does not know."""
    arguments, usual = engine.dialect.create_connect_args(engine.url)
    return engine.dialect.connect(*arguments, **{**usual, **options})


def _close(waiting: Polled | Listening) -> None:
    if waiting.connection:
        waiting.connection.close()
    waiting.connection = None
