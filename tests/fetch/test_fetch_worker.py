"""The worker reads beside its other work, follows what is published, and may be killed at any moment."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bridge.alvaria.limits import Limits
from bridge.db import Database
from bridge.demo import play
from bridge.fetch.threads import Fetching
from bridge.mappings.catalogue import Catalogue, load
from bridge.sandbox.serve import Sandbox
from bridge.settings import Policy
from bridge.versions.follow import Published
from tests.alvaria.scripted import Script, hang, scripted
from tests.fetch.conftest import MAPPING, SECRETS
from tests.fetch.crm_words import arrive, events, has, states
from tests.words import environment

RULES = """
customer: "{{ event.record_id }}"
rules:
  - {name: tier, settings: [{key: crm.tier, content: "{{ record.tier }}"}]}
"""
PLAIN = """
version: 1
source: {name: generic, preset: generic, secrets: {api_key: [k]}}
"""


@pytest.fixture
def folder(tmp_path: Path, crm: Script) -> Path:
    (tmp_path / "crm.yaml").write_text(MAPPING.replace("URL", crm.url) + RULES, "utf-8")
    return tmp_path


def load_catalogue(folder: Path) -> Catalogue:
    found = load(folder, env=SECRETS, limits=Limits())
    assert not found.problems
    return found


@contextmanager
def fetching(database: Database, published: Published) -> Iterator[Fetching]:
    stop = threading.Event()
    found = Fetching(database, published, Policy(base_s=0), "test/1/a", stop)
    try:
        yield found
    finally:
        stop.set()
        found.finish()


def test_each_source_that_reads_records_has_a_thread_that_follows_its_mapping(
    database: Database, crm: Script, folder: Path
) -> None:
    published = Published(database, load_catalogue(folder), env=SECRETS, limits=Limits())
    published.publish(lambda: load_catalogue(folder))
    crm.acts.extend([has(tier="gold"), has(tier="silver")])
    with fetching(database, published) as found:
        found.keep_up()
        arrive(database, "a")
        play.wait_until(lambda: states(database) == ["new"], "the record was read")
        (folder / "crm.yaml").write_text((folder / "crm.yaml").read_text("utf-8").replace("tier,", "stage,"), "utf-8")
        published.publish(lambda: load_catalogue(folder))
        found.keep_up()
        arrive(database, "b")
        play.wait_until(lambda: states(database) == ["new", "new"], "the record was read")
        assert [one.target for one in crm.requests] == [
            "/leads/7?properties=tier,phone",
            "/leads/7?properties=stage,phone",
        ]
        (folder / "crm.yaml").write_text(PLAIN, "utf-8")
        published.publish(lambda: load_catalogue(folder))
        found.keep_up()
        play.wait_until(lambda: not found.threads["generic"].is_alive(), "nothing is read any more")


def test_what_waits_goes_on_once_its_mapping_reads_no_records_any_more(database: Database, folder: Path) -> None:
    (folder / "crm.yaml").write_text(PLAIN, "utf-8")
    published = Published(database, load_catalogue(folder), env=SECRETS, limits=Limits())
    published.publish(lambda: load_catalogue(folder))
    arrive(database, "a")
    arrive(database, "b", source="another")
    with fetching(database, published) as found:
        found.keep_up()
        assert states(database) == ["new", "fetching"]
        assert found.threads == {}


def test_a_crm_that_hangs_keeps_no_other_source_waiting(database: Database, crm: Script, folder: Path) -> None:
    with scripted() as slow:
        other = MAPPING.replace("URL", slow.url).replace("name: generic", "name: slow")
        (folder / "slow.yaml").write_text(other, "utf-8")
        published = Published(database, load_catalogue(folder), env=SECRETS, limits=Limits())
        slow.acts.append(hang)
        crm.acts.append(has(tier="gold"))
        arrive(database, "a", source="slow")
        with fetching(database, published) as found:
            found.keep_up()
            play.wait_until(lambda: len(slow.requests) == 1, "the slow one is asked")
            arrive(database, "b")
            play.wait_until(lambda: states(database) == ["fetching", "new"], "the other was read")
            slow.over.set()


@pytest.fixture
def start_worker(
    folder: Path, migrated_url: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """A function that starts the worker as a process of its own."""
    known = {**environment(sandbox.url, migrated_url), **SECRETS, "BRIDGE_MAPPINGS": str(folder)}
    for name, value in known.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("BRIDGE_CLOCK")
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        with (folder / "log").open("ab") as log:
            started.append(subprocess.Popen([sys.executable, "-m", "bridge", "worker"], stdout=log, stderr=log))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_worker_that_is_killed_while_it_reads_loses_nothing(
    database: Database, crm: Script, sandbox: Sandbox, folder: Path, start_worker: Callable[[], Any]
) -> None:
    crm.acts.extend([hang, has(tier="gold")])
    arrive(database, "a", record={"score": 1})
    first = start_worker()
    play.wait_until(lambda: len(crm.requests) == 1, "the first worker reads")
    first.kill()
    first.wait()
    assert states(database) == ["fetching"]
    second = start_worker()
    play.wait_until(lambda: states(database) == ["done"], "the second worker has read and translated")
    play.wait_until(lambda: play.is_all_delivered(database), "the cookie is delivered")
    second.terminate()
    assert second.wait(30) == 0
    [kept] = events(database)
    assert kept.record == {"score": 1, "tier": "gold"}
    assert len(crm.requests) == 2
    said = (folder / "log").read_text("utf-8")
    assert not any(word in said for word in (*SECRETS.values(), "/leads", "gold"))


def test_what_was_read_survives_until_it_is_translated(
    database: Database, crm: Script, folder: Path, start_worker: Callable[[], Any]
) -> None:
    """The rules are broken at first: the event is read, its worker killed, and a mended mapping translates it."""
    mended = (folder / "crm.yaml").read_text("utf-8")
    (folder / "crm.yaml").write_text(mended.replace("settings", "setings"), "utf-8")
    crm.acts.append(has(tier="gold"))
    arrive(database, "a")
    first = start_worker()
    play.wait_until(lambda: states(database) == ["new"], "the first worker has read")
    first.kill()
    first.wait()
    (folder / "crm.yaml").write_text(mended, "utf-8")
    start_worker()
    play.wait_until(lambda: states(database) == ["done"], "the second worker has translated")
    assert len(crm.requests) == 1
    assert events(database)[0].record == {"tier": "gold"}
