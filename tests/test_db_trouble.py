"""What a database that cannot work is said to need."""

import os
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bridge.db import Database
from bridge.errors import DatabaseAway
from bridge.tables import facts


def fill_up(database: Database) -> None:
    with database.transaction() as conn:
        pages = conn.execute(text("PRAGMA page_count")).scalar_one()
        conn.execute(text(f"PRAGMA max_page_count = {pages}"))
        conn.execute(facts.insert().values(name="big", value="x" * 1_000_000))


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_full_disk_is_said_to_need_room_and_then_all_goes_on(database: Database) -> None:
    with pytest.raises(DatabaseAway, match="is full; make room"):
        fill_up(database)
    with database.transaction() as conn:
        conn.execute(text("PRAGMA max_page_count = 1000000"))
        conn.execute(facts.insert().values(name="big", value="x" * 1_000_000))
    with database.reading() as conn:
        assert len(conn.execute(facts.select()).all()) == 1


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_file_that_may_not_be_written_is_said_to_need_the_right(database: Database) -> None:
    def write() -> None:
        with database.transaction() as conn:
            conn.execute(text("PRAGMA query_only = ON"))
            conn.execute(facts.insert().values(name="a", value=""))

    with pytest.raises(DatabaseAway, match="readonly database; let the bridge's user write"):
        write()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_folder_that_may_not_be_written_is_said_to_need_the_right(database: Database, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    (tmp_path / "bridge.db").chmod(0o400)
    with pytest.raises(DatabaseAway, match="the bridge's user"), database.transaction() as conn:
        conn.execute(facts.insert().values(name="a", value=""))
    tmp_path.chmod(0o700)


def test_a_file_of_another_kind_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "bridge.db").write_bytes(b"no database at all, but long enough to be read as one" * 100)
    database = Database(f"sqlite:///{tmp_path}/bridge.db")
    with pytest.raises(DatabaseAway, match="file of another kind"), database.reading():
        pass
    database.close()


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_standby_is_said_to_need_its_primary(database: Database) -> None:
    def write() -> None:
        with database.transaction() as conn:
            conn.execute(text("SET TRANSACTION READ ONLY"))
            conn.execute(facts.insert().values(name="a", value=""))

    with pytest.raises(DatabaseAway, match="name the primary"):
        write()


def test_a_mistake_of_ours_stays_what_it_is(database: Database) -> None:
    def write_twice() -> None:
        with database.transaction() as conn:
            conn.execute(facts.insert(), [{"name": "a", "value": ""}] * 2)

    with pytest.raises(IntegrityError):
        write_twice()
