"""Work that reads first and writes later: what it computes between the two keeps nobody from writing."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext

from sqlalchemy import Connection

Opened = AbstractContextManager[Connection]


class Late:
    """A connection that only reads until it is asked to write.

    What others have written between the two is seen afterwards only: decide by what nobody else changes meanwhile.
    """

    def __init__(self, stack: ExitStack, reading: Opened, writing: Callable[[], Opened] | None) -> None:
        self._stack = stack
        self._writing = writing
        self.conn = stack.enter_context(reading)

    @classmethod
    def of(cls, conn: Connection) -> "Late":
        """Of a connection that is what it is."""
        return cls(ExitStack(), nullcontext(conn), None)

    def write(self) -> Connection:
        """The connection, which may write from now on."""
        if self._writing:
            # SQLite refuses to write from where it has begun to read.
            self._stack.close()
            self.conn = self._stack.enter_context(self._writing())
            self._writing = None
        return self.conn
