"""A worker that starts before a backlog: how soon it sends, how fast, with how much memory; and what a claim costs."""

import json
import subprocess
import sys
import time
from argparse import Namespace
from typing import Any

import posting
import psutil
from figures import say
from processes import HERE, SETTINGS_OF_AN_EVENT
from towns import LOOK_EVERY_S, Town

SLICE_S = 5.0
"""The rate is told for each of these, since it may change as the queue becomes shorter."""


def measure(town: Town, asked: Namespace) -> dict[str, list[float]]:
    """One round: webhooks come in and are filled as always, but nothing is sent; then the worker starts."""
    webhooks = max(1, asked.backlog // posting.EVENTS_IN_A_BATCH)
    say(f"{town.kind}, drain: {webhooks:,} webhooks are accepted")
    town.post("changes", webhooks)
    filled = _fill(town)
    town.begin()
    started = time.monotonic()
    town.start_worker()
    first = town.wait_for_settings(1, asked.patience_s, "the first")["first_at"]
    most_bytes = _watch(town, filled["deliveries"], first + asked.drain_s)
    return {
        "first_request_s": [first - started],
        "per_s": _rates(town, first, min(first + asked.drain_s, town.ask("counted")["last_at"])),
        "most_mb": [most_bytes / 1e6],
        "filled_per_s": [filled["per_s"]],
        "claim_small_ms": filled["claim_small_ms"],
        "claim_all_ms": filled["claim_all_ms"],
    }


def _fill(town: Town) -> dict[str, Any]:
    """As the worker does it, in a process of its own that sends nothing."""
    program = [sys.executable, str(HERE / "backlog.py")]
    done = subprocess.run(program, check=True, stdout=subprocess.PIPE, env=town.environ, cwd=town.folder)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _watch(town: Town, deliveries: int, until: float) -> int:
    """The most memory that the worker has used, while it drains the backlog or until then."""
    worker = psutil.Process(town.programs["worker"].pid)
    most = 0
    while time.monotonic() < until:
        most = max(most, worker.memory_info().rss)
        done = town.ask("counted")["settings"] // SETTINGS_OF_AN_EVENT
        say(f"{town.kind}, drain: {done:,} of {deliveries:,} deliveries")
        if done >= deliveries:
            break
        town.check()
        time.sleep(LOOK_EVERY_S)
    return most


def _rates(town: Town, first: float, last: float) -> list[float]:
    """Deliveries a second in each whole slice of the time; in all of it where it is shorter."""
    slice_s = min(SLICE_S, last - first) or 1.0
    counts = [0] * int((last - first) / slice_s)
    for at, _, settings in town.ask("requests"):
        place = int((at - first) / slice_s)
        if place < len(counts):
            counts[place] += settings
    return [count / SETTINGS_OF_AN_EVENT / slice_s for count in counts]
