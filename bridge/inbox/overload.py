"""Requests that are turned away because too much is waiting: each is counted, and now and then a line says how many."""

import threading
import time

from bridge import log, metrics
from bridge.sources.source import ReplyKind

EVERY_S = 10.0


class Overload:
    """One for each process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.told_at = float("-inf")
        self.untold = 0

    def refused(self, source: str, lack: str) -> None:
        metrics.WEBHOOKS.labels(source, ReplyKind.OVERLOADED).inc()
        if number := self._to_tell(time.monotonic()):
            log.error("webhook.overloaded", source=source, reason=lack, refused=number)

    def _to_tell(self, now_s: float) -> int:
        """How many were refused since the last line; 0 where that is too recent for another one."""
        with self.lock:
            self.untold += 1
            if now_s - self.told_at < EVERY_S:
                return 0
            self.told_at, number, self.untold = now_s, self.untold, 0
            return number
