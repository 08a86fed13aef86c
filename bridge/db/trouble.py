"""The database's errors -> DatabaseAway, in words that say what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError

from bridge.errors import DatabaseAway

# By the beginning of SQLite's name for it (sqlite.org/rescode.html), or by PostgreSQL's SQLSTATE.
ADVICE = {
    "SQLITE_FULL": "make room on its disk; the bridge then goes on by itself",
    "SQLITE_READONLY": "let the bridge's user write the file of DATABASE_URL, its folder, and -wal and -shm beside it",
    "SQLITE_CANTOPEN": "see that the folder of DATABASE_URL is there, and that the bridge's user may write in it",
    "SQLITE_BUSY": "another program holds it: end what keeps a transaction open, such as a shell or a backup",
    "SQLITE_IOERR": "see what the system's log says of its disk",
    "SQLITE_CORRUPT": "stop the bridge and restore a backup",
    "SQLITE_NOTADB": "DATABASE_URL names a file of another kind; name another one, or restore a backup",
    "53100": "make room on PostgreSQL's disk; the bridge then goes on by itself",
    "25006": "DATABASE_URL leads to a PostgreSQL that only reads, such as a standby; name the primary",
}
AWAY = (OperationalError, InterfaceError)


@contextmanager
def wrapping_errors() -> Iterator[None]:
    """Raise DatabaseAway where the database cannot work; a mistake of ours stays what it is."""
    try:
        yield
    except DatabaseError as error:
        advice = _advice(error)
        if not advice and not isinstance(error, AWAY):
            raise
        raise DatabaseAway(_in_words(error, advice)) from None
    except InterfaceError as error:
        raise DatabaseAway(_in_words(error, "")) from None


def _advice(error: DBAPIError) -> str:
    code = getattr(error.orig, "sqlite_errorname", "") or getattr(error.orig, "sqlstate", "") or ""
    return next((words for beginning, words in ADVICE.items() if code.startswith(beginning)), "")


def _in_words(error: DBAPIError, advice: str) -> str:
    """The driver's first line names no values, only what is wrong with the database."""
    lines = str(error.orig).strip().splitlines()
    first = lines[0] if lines else type(error.orig).__name__
    return f"{first}; {advice}" if advice else first
