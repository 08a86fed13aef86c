"""The database's doors, on SQLite and on PostgreSQL."""

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from bridge.db import Database
from bridge.errors import BadSettings, DatabaseAway
from bridge.tables import facts, metadata


def test_the_migrations_make_exactly_the_tables_that_the_code_knows(database: Database) -> None:
    with database.reading() as conn:
        difference = compare_metadata(MigrationContext.configure(conn, opts={"compare_type": False}), metadata)
    assert difference == []


def test_migrating_twice_does_no_harm(database: Database) -> None:
    database.migrate()
    assert database.is_migrated()


def test_an_empty_database_is_not_migrated(database_url: str) -> None:
    empty = Database(database_url)
    assert not empty.is_migrated()
    empty.close()


def test_several_processes_may_migrate_at_once(database_url: str) -> None:
    databases = [Database(database_url) for _ in range(4)]
    threads = [threading.Thread(target=database.migrate) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(database.is_migrated() for database in databases)
    for database in databases:
        database.close()


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    def fail_half_way() -> None:
        with database.transaction() as conn:
            conn.execute(facts.insert().values(name="a", value="b"))
            raise LookupError

    with pytest.raises(LookupError):
        fail_half_way()
    with database.reading() as conn:
        assert conn.execute(select(facts)).all() == []


def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    with database.transaction() as writer:
        writer.execute(facts.insert().values(name="a", value="b"))
        with database.reading() as reader:
            assert reader.execute(select(facts)).all() == []


def test_text_that_json_may_carry_but_databases_refuse_is_kept_readable(database: Database) -> None:
    with database.transaction() as conn:
        conn.execute(facts.insert().values(name="odd", value="a\0b\ud800c\N{PILE OF POO}"))
    with database.reading() as conn:
        assert conn.execute(select(facts.c.value)).scalar() == "a\ufffdb\ufffdc\N{PILE OF POO}"


def test_sqlite_is_durable_at_each_commit_and_gives_space_back(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/new/folder/bridge.db")
    database.migrate()
    with database.reading() as conn:
        found = {name: conn.execute(text(f"PRAGMA {name}")).scalar() for name in ("synchronous", "auto_vacuum")}
        mode = conn.execute(text("PRAGMA journal_mode")).scalar()
    assert found == {"synchronous": 2, "auto_vacuum": 2}
    assert mode == "wal"
    database.close()


def test_an_error_of_the_database_names_no_values(database: Database) -> None:
    def keep_twice() -> None:
        with database.transaction() as conn:
            conn.execute(facts.insert(), [{"name": "a", "value": "+12125550123"}] * 2)

    with pytest.raises(IntegrityError) as caught:
        keep_twice()
    assert "+12125550123" not in f"{caught.value} {caught.value!r}"
    assert "INSERT INTO facts" in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://nobody@127.0.0.1:1/none",
        "sqlite:////proc/bridge.db",
    ],
)
def test_a_database_that_is_not_there_is_said_to_be_away(url: str) -> None:
    database = Database(url)
    with pytest.raises(DatabaseAway), database.transaction():
        pass
    database.close()


def test_a_folder_that_cannot_be_made_is_a_mistake_of_the_settings() -> None:
    with pytest.raises(BadSettings, match="DATABASE_URL"):
        Database("sqlite:////proc/none/bridge.db")


@pytest.mark.parametrize("url", ["nonsense", "mysql://somewhere/x", "oracle://x"])
def test_a_database_of_another_kind_is_a_mistake_of_the_settings(url: str) -> None:
    with pytest.raises(BadSettings, match="DATABASE_URL"):
        Database(url)
