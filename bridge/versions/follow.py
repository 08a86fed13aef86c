"""What is published -> the mappings at work in this process; every process follows within a second or so."""

import socket
import threading
import time
from collections.abc import Callable
from collections.abc import Mapping as Map

from bridge import clock, log
from bridge.alvaria.limits import Limits
from bridge.db import Connection, Database
from bridge.mappings.catalogue import Catalogue, FileRead, read_texts
from bridge.versions import publish, store
from bridge.versions.publish import Became, Taken

LOUD = (Became.LAST_GOOD, Became.UNUSABLE, Became.WITHOUT_RULES)
NEWS = (Became.PUBLISHED, Became.WITHDRAWN)


class Published:
    """The mappings at work. Until the database has said which those are, they are what the files hold.

    A version is compiled once, and its secrets are read from the environment of this process.
    """

    def __init__(self, database: Database, files: Catalogue, *, env: Map[str, str], limits: Limits) -> None:
        self.database = database
        self.catalogue = files
        self.env = env
        self.limits = limits
        self.revision = 0
        self.unpublished: Callable[[], Catalogue] | None = None
        """Reads the folder, which is still to be published."""
        self.read: dict[tuple[str, str], FileRead] = {}
        self.is_migrated = False
        self.looked_at = float("-inf")
        self.looking = threading.Lock()

    def publish(self, read_folder: Callable[[], Catalogue]) -> None:
        """Publish what has changed in the folder: at the next `follow` that finds the database."""
        self.unpublished = read_folder

    def follow(self, *, every_s: float = 0.0) -> None:
        """Look for what was published since, but not within `every_s` of the last look. Raises DatabaseAway."""
        if time.monotonic() - self.looked_at < every_s or not self.looking.acquire(blocking=False):
            return
        try:
            self.looked_at = time.monotonic()
            self._look()
        finally:
            self.looking.release()

    def _look(self) -> None:
        self.is_migrated = self.is_migrated or self.database.is_migrated()
        if not self.is_migrated:
            return
        if self.unpublished:
            self._publish(self.unpublished)
        with self.database.reading() as conn:
            revision = store.revision(conn)
            if revision != self.revision:
                self.catalogue = self._load(conn)
                if self.revision:
                    log.info("mapping.followed", versions={name: version for name, version in self.read})
                self.revision = revision

    def _publish(self, read_folder: Callable[[], Catalogue]) -> None:
        with self.database.transaction() as conn:
            desk = publish.desk(conn, by=f"the files of {socket.gethostname()}", now=clock.now())
            # Read when it is our turn: what was read before may be older than what another has published since.
            files = read_folder()
            taken = publish.take_folder(desk, files.files)
        if self.unpublished is read_folder:
            self.unpublished = None
        tell(files, taken)

    def _load(self, conn: Connection) -> Catalogue:
        self.read = {
            (name, said.version): self.read.get((name, said.version)) or self._read(conn, name, said.version)
            for name, said in store.at_work(conn).items()
            if said.version
        }
        return Catalogue(
            mappings={read.mapping.name: read.mapping for read in self.read.values() if read.mapping},
            problems=tuple(problem for read in self.read.values() for problem in read.problems),
            files=tuple(self.read.values()),
        )

    def _read(self, conn: Connection, name: str, version: str) -> FileRead:
        read = read_texts(store.version(conn, name, version).texts, env=self.env, limits=self.limits)
        if not read.is_good:
            log.error("mapping.unusable", source=name, version=version, problems=[str(one) for one in read.errors])
        return read


def tell(files: Catalogue, taken: list[Taken]) -> None:
    """Say in the log what is wrong in the folder, and what is at work nevertheless."""
    for problem in files.problems:
        log.warning("mapping.problem", problem=str(problem))
    for one in taken:
        if one.became in LOUD:
            log.error("mapping.broken", file=one.file, source=one.name, became=one.became)
        elif one.became in NEWS:
            log.info(f"mapping.{one.became.name.lower()}", file=one.file, source=one.name, version=one.version)
        elif one.became is Became.NOT_AT_WORK:
            log.warning("mapping.not_at_work", file=one.file, source=one.name, version=one.version)
