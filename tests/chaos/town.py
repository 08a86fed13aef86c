"""A small town: two nodes of the bridge on one database, the sandbox, CRMs; and what must be true in the end."""

import itertools
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import requests
from sqlalchemy import func, select

from bridge.db import Database
from bridge.demo import play
from bridge.model import DeliveryState
from bridge.programs import free_port
from bridge.sandbox.serve import Sandbox
from bridge.tables import cookies, deliveries
from tests.chaos.crm import SECRET, Crm

SECONDS = float(os.environ.get("BRIDGE_CHAOS_S", "2"))
"""How long each fault goes on."""
LIST = "4711"
WELL = {DeliveryState.DELIVERED, DeliveryState.SUPERSEDED, DeliveryState.UNCHANGED, DeliveryState.UNKNOWN}
POLICY = {
    "BRIDGE_RETRY_BASE_S": "0.2",
    "BRIDGE_RETRY_CAP_S": "1",
    "BRIDGE_CONFIGURATION_RETRY_S": "1",
    "BRIDGE_CONNECT_TIMEOUT_S": "1",
    "BRIDGE_READ_TIMEOUT_S": "1",
    "BRIDGE_LEASE_S": "5",
    "BRIDGE_DOUBT_S": "3",
}
"""As in life, but everything sooner."""
SETTING = """\
version: 1
source: {{name: {source}, preset: {preset}, secrets: {{{secret}: [{value}]}}, remember: [{names}]}}
customer: ["{{{{ event.record_id }}}}"]
rules:
  - name: cookies
    settings:
"""
DIAL = """\
  - name: dial
    once: {per: "{{ event.id }}"}
    fast_path:
      {list: Hot leads, layout: hot-leads, fields: {"@ACCOUNT": "{{ record.lead }}", "@NUMBER": "2125550123"}}
"""
_runs = itertools.count(1)


def mapping(source: str, names: tuple[str, ...], *, preset: str = "generic", secret: str = "api_key") -> str:  # noqa: S107 (a name)
    head = SETTING.format(source=source, preset=preset, secret=secret, value=SECRET, names=", ".join(names))
    row = '      - {{key: crm.{0}, content: "{{{{ record.{0} }}}}", when: "{{{{ record.{0} is defined }}}}"}}\n'
    return head + "".join(row.format(name) for name in names)


MAPPINGS = {
    "hubspot.yaml": mapping("hubspot", ("tier", "score"), preset="hubspot", secret="client_secret"),
    "shop.yaml": mapping("shop", ("total",)),
    "leads.yaml": mapping("leads", ("lead",)) + DIAL,
}


