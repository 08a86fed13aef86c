"""A database of an earlier version goes on with all that was in it."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, select, text

from bridge.db import Database
from bridge.db import database as db
from bridge.inbox import store
from bridge.tables import delivery_customers, events, records, seen
from tests.words import NOON, event, webhook

TIMES = {"at": "2026-05-12 09:30:00.000000", "later": "2026-05-12 10:30:00.000000"}
ROWS = (
    "INSERT INTO webhooks VALUES (1000, 'generic', :at, 'POST', '/', '{}', :body, 'read', NULL)",
    "INSERT INTO events VALUES "
    "(7, 1000, 'generic', 'evt-1', 't', '7', 'evt-1', '', :at, :at, '{PAYLOAD}', 'new', NULL, 1, 3), "
    "(8, 1000, 'generic', 'sha256:9', 't', '7', '', '', :at, :at, '{PAYLOAD}', 'done', NULL, 1, 1)",
    "INSERT INTO outcomes VALUES (1, 7, 1, 'profile', 'translated', '', 'v1', :at)",
    "INSERT INTO onces VALUES ('generic', 'dial', '7', NULL, 8)",
    "INSERT INTO deliveries (id, event_id, rule, item, mapping_version, operation, params, customers, order_key, "
    "repeatable, changed_at, priority, state, reason, attempts, waiting_since, due_at) VALUES "
    "(1, 7, 'profile', 0, 'v1', 'o', '{}', '[\"7\", \"+1\", \"7\"]', 'k', :yes, :at, 0, 'waiting', '', 0, :at, :at)",
    "INSERT INTO cookies (customer, key, channel, service, source, record_id, rule, changed_at) VALUES "
    "('7', 'crm.a', 'all', '', 'generic', '7', 'profile', :at)",
    "INSERT INTO records VALUES "
    "('generic', '7', '[\"+1\",\"7\"]', '{\"tier\":[1,\"2026-05-12T09:30:00+00:00\"]}', :at)",
)
PAYLOAD = json.dumps({"record": {"a": 1}, "previous": {}, "changed": [], "body": None})


@pytest.fixture
def upgraded(database_url: str) -> Iterator[Database]:
    """Filled when only the first tables were there, then brought up to date."""
    database = Database(database_url)
    with database.transaction() as conn:
        command.upgrade(db._alembic(conn), "0001")
        for row in ROWS:
            fill(conn, row.replace("{PAYLOAD}", PAYLOAD.replace(":", r"\:")))
    database.migrate()
    yield database
    database.close()


def fill(conn: Connection, row: str) -> None:
    values: dict[str, Any] = {**TIMES, "body": b"{}", "yes": True}
    statement = text(row)
    conn.execute(statement, {name: values[name] for name in statement.compile().params})


def test_events_keep_their_rows_and_those_that_refer_to_them(upgraded: Database) -> None:
    with upgraded.reading() as conn:
        assert conn.execute(select(events.c.id, events.c.times_seen)).all() == [(7, 3), (8, 1)]
        assert store.translated_rules(conn, 7) == {"profile"}
        [(found, _)] = store.next_new(conn, ["generic"], 10)
        assert (found.record, found.merged, found.sequence) == ({"a": 1}, (), None)
        if upgraded.is_sqlite:
            assert conn.execute(text("PRAGMA foreign_key_check")).all() == []


def test_ids_of_events_are_known_for_ever_and_hashes_for_a_day(upgraded: Database) -> None:
    with upgraded.reading() as conn:
        until = {key: until for key, until in conn.execute(select(seen.c.key, seen.c.until))}
    assert until["evt-1"] is None
    assert until["sha256:9"] is not None
    with upgraded.transaction() as conn:
        again = store.keep(conn, webhook(), (event(), event(dedup_key="sha256:9", received_at=NOON)))
        assert again.duplicates == 2
        other = event(dedup_key="sha256:9", received_at=until["sha256:9"] + timedelta(seconds=1))
        assert store.keep(conn, webhook(), (other,)).duplicates == 0


def test_what_was_remembered_is_older_than_anything_that_comes(upgraded: Database) -> None:
    with upgraded.reading() as conn:
        row = conn.execute(select(records)).mappings().one()
    long_ago, then = "1970-01-01T00:00:00+00:00", "2026-05-12T09:30:00+00:00"
    assert row["customers"] == {"0": ["+1", [long_ago, -1, long_ago, 0, 0]], "1": ["7", [long_ago, -1, long_ago, 0, 0]]}
    assert row["fields"] == {"tier": [1, [then, -1, then, 0, 0]]}


def test_deliveries_are_found_by_their_customers(upgraded: Database) -> None:
    with upgraded.reading() as conn:
        assert sorted(conn.execute(select(delivery_customers)).all()) == [("+1", 1), ("7", 1)]
