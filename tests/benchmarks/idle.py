"""How long a webhook that comes alone is on its way, from its sending until its settings are accepted."""

import random
import time
from argparse import Namespace

import posting
from figures import percentile, say
from processes import SETTINGS_OF_AN_EVENT
from towns import Town

SHORTEST_S, LONGEST_S = 0.05, 0.15
"""Between one webhook and the next, at random: so that no rhythm of ours meets one of theirs."""


def measure(town: Town, asked: Namespace) -> dict[str, list[float]]:
    """One round."""
    town.start_worker()
    town.warm_up()
    town.begin(remembers=True)
    sent, answered_s = _send(town, asked.webhooks)
    town.wait_for_settings(asked.webhooks * SETTINGS_OF_AN_EVENT, asked.patience_s, "idle")
    arrived = town.ask("arrivals")
    waits_ms = [(arrived[customer] - at) * 1000 for customer, at in sent.items()]
    return {
        "p50_ms": [percentile(waits_ms, 0.5)],
        "p99_ms": [percentile(waits_ms, 0.99)],
        "max_ms": [max(waits_ms)],
        "answered_p50_ms": [percentile(answered_s, 0.5) * 1000],
    }


def _send(town: Town, count: int) -> tuple[dict[str, float], list[float]]:
    """When each customer's webhook was sent, and how long the answers took."""
    run, line, luck = posting.new_run(), posting.Line(town.port), random.Random(1)  # noqa: S311 (no secret)
    sent: dict[str, float] = {}
    answered_s = []
    for number in range(count):
        say(f"{town.kind}, idle: {number:,} of {count:,} webhooks")
        customer, request = posting.change(run, number, town.port)
        sent[customer] = time.monotonic()
        line.send(request)
        while (status := line.status()) is None:
            pass
        if status >= 300:
            town.give_up(f"a webhook was answered with {status}")
        answered_s.append(time.monotonic() - sent[customer])
        time.sleep(luck.uniform(SHORTEST_S, LONGEST_S))
    line.socket.close()
    return sent, answered_s
