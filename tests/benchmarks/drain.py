"""A worker that starts before a backlog: how soon it sends, how fast, with how much memory; and what a claim costs."""

import time
from argparse import Namespace

import posting
import psutil
from figures import say
from processes import SETTINGS_OF_AN_EVENT
from towns import LOOK_EVERY_S, Town

SLICE_S = 5.0
"""The rate is told for each of these, since it may change as the queue becomes shorter."""


def measure(town: Town, asked: Namespace) -> dict[str, list[float]]:
    """One round: webhooks come in and are filled as always, but nothing is sent; then the worker starts."""
    webhooks = max(1, asked.backlog // posting.EVENTS_IN_A_BATCH)
    say(f"{town.kind}, drain: {webhooks:,} webhooks are accepted")
    town.post("changes", webhooks)
    filled = town.fill()
    town.begin()
    started = time.monotonic()
    town.start_worker()
    most_bytes, counted = _watch(town, filled["deliveries"], asked)
    first = counted["first_at"]
    return {
        "first_request_s": [first - started],
        "per_s": _rates(town, first, counted["last_at"]),
        "most_mb": [most_bytes / 1e6],
        "filled_per_s": [filled["per_s"]],
        "claim_small_ms": filled["claim_small_ms"],
        "claim_all_ms": filled["claim_all_ms"],
    }


def _watch(town: Town, deliveries: int, asked: Namespace) -> tuple[int, dict[str, float]]:
    """The most memory that the worker has used, and what was counted, while it drains the backlog or its time ends."""
    worker, began = psutil.Process(town.programs["worker"].pid), time.monotonic()
    most = 0
    while True:
        most = max(most, worker.memory_info().rss)
        counted = town.ask("counted")
        done = counted["settings"] // SETTINGS_OF_AN_EVENT
        say(f"{town.kind}, drain: {done:,} of {deliveries:,} deliveries")
        if done >= deliveries or (done and time.monotonic() > counted["first_at"] + asked.drain_s):
            return most, counted
        if time.monotonic() > began + asked.patience_s:
            town.give_up(f"only {done:,} of {deliveries:,} deliveries were sent within {asked.patience_s:g} s")
        town.check()
        time.sleep(LOOK_EVERY_S)


def _rates(town: Town, first: float, last: float) -> list[float]:
    """Deliveries a second in each whole slice of the time; in all of it where it is shorter."""
    slice_s = min(SLICE_S, last - first) or 1.0
    counts = [0] * int((last - first) / slice_s)
    for at, _, settings in town.ask("requests"):
        place = int((at - first) / slice_s)
        if place < len(counts):
            counts[place] += settings
    return [count / SETTINGS_OF_AN_EVENT / slice_s for count in counts]
