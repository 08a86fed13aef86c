"""Writes the tables of a page from the figures that everything.py has kept, between two marks.

python tests/benchmarks/report.py FIGURES PAGE [--check]   (--check: only say whether the page has these figures)
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from figures import Found, tables

BEGIN = "<!-- figures: written by report.py -->"
END = "<!-- end of figures -->"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("figures", type=Path)
    options.add_argument("page", type=Path)
    options.add_argument("--check", action="store_true")
    asked = options.parse_args()
    before = asked.page.read_text("utf-8")
    after = written(before, json.loads(asked.figures.read_text("utf-8")))
    if not asked.check:
        asked.page.write_text(after, "utf-8")
    elif before != after:
        sys.exit(f"{asked.page.name} has other figures than {asked.figures.name}; write them with: make figures")


def written(page: str, found: Found) -> str:
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        sys.exit(f"the page has no place for figures between {BEGIN} and {END}")
    return "\n\n".join([head + BEGIN, _machine(found["machine"]), *_tables(found), END + tail])


def _machine(found: dict[str, Any]) -> str:
    return (
        "{processor}, {cores} cores, {memory_gb} GB; {system}, Python {python}, SQLite {sqlite}; "
        "a load of {load} by other programs as it began."
    ).format(**found)


def _tables(found: Found) -> Iterator[str]:
    for title, (heading, *rows) in tables(found):
        lines = [heading, ["---", *("---:" for _ in heading[1:])], *rows]
        yield "\n".join([f"**{title}**", "", *(f"| {' | '.join(line)} |" for line in lines)])


if __name__ == "__main__":
    main()
