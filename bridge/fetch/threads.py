"""A thread for each source that reads records, so that a CRM that is slow keeps nobody waiting but itself."""

import threading

from bridge import log
from bridge.db import Database
from bridge.errors import DatabaseAway
from bridge.fetch import store
from bridge.fetch.client import Door
from bridge.fetch.fetch import Reader, fetch_next
from bridge.settings import Policy
from bridge.sources.source import Source
from bridge.versions.follow import Published

IDLE_S = 0.2
TROUBLE_S = 1.0
FINISH_S = 5.0
"""A read that is still on its way then is left: it is repeated by whoever comes next."""


class Fetching:
    """The threads of one worker. They follow what is published, and end with `stop`."""

    def __init__(
        self, database: Database, published: Published, policy: Policy, worker: str, stop: threading.Event
    ) -> None:
        self.database = database
        self.published = published
        self.policy = policy
        self.worker = worker
        self.stop = stop
        self.threads: dict[str, threading.Thread] = {}

    def keep_up(self) -> None:
        """See that each source that reads records has its thread, and no other keeps its events waiting."""
        self.published.follow()
        self._let_go()
        for name, mapping in self.published.catalogue.mappings.items():
            thread = self.threads.get(name)
            if mapping.source.fetch and not (thread and thread.is_alive()):
                self.threads[name] = threading.Thread(
                    target=self._work, args=(name,), name=f"fetch {name}", daemon=True
                )
                self.threads[name].start()

    def _let_go(self) -> None:
        """Where a mapping was published that reads nothing any more, what waits goes on as it is."""
        with self.database.reading() as conn:
            waiting = store.sources_waiting(conn)
        for name in waiting:
            source = self._source(name)
            if source and not source.fetch:
                with self.database.transaction() as conn:
                    store.let_go(conn, name)

    def finish(self) -> None:
        for thread in self.threads.values():
            thread.join(FINISH_S)

    def _source(self, name: str) -> Source | None:
        mapping = self.published.catalogue.mappings.get(name)
        return mapping.source if mapping else None

    def _work(self, name: str) -> None:
        reader: Reader | None = None
        while not self.stop.is_set() and (reader := self._reader(name, reader)):
            self.stop.wait(self._pause_s(reader))
        if reader:
            reader.door.close()

    def _reader(self, name: str, before: Reader | None) -> Reader | None:
        """The one from before, until its source is published anew; None where it reads nothing any more."""
        source = self._source(name)
        if before and before.source is source:
            return before
        if before:
            before.door.close()
        if not source or not source.fetch:
            return None
        return Reader(
            database=self.database,
            source=source,
            policy=self.policy,
            worker=self.worker,
            door=Door(source=source, plan=source.fetch),
            plan=source.fetch,
        )

    def _pause_s(self, reader: Reader) -> float:
        """How long to wait after one round."""
        try:
            return 0 if fetch_next(reader) else IDLE_S
        except DatabaseAway:
            return TROUBLE_S
        except Exception as error:
            # A fault of ours in one source must not end the thread; the event waits, and the log says where.
            log.error("fetch.failed", source=reader.name, fault=error)
            return TROUBLE_S
