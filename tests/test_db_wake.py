"""Waiting for commits, on SQLite and on PostgreSQL."""

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text

from bridge.db import Changes, Database, notify
from bridge.tables import facts

WRITES = """
import sys
from bridge.db import Database, notify
from bridge.tables import facts
database = Database(sys.argv[1])
with database.transaction() as conn:
    conn.execute(facts.insert().values(name="a", value="b"))
    notify(conn)
"""


@pytest.fixture
def changes(database: Database) -> Iterator[Changes]:
    made = database.changes()
    assert not made.wait(0)
    yield made
    made.close()


def write(database: Database, name: str) -> None:
    with database.transaction() as conn:
        conn.execute(facts.insert().values(name=name, value=""))
        notify(conn)


def test_nothing_is_told_where_nothing_was_committed(database: Database, changes: Changes) -> None:
    with database.reading() as conn:
        conn.execute(facts.select())
    assert not changes.wait(0.2)


def test_a_commit_before_the_waiting_is_told_and_only_once(database: Database, changes: Changes) -> None:
    write(database, "a")
    assert changes.wait(10)
    assert not changes.wait(0.2)


def test_a_commit_of_another_process_wakes(migrated_url: str, changes: Changes) -> None:
    other = subprocess.Popen([sys.executable, "-c", WRITES, migrated_url])
    assert changes.wait(30)
    assert other.wait(30) == 0


def test_each_of_several_that_wait_is_woken(database: Database, changes: Changes) -> None:
    second = database.changes()
    write(database, "a")
    assert changes.wait(10)
    assert second.wait(10)
    second.close()


def test_what_is_rolled_back_wakes_nobody(database: Database, changes: Changes) -> None:
    def fail_half_way() -> None:
        with database.transaction() as conn:
            conn.execute(facts.insert().values(name="a", value=""))
            notify(conn)
            raise LookupError

    with pytest.raises(LookupError):
        fail_half_way()
    assert not changes.wait(0.2)


def test_a_stop_ends_the_waiting(database: Database) -> None:
    stop = threading.Event()
    changes = database.changes(stop)
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(changes.wait(600)))
    thread.start()
    stop.set()
    thread.join(60)
    assert found == [False]
    changes.close()


@pytest.mark.parametrize("url", ["postgresql+psycopg://nobody@127.0.0.1:1/none", "sqlite:////proc/bridge.db"])
def test_a_database_that_is_not_there_is_waited_for_without_a_word(url: str) -> None:
    database = Database(url)
    changes = database.changes()
    assert not changes.wait(0.2)
    changes.close()
    database.close()


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_server_that_was_away_is_heard_again(migrated_url: str, postgresql: str, changes: Changes) -> None:
    """What a restart is to its clients: connections end, and new ones are refused for a while."""
    database = Database(migrated_url)
    name = database.engine.url.database
    server = create_engine(postgresql, isolation_level="AUTOCOMMIT")
    with server.connect() as conn:
        conn.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        conn.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"), {"name": name}
        )
        assert not changes.wait(0.5)
        conn.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    assert changes.wait(30), "it looks, since nobody knows what was committed meanwhile"
    write(database, "a")
    assert changes.wait(10)
    server.dispose()
    database.close()
