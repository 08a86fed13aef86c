"""The threads of a worker that send, since most of a delivery's time is spent waiting for the network."""

import threading
from datetime import datetime

from bridge import clock, log
from bridge.delivery.budget import Wait
from bridge.delivery.deliver import deliver_next
from bridge.delivery.turn import LOOK_AGAIN, Sender
from bridge.errors import DatabaseAway

AWAY_S = 1.0
LONGEST_REST_S = 1.0
"""Another worker's answer may have changed what was waited for."""


class ThreadFailed(Exception):
    """The worker cannot go on as it should: it ends, and is started again."""


class Bell:
    """Wakes one sleeper for each ring; a ring that nobody hears is kept for the next one who would sleep."""

    def __init__(self) -> None:
        self._rung = threading.Semaphore(0)

    def ring(self) -> None:
        self._rung.release()

    def sleep(self, at_most_s: float) -> None:
        if self._rung.acquire(timeout=max(0.0, at_most_s)):
            while self._rung.acquire(blocking=False):
                pass  # several rings while nobody slept are one


class Sending:
    """Sends with so many threads until the sender's `stop` is set."""

    def __init__(self, sender: Sender, count: int) -> None:
        self.sender = sender
        self.stop = sender.stop
        self.bell = Bell()
        self.has_failed = False
        self.threads = [
            threading.Thread(target=self._send, name=f"sending-{number}", daemon=True) for number in range(count)
        ]

    def keep_up(self) -> None:
        """Begin, if that has not been done; raise ThreadFailed where a fault of ours has ended a thread."""
        if self.has_failed:
            raise ThreadFailed("a thread that sends has ended by a fault; the log has its place")
        for thread in self.threads:
            if not thread.ident:
                thread.start()

    def ring(self) -> None:
        """There may be something to send."""
        self.bell.ring()

    def finish(self) -> None:
        """Wait for what is on its way."""
        for _ in self.threads:
            self.bell.ring()
        for thread in self.threads:
            if thread.ident:
                thread.join()

    def _send(self) -> None:
        """What it had claimed is free when the worker ends, and not before: so that has to end too."""
        try:
            self._send_on()
        except Exception as error:
            self.has_failed = True
            log.error("worker.fault", fault=error)

    def _send_on(self) -> None:
        while not self.stop.is_set():
            try:
                wait = deliver_next(self.sender, claimed=self.bell.ring)
            except DatabaseAway as error:
                log.warning("database.away", reason=str(error))
                self.stop.wait(AWAY_S)
                continue
            if wait:
                self.bell.sleep(rest_s(wait, clock.now()))


def rest_s(wait: Wait, now: datetime) -> float:
    longest = LOOK_AGAIN.total_seconds() if wait.is_idle else LONGEST_REST_S
    return min(longest, (wait.until - now).total_seconds())
