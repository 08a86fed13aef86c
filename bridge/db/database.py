"""The database's doors: transaction() and reading()."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection as Connection  # for those who only hand it on

from bridge.db.engine import engine_of
from bridge.db.host import Hold, this_host
from bridge.db.late import Late
from bridge.db.statements import alone
from bridge.db.trouble import wrapping_errors
from bridge.db.turns import turns
from bridge.db.wake import Changes, Listening, Polled

MIGRATIONS = Path(__file__).parent.parent / "migrations"


class Database:
    """One engine, two doors. `here` names this host, of which a SQLite file has one only."""

    def __init__(self, url: str, *, pool_size: int = 20, here: str = "") -> None:
        self.engine = engine_of(url, pool_size)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        file = self.engine.url.database if self.is_sqlite else None
        self._turn = turns(file)
        self._hold = Hold(Path(file), here or this_host()) if file else None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Read and write; committed at the end, or nothing of it. Raises DatabaseAway where there is none."""
        self._keep_hold()
        with self._turn(), wrapping_errors(), self.engine.connect() as conn:
            # Read, then write needs the write lock from the start, or SQLite refuses the second half.
            conn = conn.execution_options(begins="BEGIN IMMEDIATE")
            with conn.begin():
                yield conn

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read only, without the write lock: the console never waits for the worker."""
        self._keep_hold()
        with wrapping_errors(), self.engine.connect() as conn, conn.begin():
            yield conn

    @contextmanager
    def late(self, what: str) -> Iterator[Late]:
        """Read, and write from when it is asked for; nobody else does `what` meanwhile. Committed at the end."""
        with ExitStack() as stack:
            if self.is_sqlite:
                stack.enter_context(turns(self.engine.url.database, what)())
                yield Late(stack.enter_context(ExitStack()), self.reading(), self.transaction)
            else:
                conn = stack.enter_context(self.transaction())
                alone(conn, what)
                yield Late.of(conn)

    def _keep_hold(self) -> None:
        if self._hold:
            self._hold.keep()

    def changes(self, stop: threading.Event | None = None) -> Changes:
        """To wait for what others commit; `stop` ends the waiting early."""
        stop = stop or threading.Event()
        return Polled(self.engine, stop, self._keep_hold) if self.is_sqlite else Listening(self.engine, stop)

    def close(self) -> None:
        self.engine.dispose()

    def migrate(self) -> None:
        """Bring the tables to this version's form; several processes may try at once.

        Raises BadSettings where a SQLite file is in use by another host.
        """
        if self._hold:
            self._hold.wait()
        with self.transaction() as conn:
            alone(conn, "migrate")
            command.upgrade(_alembic(conn), "head")

    def is_migrated(self) -> bool:
        with self.reading() as conn:
            newest = ScriptDirectory.from_config(_alembic(conn)).get_current_head()
            return MigrationContext.configure(conn).get_current_revision() == newest


def _alembic(conn: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = conn
    return config
