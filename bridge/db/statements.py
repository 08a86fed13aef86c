"""Statements that SQLite and PostgreSQL say differently."""

from sqlalchemy import Connection, Table, text
from sqlalchemy.dialects import postgresql, sqlite

CHANNEL = "bridge"
"""Where PostgreSQL tells those who wait that there is work."""

ALONE = text("SELECT pg_advisory_xact_lock(hashtext(:what))")
NOTIFY = f"SELECT pg_notify('{CHANNEL}', '')"


def alone(conn: Connection, what: str) -> None:
    """Wait until no other transaction does `what`. On SQLite every writer is alone already."""
    if conn.dialect.name == "postgresql":
        conn.execute(ALONE, {"what": f"bridge:{what}"})


def insert(conn: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT."""
    return postgresql.insert(table) if conn.dialect.name == "postgresql" else sqlite.insert(table)


def notify(conn: Connection) -> None:
    """When this transaction is committed, whoever waits for changes looks. SQLite's waiters see each commit."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql(NOTIFY)
