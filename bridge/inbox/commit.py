"""One transaction for all webhooks that wait: the first that comes keeps them for all, then the next one does.

What `keep` has returned for is durable. Nobody waits when alone, and there is no thread to start or to stop: those that
wait are the requests themselves.
"""

import threading
import time
from collections import deque
from collections.abc import Sequence

from bridge.db import Database
from bridge.errors import DatabaseAway
from bridge.inbox import store
from bridge.model import Event, Webhook
from bridge.settings import Room

MAX_TOGETHER = 64
MAX_EVENTS_TOGETHER = 1_000
"""What is begun in one transaction: others must be able to write as well. A single webhook may have more."""
CUT_OFF = "the process was stopped while it kept this"


class Waiting:
    """A webhook between its hand-over and its answer."""

    def __init__(self, webhook: Webhook, events: tuple[Event, ...]) -> None:
        self.arrival = (webhook, events)
        self.since = time.monotonic()
        self.kept: store.Kept | None = None
        self.fault: Exception | None = None
        self.called = threading.Lock()
        """Held until it has its answer, or is the one that keeps for all."""
        self.called.acquire()
        self.leads = False

    @property
    def bytes(self) -> int:
        return len(self.arrival[0].body)


class Committer:
    """One for each process."""

    def __init__(self, database: Database, room: Room) -> None:
        self.database = database
        self.room = room
        self.lock = threading.Lock()
        self.waiting: deque[Waiting] = deque()
        """Those that no transaction has taken yet; the first of them leads, or soon will."""
        self.unanswered: dict[Waiting, None] = {}
        """All that were handed over, the oldest first."""
        self.bytes = 0
        self.is_led = False

    def keep(self, webhook: Webhook, events: tuple[Event, ...]) -> store.Kept:
        """Keep the webhook with all others that wait. Raises DatabaseAway, and then nothing of it was kept."""
        mine = Waiting(webhook, events)
        self._hand_over(mine)
        try:
            mine.called.acquire()
            if mine.leads:
                self._lead()
        finally:
            self._take_back(mine)
        if mine.kept is None:
            raise mine.fault or DatabaseAway(CUT_OFF)
        return mine.kept

    def lack(self) -> str | None:
        """What there is too much of to take more in; None while there is room."""
        with self.lock:
            oldest = next(iter(self.unanswered), None)
            return self.room.lack(
                webhooks=len(self.unanswered),
                size=self.bytes,
                oldest_s=time.monotonic() - oldest.since if oldest else 0.0,
            )

    def _hand_over(self, mine: Waiting) -> None:
        with self.lock:
            self.unanswered[mine] = None
            self.bytes += mine.bytes
            self.waiting.append(mine)
            if not self.is_led:
                self._call_next()

    def _call_next(self) -> None:
        """Let the oldest lead, if there is one. Only with the lock."""
        self.is_led = bool(self.waiting)
        if self.waiting:
            self.waiting[0].leads = True
            self.waiting[0].called.release()

    def _take_back(self, mine: Waiting) -> None:
        with self.lock:
            del self.unanswered[mine]
            self.bytes -= mine.bytes

    def _lead(self) -> None:
        """Keep all that wait now, and let the next one lead before the others go on."""
        batch: list[Waiting] = []
        fault = DatabaseAway(CUT_OFF)
        try:
            self._keep(batch)
        except DatabaseAway as error:
            fault = error
        finally:
            self._answer(batch or self._next(), fault)

    def _keep(self, batch: list[Waiting]) -> None:
        """All in one transaction; where one of them cannot be kept, each in its own, so that it fails alone."""
        try:
            with self.database.transaction() as conn:
                batch += self._next()  # not before: while it was not our turn, more have come
                found = store.keep_all(conn, [each.arrival for each in batch])
        except DatabaseAway:
            raise
        except Exception:
            if not batch:
                raise
            self._keep_apart(batch)
        else:
            for each, kept in zip(batch, found, strict=True):
                each.kept = kept

    def _next(self) -> list[Waiting]:
        """The oldest; at least one where one waits."""
        batch: list[Waiting] = []
        events = 0
        with self.lock:
            while self.waiting and len(batch) < MAX_TOGETHER and events < MAX_EVENTS_TOGETHER:
                batch.append(self.waiting.popleft())
                events += len(batch[-1].arrival[1])
        return batch

    def _keep_apart(self, batch: Sequence[Waiting]) -> None:
        for each in batch:
            try:
                with self.database.transaction() as conn:
                    kept = store.keep(conn, *each.arrival)
            except DatabaseAway:
                raise
            except Exception as fault:
                each.fault = fault
            else:
                each.kept = kept

    def _answer(self, batch: Sequence[Waiting], fault: DatabaseAway) -> None:
        """Whoever has neither been kept nor found to be the culprit hears of the fault of all."""
        with self.lock:
            self._call_next()
        for each in batch:
            each.fault = each.fault or DatabaseAway(str(fault))
            each.called.release()
