"""The database's doors: transaction() and reading(). All that tells SQLite from PostgreSQL stands here."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Engine, Table, create_engine, event, make_url, text
from sqlalchemy import Connection as Connection  # for those who only hand it on
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError

from bridge.errors import BadSettings, DatabaseAway
from bridge.turns import turns

MIGRATIONS = Path(__file__).parent / "migrations"

PRAGMAS = (
    "PRAGMA busy_timeout = 15000",
    "PRAGMA synchronous = FULL",  # a commit is on the disk before we answer a CRM
    "PRAGMA foreign_keys = ON",
)
NEW_FILE_PRAGMAS = (
    "PRAGMA auto_vacuum = INCREMENTAL",  # SQLite only listens to this before the first table
    "PRAGMA journal_mode = WAL",
)
NEW_FILE_PAUSES_S = (0.05,) * 100


class Database:
    """One engine, two doors."""

    def __init__(self, url: str, *, pool_size: int = 20) -> None:
        self.engine = _engine(url, pool_size)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self.turn = turns(self.engine.url.database if self.is_sqlite else None)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Read and write; committed at the end, or nothing of it. Raises DatabaseAway where there is none."""
        with self.turn(), _wrapping_errors(), self.engine.connect() as conn:
            # Read, then write needs the write lock from the start, or SQLite refuses the second half.
            conn = conn.execution_options(begins="BEGIN IMMEDIATE")
            with conn.begin():
                yield conn

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read only, without the write lock: the console never waits for the worker."""
        with _wrapping_errors(), self.engine.connect() as conn, conn.begin():
            yield conn

    def close(self) -> None:
        self.engine.dispose()

    def migrate(self) -> None:
        """Bring the tables to this version's form; several processes may try at once."""
        with self.transaction() as conn:
            alone(conn, "migrate")
            command.upgrade(_alembic(conn), "head")

    def is_migrated(self) -> bool:
        with self.reading() as conn:
            newest = ScriptDirectory.from_config(_alembic(conn)).get_current_head()
            return MigrationContext.configure(conn).get_current_revision() == newest


def _engine(url: str, pool_size: int) -> Engine:
    try:
        return _made_engine(make_url(url), pool_size)
    except (ArgumentError, ModuleNotFoundError):
        known = (
            "write sqlite:///var/bridge.db, or postgresql://user:password@host/name with the extra `postgres` installed"
        )
        raise BadSettings((f"DATABASE_URL: not a database that the bridge can use; {known}",)) from None


def _made_engine(parsed: URL, pool_size: int) -> Engine:
    if parsed.get_backend_name() != "sqlite":
        return create_engine(
            parsed, pool_size=pool_size, max_overflow=10, pool_pre_ping=True, connect_args={"connect_timeout": 5}
        )
    if parsed.database:
        _make_folder(Path(parsed.database).parent)
    engine = create_engine(parsed, pool_size=pool_size, max_overflow=10)
    event.listen(engine, "connect", _on_sqlite_connect)
    event.listen(engine, "begin", _on_sqlite_begin)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSettings((f"DATABASE_URL: cannot make the folder {folder}: {error.strerror}",)) from None


def _on_sqlite_connect(dbapi_connection: Any, _record: Any) -> None:
    dbapi_connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in PRAGMAS:
        dbapi_connection.execute(pragma)
    _prepare_if_new(dbapi_connection)


def _prepare_if_new(dbapi_connection: Any) -> None:
    """Several processes may find the file new at once, and busy_timeout does not hold for a change of journal mode."""
    for pause_s in NEW_FILE_PAUSES_S:
        try:
            _prepare(dbapi_connection)
        except sqlite3.OperationalError:
            time.sleep(pause_s)
        else:
            return
    _prepare(dbapi_connection)


def _prepare(dbapi_connection: Any) -> None:
    if dbapi_connection.execute("PRAGMA page_count").fetchone()[0] == 0:
        for pragma in NEW_FILE_PRAGMAS:
            dbapi_connection.execute(pragma)


def _on_sqlite_begin(conn: Connection) -> None:
    conn.exec_driver_sql(conn.get_execution_options().get("begins", "BEGIN"))


@contextmanager
def _wrapping_errors() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        # The driver's text names no values, only what is wrong with the database.
        raise DatabaseAway(_first_line(error)) from None


def _first_line(error: DBAPIError) -> str:
    lines = str(error.orig).strip().splitlines()
    return lines[0] if lines else type(error.orig).__name__


def _alembic(conn: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = conn
    return config


def alone(conn: Connection, what: str) -> None:
    """Wait until no other transaction does `what`. On SQLite every writer is alone already."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(hashtext(:what))"), {"what": f"bridge:{what}"})


def insert(conn: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT."""
    return postgresql.insert(table) if conn.dialect.name == "postgresql" else sqlite.insert(table)
