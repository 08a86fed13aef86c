"""What is done to many rows: counted first, asked about, then chunk by chunk, so that it can be stopped at any time."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import click

from bridge.db import Connection, Database
from bridge.inbox.queries import Found

AT_ONCE = 100
"""Rows in one transaction: others write in between."""
SHOWN = 20
"""Of a preview."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """To be done to all that were found."""

    database: Database
    found: Found
    next_ids: Callable[[Connection, int, int], Sequence[int]]
    """The next ones after this id, at most so many."""
    act: Callable[[Connection, Sequence[int]], int]
    """Returns how many it was done to."""


def confirmed(number: int, noun: str, *, yes: bool) -> bool:
    """Ask on a terminal; whoever has no terminal says --yes."""
    return yes or click.confirm(f"{number} {noun}; go on?", err=True)


def carry_out(work: Work) -> int:
    """Each chunk is a transaction of its own. What is done is done: a second run goes on with what is left."""
    done = after = 0
    is_short = work.found.number <= AT_ONCE or not sys.stderr.isatty()
    try:
        with click.progressbar(length=work.found.number, file=sys.stderr, hidden=is_short) as bar:
            while chunk := _chunk(work, after):
                last, looked_at, number = chunk
                done, after = done + number, last
                bar.update(looked_at)
    except KeyboardInterrupt:
        raise click.ClickException(f"stopped; {done} are done, and the same command goes on with the others") from None
    return done


def _chunk(work: Work, after: int) -> tuple[int, int, int] | None:
    """The last id, how many were looked at, to how many it was done; None where nothing is left."""
    with work.database.transaction() as conn:
        ids = work.next_ids(conn, after, AT_ONCE)
        return (ids[-1], len(ids), work.act(conn, ids)) if ids else None


def options(command: Callable[..., None]) -> Callable[..., None]:
    """--yes --preview."""
    yes = click.option("--yes", is_flag=True, help="Do not ask.")
    preview = click.option("--preview", is_flag=True, help="Only show what it would be done to.")
    return yes(preview(command))


def more(number: int) -> None:
    """Say how many were not shown."""
    if number > SHOWN:
        click.echo(f"… and {number - SHOWN} more.")
