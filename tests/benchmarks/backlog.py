"""Fills all that is new as the worker does, sends nothing, and times claims: at the first 1,000 deliveries, and at all.

A program of its own, in the environment of the bridge that it works for.
"""

import json
import sys
import time

from figures import say

from bridge import clock, log, settings, wiring
from bridge.db import Database
from bridge.delivery.turn import Batch, Sender, take_turn
from bridge.outbox.store import queue
from bridge.outbox.store.settle import let_go
from bridge.wiring import Bridge
from bridge.worker import fill_once, sender_of

SMALL = 1_000
CLAIMS = 25
WARM_UP = 3


def main() -> None:
    read = settings.load()
    log.set_up("backlog", sandbox=True)
    bridge = wiring.build(read)
    sender = sender_of(bridge, "benchmark/0/0")
    while waiting(bridge.database) < SMALL and fill_once(bridge):
        pass
    small = claims_ms(sender)
    before, started = waiting(bridge.database), time.monotonic()
    fill_all(bridge)
    took_s, deliveries = time.monotonic() - started, waiting(bridge.database)
    found = {
        "deliveries": deliveries,
        "per_s": (deliveries - before) / took_s,
        "claim_small_ms": small,
        "claim_all_ms": claims_ms(sender),
    }
    bridge.close()
    sys.stdout.write(json.dumps(found) + "\n")


def waiting(database: Database) -> int:
    with database.reading() as conn:
        return queue.unfinished(conn)


def fill_all(bridge: Bridge) -> None:
    rounds = 0
    while fill_once(bridge):
        rounds += 1
        if rounds % 10 == 0:
            say(f"backlog: filled {rounds} times")


def claims_ms(sender: Sender) -> list[float]:
    """How long a turn takes, from the first look to the commit of the claim. Each claim is given up again."""
    return [_claim_ms(sender) for _ in range(WARM_UP + CLAIMS)][WARM_UP:]


def _claim_ms(sender: Sender) -> float:
    now, started = clock.now(), time.perf_counter()
    taken = take_turn(sender, now)
    took_ms = (time.perf_counter() - started) * 1000
    if not isinstance(taken, Batch):
        sys.exit(f"nothing to claim: {taken.reason}")
    with sender.database.transaction() as conn:
        let_go(conn, sender.worker, now)
    return took_ms


if __name__ == "__main__":
    main()
