"""The processes of a host take turns at writing to a SQLite file: the next one starts when the last has ended.

SQLite's own way is to ask again after ever longer pauses: those who come last wait long, and the file lies idle.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from bridge.db import Database
from bridge.errors import DatabaseAway

Turn = Callable[[], AbstractContextManager[None]]


def turns(database: Database) -> Turn:
    """PostgreSQL lets several write at once; there it is everybody's turn."""
    path = database.engine.url.database
    return _by_file(f"{path}-turn") if database.is_sqlite and path else nullcontext


def _by_file(path: str) -> Turn:
    @contextmanager
    def turn() -> Iterator[None]:
        # Opened anew each time: an open file that a fork shares would share its lock as well.
        try:
            file = open(path, "ab")
        except OSError as error:
            raise DatabaseAway(f"{path}: {error.strerror}") from None
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    return turn
