"""Signs of life: whose claims count."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from bridge import clock
from bridge.db import Database
from bridge.demo.play import wait_until
from bridge.errors import DatabaseAway
from bridge.outbox.store import workers as store
from bridge.tables import readers, workers
from bridge.worker_life import Life
from tests.words import NOON

LEASE = timedelta(seconds=30)


def rows(conn: Connection) -> set[str]:
    return set(conn.execute(select(workers.c.name)).scalars())


def hold(conn: Connection, name: str) -> None:
    """Let the worker have something that others wait for."""
    conn.execute(readers.insert().values(source=f"of {name}", worker=name, recent=[]))


def test_a_worker_lives_until_its_lease_is_over(database: Database) -> None:
    with database.transaction() as conn:
        store.beat(conn, "a", NOON + LEASE)
        hold(conn, "a")
        assert store.alive(conn, NOON) == {"a"}
        assert store.gone(conn, NOON) == ()
        assert store.gone(conn, NOON + LEASE) == ("a",)
        assert rows(conn) == {"a"}, "somebody may still have to take its work back"


def test_a_beat_makes_its_life_longer_even_after_its_end(database: Database) -> None:
    with database.transaction() as conn:
        store.beat(conn, "a", NOON)
        assert store.alive(conn, NOON) == frozenset()
        store.beat(conn, "a", NOON + LEASE)
        assert store.alive(conn, NOON) == {"a"}


def test_one_that_has_left_is_gone_at_once(database: Database) -> None:
    with database.transaction() as conn:
        store.beat(conn, "a", NOON + LEASE)
        hold(conn, "a")
        store.leave(conn, "a")
        assert store.gone(conn, NOON) == ("a",)


def test_one_that_is_over_and_holds_nothing_is_forgotten(database: Database) -> None:
    with database.transaction() as conn:
        store.beat(conn, "a", NOON)
        store.beat(conn, "b", NOON + LEASE)
        assert store.gone(conn, NOON) == ()
        assert rows(conn) == {"b"}


def test_a_life_beats_by_itself_and_leaves_nothing_behind(database: Database) -> None:
    life = Life(database, "a", timedelta(seconds=0.3))
    life.keep(clock.now())
    first = life.alive_until
    assert first
    wait_until(lambda: life.alive_until != first, "it beats")
    life.end()
    assert not life.is_alive(clock.now())
    with database.reading() as conn:
        assert rows(conn) == set()


def test_a_life_goes_on_when_the_database_is_there_again(database: Database) -> None:
    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    life = Life(away, "a", timedelta(seconds=0.3))
    with pytest.raises(DatabaseAway):
        life.keep(clock.now())
    life.database = database
    life.keep(clock.now())
    life.database = away
    wait_until(lambda: not life.is_alive(clock.now()), "its lease is over")
    assert life.thread.is_alive()
    life.database = database
    wait_until(lambda: life.is_alive(clock.now()), "it beats again")
    life.end()
    assert "life" not in {thread.name for thread in threading.enumerate()}
    away.close()
