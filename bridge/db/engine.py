"""The engine of each kind of database, as the bridge needs it."""

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from bridge.errors import BadSettings

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
POSTGRESQL = {"connect_timeout": 5, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""A server that vanished without a word is noticed within a minute."""


def engine_of(url: str, pool_size: int) -> Engine:
    """Raises BadSettings for a database that the bridge does not know."""
    try:
        return _made(make_url(url), pool_size)
    except (ArgumentError, ModuleNotFoundError):
        known = (
            "write sqlite:///var/bridge.db, or postgresql://user:password@host/name with the extra `postgres` installed"
        )
        raise BadSettings((f"DATABASE_URL: not a database that the bridge can use; {known}",)) from None


def _made(parsed: URL, pool_size: int) -> Engine:
    if parsed.get_backend_name() != "sqlite":
        return create_engine(
            parsed,
            pool_size=pool_size,
            max_overflow=10,
            pool_pre_ping=True,
            paramstyle="format",  # by position, as in SQLite: see bulk.py
            connect_args=dict(POSTGRESQL),
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
