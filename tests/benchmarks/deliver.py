"""What becomes of webhooks: events delivered a second, within an API's limit, one at a time, and after a stop.

Real processes as `bridge run` starts them (two web processes, one worker) deliver to a stand-in for the API, on SQLite
and on PostgreSQL; a rule makes three settings of each event, each for another customer. Every measurement has a bridge
and a database of its own; the databases take turns, so that what else the machine does falls on both.

python tests/benchmarks/deliver.py [--only end-to-end,limited,idle,drain] [--database sqlite,postgresql] [--json] …
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import drain
import end_to_end
import idle
import limited
from figures import Spread, in_words, say, spread
from processes import DATABASES
from towns import Town, town


@dataclass(frozen=True)
class Part:
    measure: Callable[[Town, argparse.Namespace], dict[str, list[float]]]
    """One round: the values of each figure."""
    asks: tuple[str, ...]
    """The options that it goes by."""
    once: bool = False
    """Whether rounds would tell no more."""


PARTS = {
    "end-to-end": Part(end_to_end.measure, ("events", "rounds")),
    "limited": Part(limited.measure, ("limit", "window_s", "seconds", "rounds")),
    "idle": Part(idle.measure, ("webhooks", "rounds")),
    "drain": Part(drain.measure, ("backlog", "drain_s"), once=True),
}


def main() -> None:
    asked = options().parse_args()
    found = {name: part_of(PARTS[name], asked) for name in asked.only}
    say("")
    sys.stdout.write(json.dumps({"deliver": found}) + "\n" if asked.json else in_words({"deliver": found}))


def options() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--only", type=some_of(PARTS), default=list(PARTS), help="parts, with commas between them")
    made.add_argument("--database", type=some_of(DATABASES), default=list(DATABASES), help="sqlite, postgresql or both")
    made.add_argument("--rounds", type=int, default=3, help="of each part but drain")
    made.add_argument("--events", type=int, default=20_000, help="end-to-end: in each round")
    made.add_argument("--limit", type=int, default=10, help="limited: requests that the API takes in a window")
    made.add_argument("--window-s", type=float, default=1.0, help="limited: how long a window is")
    made.add_argument("--seconds", type=float, default=20.0, help="limited: how long each round is")
    made.add_argument("--webhooks", type=int, default=300, help="idle: in each round")
    made.add_argument("--backlog", type=int, default=100_000, help="drain: deliveries that wait for the worker")
    made.add_argument("--drain-s", type=float, default=60.0, help="drain: how long it is watched at most")
    made.add_argument("--patience-s", type=float, default=600.0, help="after which a round has failed")
    made.add_argument("--json", action="store_true")
    return made


def some_of(known: Sequence[str] | dict[str, Any]) -> Callable[[str], list[str]]:
    def chosen(text: str) -> list[str]:
        names = text.split(",")
        if strange := set(names) - set(known):
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(strange)}; there are {', '.join(known)}")
        return names

    return chosen


def part_of(part: Part, asked: argparse.Namespace) -> dict[str, Any]:
    """What all rounds came to, by database."""
    values: dict[str, list[dict[str, list[float]]]] = {kind: [] for kind in asked.database}
    for kind in list(asked.database) * (1 if part.once else asked.rounds):
        with town(kind) as made:
            values[kind].append(part.measure(made, asked))
    figures = {kind: dict(_spreads(rounds)) for kind, rounds in values.items()}
    return {"asked": {name: getattr(asked, name) for name in part.asks}, "figures": figures}


def _spreads(rounds: list[dict[str, list[float]]]) -> Iterator[tuple[str, Spread]]:
    for name in rounds[0]:
        yield name, spread([value for one in rounds for value in one[name]])


if __name__ == "__main__":
    main()
