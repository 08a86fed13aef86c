"""How much of what an API with a limit takes is used, and how often it must say that it was too much."""

from argparse import Namespace

import posting
from processes import SETTINGS_OF_AN_EVENT
from towns import Town

MOST_SETTINGS = 100
"""In one request, as far as the bridge knows."""


def measure(town: Town, asked: Namespace) -> dict[str, list[float]]:
    """One round: the worker starts before a backlog, and learns of the limit by the answers."""
    # More than can go in the time, and all of it filled: so that the limit is what everybody waits for.
    most = MOST_SETTINGS * asked.limit * (asked.seconds / asked.window_s + 2)
    town.post("changes", int(most / SETTINGS_OF_AN_EVENT / posting.EVENTS_IN_A_BATCH) + 1)
    town.fill()
    town.begin(limit=asked.limit, window_s=asked.window_s)
    town.start_worker()
    first = town.wait_for_settings(1, asked.patience_s, "the first")["first_at"]
    town.wait_until(first + asked.seconds, "limited")
    answers = [(at - first, status, count) for at, status, count in town.ask("requests") if at < first + asked.seconds]
    accepted = [count for _, status, count in answers if status == 204]
    refused = [at_s for at_s, status, _ in answers if status == 429]
    return {
        "settings_per_s": [sum(accepted) / asked.seconds],
        "requests_per_s": [len(accepted) / asked.seconds],
        "refused_at_first": [sum(at_s < 1 for at_s in refused)],
        "refused_later": [sum(at_s >= 1 for at_s in refused)],
    }
