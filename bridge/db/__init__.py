"""The database: two doors, a wake-up, one host for SQLite. All that tells SQLite from PostgreSQL stands here."""

from bridge.db.database import Connection, Database
from bridge.db.late import Late
from bridge.db.prepared import Prepared, among, next_ids
from bridge.db.statements import alone, insert, notify
from bridge.db.wake import Changes

__all__ = ["Changes", "Connection", "Database", "Late", "Prepared", "alone", "among", "insert", "next_ids", "notify"]
