"""The processes of a host take turns at writing to a SQLite file: the next one starts when the last has ended.

SQLite's own way is to ask again after ever longer pauses: under load those who come seldom wait for seconds.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from bridge.errors import DatabaseAway

Turn = Callable[[], AbstractContextManager[None]]


def turns(file: str | None, what: str = "turn") -> Turn:
    """Enter it to have your turn at `what`. Where there is no file, all have it always."""
    if not file or file == ":memory:":
        return nullcontext
    path = f"{file}-{what}"

    @contextmanager
    def turn() -> Iterator[None]:
        # Opened anew each time: an open file that a fork shares would share its lock as well.
        try:
            locked = open(path, "ab")
        except OSError as error:
            raise DatabaseAway(f"{path}: {error.strerror}") from None
        with locked:
            fcntl.flock(locked, fcntl.LOCK_EX)
            yield

    return turn
