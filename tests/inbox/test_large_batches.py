"""One webhook with more events than one statement may hold values: kept whole, and once."""

from bridge.db import Database
from bridge.inbox import store
from bridge.inbox.store import Kept
from bridge.model import Event
from tests.words import NOON, event, webhook

MANY = 7_000
"""With fourteen values for each event, more than PostgreSQL's 65,535, and than SQLite's 32,766 of old."""


def keep(database: Database, found: tuple[Event, ...]) -> Kept:
    with database.transaction() as conn:
        return store.keep(conn, webhook(received_at=NOON), found)


def test_a_batch_of_any_length_is_kept_whole_and_once(database: Database) -> None:
    found = tuple(event(dedup_key=f"evt-{number}", record_id=str(number)) for number in range(MANY))
    assert keep(database, found) == Kept(received=MANY, duplicates=0)
    assert keep(database, found[::-1]) == Kept(received=MANY, duplicates=MANY)
    with database.reading() as conn:
        waiting = store.next_new(conn, ["generic"], MANY + 1)
        assert [each.record_id for each, _ in waiting] == [str(number) for number in range(MANY)]
