"""What was measured, as spreads and in words; and how far it has come, for those who wait."""

import math
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Spread: TypeAlias = dict[str, float]
Found: TypeAlias = Mapping[str, Any]


def spread(values: Sequence[float]) -> Spread:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def percentile(values: Sequence[float], share: float) -> float:
    """The least of the values that at least this share of them does not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * share) - 1)]


@dataclass(frozen=True)
class Column:
    title: str
    figure: str
    digits: int = 0

    def cell(self, figures: Mapping[str, Spread]) -> str:
        """The median, with least and most where they differ from it."""
        found = figures.get(self.figure)
        if not found:
            return "–"
        median, least, most = (f"{found[name]:,.{self.digits}f}" for name in ("median", "min", "max"))
        return median if least == most else f"{median} ({least} to {most})"


@dataclass(frozen=True)
class Table:
    """How the figures of one part are shown; `part` is their place in what was found."""

    part: str
    title: str
    """May name what was asked for."""
    columns: Sequence[Column]

    def rows(self, found: Found) -> Iterator[list[str]]:
        """The heading, then a row for each kind."""
        yield ["", *(column.title for column in self.columns)]
        for name, figures in found["figures"].items():
            yield [name, *(column.cell(figures) for column in self.columns)]

    def heading(self, found: Found) -> str:
        return self.title.format(**found["asked"])


ROLES = ("web", "worker", "database", "sink", "load")
"""Who uses the machine's time. With SQLite the database is a part of web and worker."""
TABLES = (
    Table(
        "mapping",
        "Events mapped on one core, rule of three settings; {events:,} events, {runs} runs",
        [Column("events in a second of CPU time", "per_cpu_s")],
    ),
    Table(
        "accept.single",
        "Accepted: webhooks of one event, 1.2 kB; {webhooks:,} in each round; rounds: {rounds}",
        [
            Column("webhooks/s", "per_s"),
            Column("of nothing stored", "ratio", 2),
            Column("p50 ms", "p50_ms"),
            Column("p99 ms", "p99_ms"),
        ],
    ),
    Table(
        "accept.batch",
        "Accepted: webhooks of 100 events; {webhooks:,} in each round; rounds: {rounds}",
        [
            Column("events/s", "per_s"),
            Column("of nothing stored", "ratio", 2),
            Column("p50 ms", "p50_ms"),
            Column("p99 ms", "p99_ms"),
        ],
    ),
    Table(
        "deliver.end-to-end",
        "From the first POST to the last setting accepted: {events:,} events, rounds: {rounds}",
        [
            Column("events/s", "per_s"),
            Column("accepted events/s", "accepted_per_s"),
            Column("settings in a request", "settings_in_a_request", 1),
        ],
    ),
    Table(
        "deliver.end-to-end",
        "CPU time in it, in ms for each event",
        [Column(who, f"{who}_cpu_ms", 2) for who in ROLES],
    ),
    Table(
        "deliver.limited",
        "A backlog for an API that takes {limit} requests in {window_s:g} s: the first {seconds:g} s; rounds: {rounds}",
        [
            Column("settings/s", "settings_per_s"),
            Column("requests/s", "requests_per_s", 1),
            Column("429 in the first second", "refused_at_first"),
            Column("429 after it", "refused_later"),
        ],
    ),
    Table(
        "deliver.idle",
        "One webhook at a time, from its sending to its settings accepted: {webhooks:,} webhooks, rounds: {rounds}",
        [
            Column("p50 ms", "p50_ms", 1),
            Column("p99 ms", "p99_ms", 1),
            Column("longest ms", "max_ms", 1),
            Column("of it until the answer, p50 ms", "answered_p50_ms", 1),
        ],
    ),
    Table(
        "deliver.drain",
        "A worker that starts before {backlog:,} deliveries; at most {drain_s:g} s",
        [
            Column("first request after s", "first_request_s", 2),
            Column("deliveries/s", "per_s"),
            Column("worker's most MB", "most_mb"),
            Column("claim ms at 1,000", "claim_small_ms", 1),
            Column("claim ms at all", "claim_all_ms", 1),
            Column("filled before/s", "filled_per_s"),
        ],
    ),
)


def at(found: Found, part: str) -> Found | None:
    """What was found of this part; None where it was not measured."""
    here: Found | None = found
    for name in part.split("."):
        here = here.get(name) if here else None
    return here


def tables(found: Found) -> Iterator[tuple[str, list[list[str]]]]:
    """Title and rows of each table of which there is something."""
    for table in TABLES:
        part = at(found, table.part)
        if part:
            yield table.heading(part), list(table.rows(part))


def in_words(found: Found) -> str:
    """All of it for a terminal, the columns below each other."""
    return "\n\n".join("\n".join([title, *_aligned(rows)]) for title, rows in tables(found)) + "\n"


def _aligned(rows: list[list[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        yield "  " + "   ".join(cells).rstrip()


def say(text: str) -> None:
    """How far it has come; each word takes the place of the one before, and the last is empty."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()
