"""Webhooks that wait together, for tests."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bridge.db import Connection, Database
from bridge.errors import DatabaseAway
from bridge.inbox.commit import Committer
from bridge.inbox.store import Kept
from bridge.model import Event, Webhook

PATIENCE_S = 20.0


class Held(Database):
    """A database whose transactions begin when `open` is set."""

    def __init__(self, database: Database, open_: threading.Event) -> None:
        self.held = database
        self.open = open_

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        assert self.open.wait(PATIENCE_S)
        with self.held.transaction() as conn:
            yield conn


class Crowd:
    """Webhooks that are handed over one after another, while the first of them cannot begin."""

    def __init__(self, committer: Committer) -> None:
        self.committer = committer
        self.open = threading.Event()
        self.answers: list[Kept | BaseException] = []
        self.threads: list[threading.Thread] = []
        committer.database = Held(committer.database, self.open)

    def add(self, given: Webhook, *found: Event) -> None:
        place = len(self.threads)
        self.answers.append(DatabaseAway("no answer yet"))
        self.threads.append(threading.Thread(target=self._keep, args=(place, given, found)))
        self.threads[-1].start()
        wait_until(lambda: len(self.committer.unanswered) == place + 1)

    def _keep(self, place: int, given: Webhook, found: tuple[Event, ...]) -> None:
        try:
            self.answers[place] = self.committer.keep(given, found)
        except BaseException as error:
            self.answers[place] = error

    def go(self) -> list[Kept | BaseException]:
        self.open.set()
        for thread in self.threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()
        return self.answers


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)
