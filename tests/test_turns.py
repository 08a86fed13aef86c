"""Those who write to one SQLite file do so one after another."""

import threading
from pathlib import Path

import pytest

from bridge.db import Database
from bridge.db.turns import turns
from bridge.errors import DatabaseAway

PATIENCE_S = 20.0


def test_the_next_one_has_its_turn_when_the_last_has_ended(tmp_path: Path) -> None:
    order: list[str] = []
    file = str(tmp_path / "bridge.db")

    def second() -> None:
        with turns(file)():
            order.append("second")

    other = threading.Thread(target=second)
    with turns(file)():
        other.start()
        other.join(0.1)
        order.append("first")
    other.join(PATIENCE_S)
    assert order == ["first", "second"]


def test_without_a_file_all_have_their_turn() -> None:
    turn = turns(None)
    with turn(), turn():
        pass


def test_a_transaction_waits_for_its_turn_and_reading_does_not(tmp_path: Path) -> None:
    file = str(tmp_path / "bridge.db")
    database = Database(f"sqlite:///{file}")
    order: list[str] = []

    def write() -> None:
        with database.transaction():
            order.append("written")

    other = threading.Thread(target=write)
    with turns(file)():
        other.start()
        with database.reading():
            order.append("read")
        other.join(0.1)
    other.join(PATIENCE_S)
    database.close()
    assert order == ["read", "written"]


def test_a_turn_that_cannot_be_had_is_a_database_that_is_away(tmp_path: Path) -> None:
    (tmp_path / "bridge.db-turn").mkdir()
    with pytest.raises(DatabaseAway, match="Is a directory"), turns(str(tmp_path / "bridge.db"))():
        pass
