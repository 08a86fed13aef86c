"""Events translated once more: some by their ids, or all that filters find."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import click

from bridge.cli import chosen, rows, show
from bridge.cli.chosen import Work
from bridge.db import Connection, Database
from bridge.errors import BridgeError
from bridge.fetch import queries as fetches
from bridge.fetch import store as fetching
from bridge.inbox import queries, store
from bridge.inbox.queries import REJECTED, EventLine, Wanted
from bridge.inbox.reread import reread
from bridge.model import Event, EventState

UNREADABLE = str(EventState.UNREADABLE)
STATES = (REJECTED, str(EventState.DONE), str(EventState.UNFETCHED), UNREADABLE)


def replay(*, event_ids: Sequence[int], yes: bool, preview: bool, **filters: Any) -> None:
    """By ids all of them or none; by filters all that are found."""
    wanted = Wanted(**filters)
    if bool(event_ids) == (wanted != Wanted()):
        raise click.UsageError("name events by their ids, or choose them by filters such as --state or --source")
    if wanted.state == UNREADABLE and (wanted.type or wanted.since or wanted.until):
        raise click.UsageError("what is unreadable has no type and no time: only --source may narrow it")
    with rows.opened() as database:
        if event_ids:
            _each(database, event_ids)
        elif preview:
            _preview(database, replace(wanted, state=wanted.state or REJECTED))
        elif wanted.state == UNREADABLE:
            _reread_all(database, wanted.source)
        else:
            _all(database, replace(wanted, state=wanted.state or REJECTED), yes=yes)


def _each(database: Database, event_ids: Sequence[int]) -> None:
    with database.transaction() as conn:
        for event_id in event_ids:
            if not _again(conn, event_id):
                raise BridgeError(_why_not(event_id, store.find(conn, event_id)))
    click.echo(f"{len(event_ids)} to be translated again.")


def _again(conn: Connection, event_id: int) -> bool:
    return store.replay(conn, event_id) or fetching.replay(conn, event_id)


def _why_not(event_id: int, event: Event | None) -> str:
    if event and event.state is EventState.UNREADABLE:
        how = f"mend its mapping, then: bridge events replay --state unreadable --source {event.source}"
        return f"event {event_id} could not be read; {how}; nothing was replayed"
    return f"event {event_id} is not there, or is not translated yet; nothing was replayed"


def _preview(database: Database, wanted: Wanted) -> None:
    with database.reading() as conn:
        lines = queries.list_events(conn, replace(wanted, limit=chosen.SHOWN))
        reads = fetches.of_events(conn, [line.id for line in lines])
        number = queries.count(conn, wanted).number
    table(lines, reads, empty="No such event.")
    chosen.more(number)


def table(lines: Sequence[EventLine], reads: Mapping[int, fetches.Fetch], *, empty: str) -> None:
    columns = ("id", "received", "source", "type", "record", "state", "seen", "outcomes")
    show.table(
        columns,
        (
            (line.id, show.value(line.received_at), line.source, line.type, line.record_id, line.state, line.times_seen,
             ", ".join(f"{number} {kind}" for kind, number in sorted(line.outcomes.items())) or reads.get(line.id))
            for line in lines
        ),
        empty=empty,
    )  # fmt: skip


def _all(database: Database, wanted: Wanted, *, yes: bool) -> None:
    with database.reading() as conn:
        found = queries.count(conn, wanted)
    noun = f"{wanted.state} events"
    if not found.number:
        click.echo(f"There are no such {noun}.")
        return
    if not chosen.confirmed(found.number, noun, yes=yes):
        click.echo("Nothing was changed.")
        return

    def next_ids(conn: Connection, after: int, at_most: int) -> Sequence[int]:
        return queries.next_ids(conn, wanted, after=after, last=found.last, at_most=at_most)

    def act(conn: Connection, ids: Sequence[int]) -> int:
        return sum(_again(conn, event_id) for event_id in ids)

    number = chosen.carry_out(Work(database=database, found=found, next_ids=next_ids, act=act))
    click.echo(f"{number} to be translated again.")


def _reread_all(database: Database, only: str | None) -> None:
    """A transaction for each webhook, so that nobody who receives has to wait for all of them."""
    sources = {name: mapping.source for name, mapping in rows.at_work(database).mappings.items()}
    with database.reading() as conn:
        found = store.with_unreadable(conn, only)
    read, problems = 0, 0
    for webhook_id, name in found:
        if name not in sources:
            click.echo(f"webhook {webhook_id}: no mapping of the source {name} is at work")
            problems += 1
            continue
        with database.transaction() as conn:
            made = reread(conn, sources[name], webhook_id)
        read, problems = read + made.events, problems + len(made.problems)
        for problem in made.problems:
            click.echo(f"webhook {webhook_id}: {problem}")
    click.echo(f"{read} read again and to be translated; {problems} still unreadable.")
    sys.exit(1 if problems else 0)
