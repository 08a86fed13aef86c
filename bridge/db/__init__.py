"""The database: two doors, a wake-up, one host for SQLite. All that tells SQLite from PostgreSQL stands here."""

from bridge.db.bulk import Bulk, next_ids
from bridge.db.database import Connection, Database
from bridge.db.statements import alone, insert, notify
from bridge.db.wake import Changes

__all__ = ["Bulk", "Changes", "Connection", "Database", "alone", "insert", "next_ids", "notify"]
