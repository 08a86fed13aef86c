"""Tables for people, JSON for programs."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

as_json = click.option("--json", "json_wanted", is_flag=True, help="JSON instead of a table, for programs.")

COLOURS = {
    "ok": "green", "delivered": "green", "translated": "green", "done": "green", "read": "green",
    "warning": "yellow", "waiting": "yellow", "claimed": "yellow", "new": "yellow", "unknown": "yellow",
    "error": "red", "failed": "red", "dead": "red", "rejected": "red", "unreadable": "red", "missing": "red",
    "unexpected": "red", "forged": "red", "ignored": "dim", "discarded": "dim",
}  # fmt: skip


def console(*, to_stderr: bool = False) -> Console:
    """Colours go away when piped; NO_COLOR is honoured."""
    return Console(stderr=to_stderr, highlight=False, soft_wrap=True)


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "", empty: str = "Nothing."
) -> None:
    """Aligned, words of state in their colour. `empty` says what there is to do when there is nothing to show."""
    rows = list(rows)
    if title:
        console().print(title, style="bold")
    if not rows:
        click.echo(empty)
        return
    shown = Table(header_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        # What a row is called stays in one piece: people copy it into the next command.
        shown.add_column(column, overflow="fold", no_wrap=column == columns[0])
    for row in rows:
        shown.add_row(*(cell(value) for value in row))
    # A pipe has no width: there every row stays on its line.
    Console(highlight=False, width=None if sys.stdout.isatty() else 1000).print(shown)


def cell(value: object) -> Text:
    text = "" if value is None else str(value)
    return state(text)


def state(text: str) -> Text:
    """A word of state in its colour; any other word as it is."""
    return Text(text, style=COLOURS.get(text.strip(), ""))


def as_program_reads(data: Any) -> None:
    """JSON on standard output."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=False, default=str))


def rule(made: Mapping[str, Any]) -> None:
    """What a rule has made of an event: its outcome, and each request."""
    out = console()
    out.print(plain(f"  {made['rule']}:"), state(made["outcome"]), plain(made["reason"]))
    if made["stops"]:
        names = ", ".join(made["stops"]["operations"])
        out.print(plain(f"    what waits of {names} for {made['stops']['customer']} is not sent"), style="cyan")
    for request in made["requests"]:
        out.print(plain(f"    {request['method']} {request['path']}"), style="cyan")
        for name, value in request["headers"].items():
            out.print(plain(f"    {name}: {value}"))
        if request["body"] is not None:
            text = json.dumps(request["body"], indent=2, ensure_ascii=False)
            out.print(plain("\n".join(f"    {line}" for line in text.splitlines())))


def plain(text: str) -> Text:
    """Never read as markup."""
    return Text(text)


def value(found: object) -> str:
    """A cell's text: times to the second, structures as JSON."""
    if isinstance(found, datetime):
        return found.strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(found, dict | list | tuple):
        return json.dumps(found, ensure_ascii=False, default=str)
    return "" if found is None else str(found)
