"""kill -9 at random moments: what was answered with 2xx is delivered, and no record twice.

Real processes, real signals. BRIDGE_CHAOS_S says for how long each run is under fire; 8 s unless said otherwise.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import requests

from bridge.db import Database
from bridge.demo import play
from bridge.outbox import queries
from bridge.programs import free_port
from bridge.sandbox.serve import Sandbox

pytestmark = pytest.mark.chaos

SECONDS = float(os.environ.get("BRIDGE_CHAOS_S", "8"))
SENDERS = 4

MAPPING = """\
version: 1
source: {name: shop, preset: generic, secrets: {api_key: [chaos-key]}}
customer: ["{{ event.record_id }}"]
rules:
  - name: cookie
    settings: [{key: crm.total, content: "{{ record.total }}"}]
  - name: dial
    once: {per: "{{ event.id }}"}
    fast_path:
      {list: Hot leads, layout: hot-leads, fields: {"@ACCOUNT": "{{ event.record_id }}", "@NUMBER": "2125550123"}}
"""


class Shop:
    """Sends orders as fast as they are answered, each again until it is accepted, and remembers which were."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.stop = threading.Event()
        self.accepted: set[str] = set()
        self.threads = [threading.Thread(target=self._send, args=(number,)) for number in range(SENDERS)]

    def _send(self, number: int) -> None:
        order = 0
        while not self.stop.is_set():
            order += 1
            name = f"{number}-{order}"
            while not self.stop.is_set() and not self._is_accepted(name):
                self.stop.wait(0.05)
            self.stop.wait(0.1)

    def _is_accepted(self, name: str) -> bool:
        body = {"event": "order.paid", "id": f"evt-{name}", "order": {"id": name, "total": name}}
        try:
            answer = requests.post(self.url, json=body, headers={"x-api-key": "chaos-key"}, timeout=10)
        except requests.RequestException:
            return False
        if answer.status_code == 200:
            self.accepted.add(name)
        return answer.status_code == 200


@contextmanager
def bridge_running(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "bridge", "run", "--port", str(port)]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        play.wait_until(lambda: play.is_ready(f"http://127.0.0.1:{port}/readyz"), "the bridge is ready")
        yield process
    finally:
        process.terminate()
        process.wait(60)


def kill_one(supervisor: psutil.Process, kinds: Counter[str]) -> None:
    """SIGKILL to a web or worker process, or to gunicorn's own master."""
    victims = supervisor.children(recursive=True)
    if not victims:
        return
    victim = random.choice(victims)  # noqa: S311 (chaos, no secret)
    try:
        kind = "web" if "gunicorn" in " ".join(victim.cmdline()) else "worker"
        victim.kill()
        kinds[kind] += 1
    except psutil.NoSuchProcess:
        pass


@pytest.fixture
def folder(tmp_path: Path, migrated_url: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith(("ALVARIA_", "BRIDGE_"))]:
        monkeypatch.delenv(name)
    requests.put(f"{sandbox.url}/_sandbox/rate-limit", json={"limit": 100_000, "window_s": 1}, timeout=10)
    layouts = tmp_path / "mappings" / "layouts"
    layouts.mkdir(parents=True)
    (tmp_path / "mappings" / "shop.yaml").write_text(MAPPING, "utf-8")
    (layouts / "hot-leads.yaml").write_bytes((play.MAPPINGS / "layouts" / "hot-leads.yaml").read_bytes())
    environment = {
        "BRIDGE_SANDBOX": "1",
        "ALVARIA_BASE_URL": sandbox.url,
        "DATABASE_URL": migrated_url,
        "BRIDGE_RETRY_CAP_S": "2",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def test_killed_processes_lose_nothing_and_dial_nobody_twice(folder: Path, migrated_url: str, sandbox: Sandbox) -> None:
    port = free_port()
    shop = Shop(f"http://127.0.0.1:{port}/webhooks/shop")
    kills: Counter[str] = Counter()
    with bridge_running(folder, port) as supervisor:
        for thread in shop.threads:
            thread.start()
        fire(supervisor.pid, kills, SECONDS / 2)
        supervisor.kill()
        supervisor.wait(10)
        kills["supervisor"] += 1
    with bridge_running(folder, port) as supervisor:
        fire(supervisor.pid, kills, SECONDS / 2)
        shop.stop.set()
        for thread in shop.threads:
            thread.join()
        play.wait_until(lambda: missing(sandbox, shop) == set(), "every accepted order has its cookie")
        database = Database(migrated_url)
        play.wait_until(lambda: play.is_all_delivered(database), "nothing waits any more")
    dialled = Counter(record["fields"]["@ACCOUNT"] for record in records(sandbox))
    with database.reading() as conn:
        states = queries.counts_by_state(conn)
    database.close()
    report(kills, shop, dialled, states)
    assert sum(kills.values()) >= 3
    assert max(dialled.values()) == 1
    # Whoever was not dialled is shown as doubtful; and a doubtful one may have been dialled.
    assert len(shop.accepted - dialled.keys()) <= states.get("unknown", 0)
    assert set(states) <= {"delivered", "unknown"}


def fire(pid: int, kills: Counter[str], seconds: float) -> None:
    """Kill at random moments for so long."""
    supervisor = psutil.Process(pid)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(random.uniform(0.2, 1.5))  # noqa: S311 (chaos, no secret)
        kill_one(supervisor, kills)


def missing(sandbox: Sandbox, shop: Shop) -> set[str]:
    settings = requests.get(f"{sandbox.url}/_sandbox/settings", timeout=30).json()["settings"]
    return shop.accepted - {one["customerId"] for one in settings if one["content"] == one["customerId"]}


def records(sandbox: Sandbox) -> list[dict[str, dict[str, str]]]:
    found: list[dict[str, dict[str, str]]] = requests.get(f"{sandbox.url}/_sandbox/fast-path/4711", timeout=30).json()[
        "records"
    ]
    return found


def report(kills: Counter[str], shop: Shop, dialled: Counter[str], states: dict[str, int]) -> None:
    doubled = sum(number - 1 for number in dialled.values())
    words = {"killed": dict(kills), "accepted": len(shop.accepted), "dialled": len(dialled), "doubled": doubled}
    sys.stdout.write(json.dumps({**words, "deliveries": states}) + "\n")


def test_sigterm_lets_everything_finish(folder: Path) -> None:
    port = free_port()
    with bridge_running(folder, port) as supervisor:
        children = psutil.Process(supervisor.pid).children(recursive=True)
        supervisor.send_signal(signal.SIGTERM)
        assert supervisor.wait(30) == 0
    assert not any(child.is_running() for child in children)
