"""How many events a rule of three settings turns into deliveries in a second of CPU time, and where the time goes.

python tests/benchmarks/mapping.py [--profile] [--json]
"""

import argparse
import cProfile
import json
import pstats
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from figures import in_words, spread

from bridge.alvaria.limits import Limits
from bridge.documents import load
from bridge.mappings.rules import Mapping
from bridge.mappings.schema import read_mapping
from bridge.mappings.translate import Past, translate
from bridge.model import Event

NOW = datetime(2026, 5, 12, 9, 30, tzinfo=UTC)
EVENTS = 2_000
RUNS = 7
MAPPING = """\
version: 1
source: {name: shop, preset: generic, secrets: {api_key: [k]}}
tables: {tiers: {"1": gold, "2": silver}}
customer: ["{{ event.record_id }}"]
rules:
  - name: profile
    when: "{{ event.type in ['contact.created', 'contact.updated'] }}"
    settings:
      - {key: crm.tier, content: "{{ record.tier | lookup(tables.tiers, 'standard') }}", channel: voice, expires: 7d}
      - {key: crm.name, content: "{{ record.first ~ ' ' ~ record.last }}"}
      - {key: crm.score, content: "{{ record.score }}", when: "{{ record.score is defined }}"}
"""


def mapping() -> Mapping:
    made, problems = read_mapping(load(MAPPING, "shop.yaml"), MAPPING, layouts={}, env={}, limits=Limits())
    if not made or problems:
        sys.exit("\n".join(map(str, problems)))
    return made


def event(number: int) -> Event:
    return Event(
        source="shop",
        type="contact.updated",
        record_id=str(number),
        crm_id=f"evt-{number}",
        dedup_key=f"evt-{number}",
        occurred_at=NOW - timedelta(seconds=number),
        received_at=NOW,
        record={"tier": number % 3, "first": "Ada", "last": f"King {number}", "score": number},
    )


def run(made: Mapping, events: list[Event]) -> float:
    """Events a second of CPU time, which other programs on the machine disturb least."""
    limits = Limits()
    started = time.process_time()
    for one in events:
        translate(made, one, past=Past(), now=NOW, limits=limits)
    return len(events) / (time.process_time() - started)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--profile", action="store_true", help="say where the time goes")
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()
    made, events = mapping(), [event(number) for number in range(EVENTS)]
    run(made, events)
    if asked.profile:
        profile(made, events)
        return
    rates = [run(made, events) for _ in range(RUNS)]
    one_core = {"per_cpu_s": spread(rates)}
    found = {"mapping": {"asked": {"events": EVENTS, "runs": RUNS}, "figures": {"one core": one_core}}}
    sys.stdout.write(json.dumps(found) + "\n" if asked.json else in_words(found))


def profile(made: Mapping, events: list[Event]) -> None:
    profiler: Any = cProfile.Profile()
    profiler.runcall(run, made, events)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
