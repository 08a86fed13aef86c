"""What durability costs: webhooks accepted a second with nothing stored, with SQLite and with PostgreSQL.

Two real web processes of each kind, 32 connections, signed bodies of 1.2 kB; the kinds take turns, so that what else
the machine does falls on all of them. The last table has HubSpot's batches of 100 events.

python tests/benchmarks/accept.py [--rounds 5] [--webhooks 3000] [--threads N] [--json]
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import posting
import processes
from figures import in_words, say, spread

from bridge import programs
from bridge.db import Database


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
        found = {
            "single": part(webs, "single", asked.webhooks, asked.rounds, 1),
            "batch": part(webs, "batch", max(asked.webhooks // 30, 1), asked.rounds, posting.EVENTS_IN_A_BATCH),
        }
    say("")
    sys.stdout.write(json.dumps({"accept": found}) + "\n" if asked.json else in_words({"accept": found}))


@contextmanager
def serving(name: str, threads: int | None) -> Iterator[Web]:
    """Two web processes with an empty database of this kind, in a folder that goes with them."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bridge-accept-")))
        kind = name if name in processes.DATABASES else "sqlite"
        place = stack.enter_context(processes.DATABASES[kind](folder))
        database = Database(place.url)
        database.migrate()
        database.close()
        processes.write_mappings(folder)
        (folder / "metrics").mkdir()
        port = programs.free_port()
        web = processes.start(command(name, port, threads), processes.environment(folder, place.url), folder)
        stack.callback(processes.end, web)
        processes.wait_for(port, "/readyz")
        posted(Web(name, port), "single", 300)
        posted(Web(name, port), "batch", 4)
        yield Web(name, port)


def command(name: str, port: int, threads: int | None) -> list[str]:
    started = programs.web(host="127.0.0.1", port=port, workers=2, metrics=Path())
    what = ["nothing_stored:app()"] if name == "nothing" else []
    return [*started.arguments, *(["--threads", str(threads)] if threads else []), *what]


def part(webs: list[Web], kind: str, count: int, rounds: int, events: int) -> dict[str, Any]:
    """What all rounds came to, by server; `events` are in each webhook."""
    found: dict[str, list[dict[str, Any]]] = {web.name: [] for web in webs}
    for number in range(rounds):
        for web in webs:
            say(f"{web.name}, {kind}: round {number + 1} of {rounds}")
            found[web.name].append(posted(web, kind, count))
    figures = {name: _figures(each, found["nothing"], events) for name, each in found.items()}
    return {"asked": {"webhooks": count, "rounds": rounds}, "figures": figures}


def posted(web: Web, kind: str, count: int) -> dict[str, Any]:
    program = [sys.executable, str(processes.HERE / "posting.py"), str(web.port), kind, str(count)]
    said: dict[str, Any] = json.loads(subprocess.run(program, check=True, stdout=subprocess.PIPE).stdout)
    if said["accepted"] != count:
        sys.exit(f"{web.name}: {count - said['accepted']} of {count} were answered with {said['others']}")
    return said


def _figures(rounds: list[dict[str, Any]], bare: list[dict[str, Any]], events: int) -> dict[str, Any]:
    """The spread of each figure, and of the ratios to the same round with nothing stored."""
    rates = [one["accepted"] * events / one["took_s"] for one in rounds]
    bares = [one["accepted"] * events / one["took_s"] for one in bare]
    return {
        "per_s": spread(rates),
        "ratio": spread([rate / other for rate, other in zip(rates, bares, strict=True)]),
        "p50_ms": spread([one["p50_ms"] for one in rounds]),
        "p99_ms": spread([one["p99_ms"] for one in rounds]),
        "load_cpu": spread([one["own_cpu"] for one in rounds]),
    }


if __name__ == "__main__":
    main()
