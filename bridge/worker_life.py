"""A worker's sign of life: while it is given, its claims are its own."""

import threading
from contextlib import suppress
from datetime import datetime, timedelta

from bridge import clock, log
from bridge.db import Database
from bridge.errors import DatabaseAway
from bridge.outbox.store import workers

BEATS_IN_A_LEASE = 3
LONGEST_PAUSE_S = 5.0
"""A SQLite file's other hosts wait for no more than three of these; see bridge/db/host.py."""
AWAY_S = 1.0


class Life:
    """Beats in a thread of its own, since the loop may be waiting for an answer for longer than a lease."""

    def __init__(self, database: Database, name: str, lease: timedelta) -> None:
        self.database = database
        self.name = name
        self.lease = lease
        self.pause_s = min(lease.total_seconds() / BEATS_IN_A_LEASE, LONGEST_PAUSE_S)
        self.alive_until: datetime | None = None
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._beat_on, name="life", daemon=True)

    def keep(self, now: datetime) -> None:
        """Be alive before anything is claimed. Raises DatabaseAway."""
        if not self.is_alive(now):
            self._beat(now)
        if not self.thread.is_alive() and not self.ended.is_set():
            self.thread.start()

    def is_alive(self, now: datetime) -> bool:
        """False where the others may have taken back what this worker held."""
        return self.alive_until is not None and now < self.alive_until

    def end(self) -> None:
        """What it still holds is free at once; or when its lease is over, if the database is away."""
        self.ended.set()
        if self.thread.is_alive():
            self.thread.join()
        with suppress(DatabaseAway), self.database.transaction() as conn:
            workers.leave(conn, self.name)
        self.alive_until = None

    def _beat_on(self) -> None:
        pause_s = self.pause_s
        while not self.ended.wait(pause_s):
            pause_s = self._beat_and_pause_s()

    def _beat_and_pause_s(self) -> float:
        try:
            self._beat(clock.now())
        except DatabaseAway as error:
            log.warning("worker.no_sign_of_life", worker=self.name, reason=str(error))
            return min(self.pause_s, AWAY_S)
        return self.pause_s

    def _beat(self, now: datetime) -> None:
        with self.database.transaction() as conn:
            workers.beat(conn, self.name, now + self.lease)
        self.alive_until = now + self.lease
