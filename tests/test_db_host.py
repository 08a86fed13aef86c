"""A SQLite file is one host's at a time; hosts are played by their names."""

import os
from pathlib import Path

import pytest

from bridge.db import Database, host
from bridge.errors import BadSettings, DatabaseAway

FIRST = "boot-1 first.example"
SECOND = "boot-2 second.example"
RESTARTED = "boot-1 c0ffee"
"""A container of the first host, which gets a new name at each start."""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/bridge.db"


@pytest.fixture
def first(url: str) -> Database:
    """At work on the first host."""
    database = Database(url, here=FIRST)
    database.migrate()
    database.close()
    return database


def end(tmp_path: Path) -> None:
    """Let its last sign of life be long ago."""
    file = tmp_path / "bridge.db-host"
    long_ago = file.stat().st_mtime - host.OVER_AFTER_S
    os.utime(file, (long_ago, long_ago))


def test_a_second_host_is_refused_and_told_what_to_use_instead(url: str, first: Database) -> None:
    second = Database(url, here=SECOND)
    with pytest.raises(DatabaseAway, match=r"another host, first\.example; .* PostgreSQL"), second.reading():
        pass
    second.close()


def test_a_second_host_does_not_even_open_the_file(url: str, first: Database, tmp_path: Path) -> None:
    second = Database(url, here=SECOND)
    with pytest.raises(DatabaseAway), second.transaction():
        pass
    changes = second.changes()
    assert not changes.wait(0)
    changes.close()
    assert second.engine.pool.checkedin() == 0  # type: ignore[attr-defined]  # of a pool that keeps connections
    assert not list(tmp_path.glob("bridge.db-host.*"))
    second.close()


def test_other_processes_and_containers_of_the_host_are_welcome(url: str, first: Database) -> None:
    for here in (FIRST, RESTARTED):
        other = Database(url, here=here)
        assert other.is_migrated()
        other.close()


def test_after_the_first_has_ended_the_second_may_go_on(url: str, first: Database, tmp_path: Path) -> None:
    end(tmp_path)
    second = Database(url, here=SECOND)
    assert second.is_migrated()
    second.close()
    back = Database(url, here=FIRST)
    with pytest.raises(DatabaseAway, match=r"second\.example"), back.reading():
        pass
    back.close()


def test_a_host_that_was_taken_for_ended_learns_it(
    url: str, first: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "RENEW_EVERY_S", 0.0)
    slow = Database(url, here=FIRST)
    assert slow.is_migrated()
    end(tmp_path)
    second = Database(url, here=SECOND)
    assert second.is_migrated()
    with pytest.raises(DatabaseAway, match=r"second\.example"), slow.transaction():
        pass
    slow.close()
    second.close()


def test_whoever_works_is_not_taken_for_ended(
    url: str, first: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    end(tmp_path)
    assert Database(url, here=FIRST).is_migrated()
    second = Database(url, here=SECOND)
    monkeypatch.setattr(host, "OVER_AFTER_S", 5.0)
    monkeypatch.setattr(host, "RENEW_EVERY_S", -5.0)  # no patience at all
    with pytest.raises(BadSettings, match="PostgreSQL"):
        second.migrate()
    second.close()


def test_a_start_waits_until_the_other_host_has_ended(
    url: str, first: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(host, "OVER_AFTER_S", 1.0)
    second = Database(url, here=SECOND)
    second.migrate()
    assert "second.example" in (tmp_path / "bridge.db-host").read_text("utf-8")
    second.close()


def test_this_host_has_one_name() -> None:
    assert host.this_host() == host.this_host()
    assert len(host.this_host().split()) == 2