@dataclass
class Town:
    folder: Path
    sandbox: Sandbox
    database_url: str
    policy: Mapping[str, str] = field(default_factory=dict)
    nodes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    others: list[subprocess.Popen[bytes]] = field(default_factory=list)
    ports: tuple[int, int] = (0, 0)

    def build(self) -> None:
        """Write the mappings and start both nodes."""
        layouts = self.folder / "mappings" / "layouts"
        layouts.mkdir(parents=True)
        (layouts / "hot-leads.yaml").write_bytes((play.MAPPINGS / "layouts" / "hot-leads.yaml").read_bytes())
        for name, text in MAPPINGS.items():
            (self.folder / "mappings" / name).write_text(text, "utf-8")
        requests.put(f"{self.sandbox.url}/_sandbox/rate-limit", json={"limit": 100_000, "window_s": 1}, timeout=10)
        self.ports = (free_port(), free_port())
        self.start()

    def start(self) -> None:
        """Both nodes; on the ports of before where there were some."""
        self.nodes = [self._node(port) for port in self.ports]
        self.wait_until_ready()

    @property
    def environ(self) -> dict[str, str]:
        ours = ("ALVARIA_", "BRIDGE_", "DATABASE_URL", "PORT", "PROMETHEUS_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        where = {"BRIDGE_SANDBOX": "1", "ALVARIA_BASE_URL": self.sandbox.url, "DATABASE_URL": self.database_url}
        return {**kept, **POLICY, **where, **self.policy}

    def _node(self, port: int) -> subprocess.Popen[bytes]:
        return self._start("run", "--port", str(port), "--workers", "1")

    def _start(self, *arguments: str, **environ: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "bridge", *arguments],
                cwd=self.folder,
                env={**self.environ, **environ},
                stdout=log,
                stderr=log,
            )

    @property
    def urls(self) -> list[str]:
        return [f"http://127.0.0.1:{port}" for port in self.ports]

    def wait_until_ready(self) -> None:
        for url in self.urls:
            play.wait_until(lambda url=url: play.is_ready(f"{url}/readyz"), "the node is ready")  # type: ignore[misc]

    def restart(self, place: int) -> None:
        """SIGKILL to a node's supervisor; another one takes its port over."""
        self.nodes[place].kill()
        self.nodes[place].wait()
        self.nodes[place] = self._node(self.ports[place])

    def add_worker(self, **environ: str) -> subprocess.Popen[bytes]:
        """One more, with another environment; it is at work when this returns."""
        made = self._start("worker", **environ)
        self.others.append(made)
        play.wait_until(lambda: f"/{made.pid}/" in (self.folder / "log").read_text("utf-8"), "the worker is at work")
        return made

    def end(self) -> None:
        """All processes end by themselves when they are asked to."""
        running = [one for one in (*self.nodes, *self.others) if one.poll() is None]
        family = [child for one in running for child in psutil.Process(one.pid).children(recursive=True)]
        for one in running:
            one.terminate()
        assert [one.wait(60) for one in running] == [0] * len(running)
        assert not [child for child in family if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]

    def processes(self) -> list[psutil.Process]:
        """The supervisors' children: gunicorn, web processes and workers."""
        return [child for node in self.nodes for child in psutil.Process(node.pid).children(recursive=True)]

    def order_fault(self, **fault: Any) -> None:
        answer = requests.post(f"{self.sandbox.url}/_sandbox/faults", json=fault, timeout=10)
        assert answer.status_code == 201, answer.text

    def clear_faults(self) -> None:
        requests.delete(f"{self.sandbox.url}/_sandbox/faults", timeout=10)

    def revoke_tokens(self) -> None:
        requests.post(f"{self.sandbox.url}/_sandbox/tokens/revoke", timeout=10)

    @contextmanager
    def traffic(self, fault: str, *, twice: bool = False) -> Iterator[Crm]:
        """CRMs send within the block. After it, when all has come to rest, nothing is lost and nobody dialled twice."""
        crm = Crm(self.urls, f"r{next(_runs)}", twice=twice)
        crm.start()
        try:
            yield crm
        finally:
            self.clear_faults()
            crm.finish()
        self.come_to_rest(fault)
        found = self.compare(fault, crm)
        REPORT.append(found)
        assert (found.lost, found.doubled) == (0, 0), found

    def come_to_rest(self, fault: str) -> None:
        """Nothing waits, nothing is out, no cookie is in doubt."""
        database = Database(self.database_url)
        try:
            play.wait_until(lambda: is_at_rest(database), f"all is delivered after: {fault}")
        except play.TooSlow as error:
            raise AssertionError(f"{error}; {unrest(database)}") from None
        finally:
            database.close()

    def compare(self, fault: str, crm: Crm) -> "Found":
        newest, arrived = crm.newest(), self._cookies()
        wrong = {
            cookie: (arrived.get(cookie), value) for cookie, value in newest.items() if arrived.get(cookie) != value
        }
        dialled, doubtful = self._dialled(), self._doubtful()
        leads = crm.leads()
        undialled = leads - dialled.keys() - doubtful
        return Found(
            database=self.database_url.partition(":")[0].partition("+")[0],
            fault=fault,
            events=len(crm.accepted),
            lost=len(wrong) + len(undialled),
            doubled=sum(number - 1 for account, number in dialled.items() if account in leads),
            unknown=len(leads & doubtful),
            details=f"{wrong} {undialled}" if wrong or undialled else "",
        )

    def _cookies(self) -> dict[tuple[str, str], str]:
        found = requests.get(f"{self.sandbox.url}/_sandbox/settings", timeout=30).json()["settings"]
        return {(one["customerId"], one["key"]): one["content"] for one in found}

    def _dialled(self) -> Counter[str]:
        found = requests.get(f"{self.sandbox.url}/_sandbox/fast-path/{LIST}", timeout=30).json()["records"]
        return Counter(record["fields"]["@ACCOUNT"] for record in found)

    def _doubtful(self) -> set[str]:
        database = Database(self.database_url)
        with database.reading() as conn:
            bodies = conn.execute(
                select(deliveries.c.body).where(deliveries.c.state == DeliveryState.UNKNOWN)
            ).scalars()
            found = {record["fastPathRecord"][:12].strip() for body in bodies for record in body["fastPathRecords"]}
        database.close()
        return found


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a fault has cost."""

    database: str
    fault: str
    events: int
    lost: int
    doubled: int
    unknown: int
    details: str


REPORT: list[Found] = []


def is_at_rest(database: Database) -> bool:
    with database.reading() as conn:
        doubts = conn.execute(select(func.count()).where(cookies.c.unsettled_until.is_not(None))).scalar_one()
    return not doubts and play.is_all_delivered(database)


def unrest(database: Database) -> str:
    """What is not at rest, for the one who reads of it."""
    with database.reading() as conn:
        c = deliveries.c
        waiting = conn.execute(select(c.id, c.state, c.operation, c.due_at, c.reason).where(c.state.not_in(WELL)))
        return "; ".join(str(tuple(row)) for row in waiting.fetchmany(5))


def chaos(strike: Callable[[], None]) -> None:
    """Strike again and again at random moments, for as long as a fault goes on."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        strike()
        time.sleep(random.uniform(0.1, 0.5))  # noqa: S311 (chaos, no secret)
