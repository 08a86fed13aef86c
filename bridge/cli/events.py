"""bridge events: what CRMs sent, and what the rules made of it."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from bridge.cli import rows, show
from bridge.db import Database
from bridge.errors import BridgeError
from bridge.fetch import queries as fetches
from bridge.fetch import store as fetching
from bridge.inbox import queries, store
from bridge.inbox.reread import reread
from bridge.model import Event, EventState
from bridge.outbox import queries as outbox


@click.group("events")
def command() -> None:
    """See and replay events: what CRMs sent, and what the rules made of it."""


@command.command("list")
@rows.filters
@show.as_json
def list_(json_wanted: bool, **options: Any) -> None:
    """List events, the newest first.

    \b
    Example:
      bridge events list --source hubspot --since 2026-05-12
    """
    with rows.opened() as database, database.reading() as conn:
        lines = queries.list_events(conn, rows.wanted(**options))
        reads = fetches.of_events(conn, [line.id for line in lines])
    if json_wanted:
        show.as_program_reads([{**asdict(line), "fetch": _plain(reads.get(line.id))} for line in lines])
        return
    columns = ("id", "received", "source", "type", "record", "state", "seen", "outcomes")
    show.table(
        columns,
        (
            (line.id, show.value(line.received_at), line.source, line.type, line.record_id, line.state, line.times_seen,
             ", ".join(f"{number} {kind}" for kind, number in sorted(line.outcomes.items())) or reads.get(line.id))
            for line in lines
        ),
        empty="No such event. Webhooks go to /webhooks/<source>; see: bridge sources",
    )  # fmt: skip


def _plain(read: fetches.Fetch | None) -> dict[str, Any] | None:
    return asdict(read) if read else None


@command.command("show")
@click.argument("event_id", metavar="ID", type=int)
@show.as_json
def show_(event_id: int, json_wanted: bool) -> None:
    """Show one event whole: its data, each rule's outcome, and the deliveries that came of it.

    \b
    Example:
      bridge events show 7
    """
    with rows.opened() as database, database.reading() as conn:
        event = store.find(conn, event_id)
        if not event:
            raise BridgeError(f"there is no event {event_id}; see: bridge events list")
        outcomes, deliveries = queries.outcomes_of(conn, event_id), outbox.of_event(conn, event_id)
        read = fetches.of_events(conn, [event_id]).get(event_id)
    whole: dict[str, Any] = {
        "event": {name: value for name, value in asdict(event).items() if name != "headers"},
        "fetch": _plain(read),
        "outcomes": [asdict(line) for line in outcomes],
        "deliveries": [asdict(line) for line in deliveries],
    }
    if json_wanted:
        show.as_program_reads(whole)
        return
    show.table(
        ("member", "value"), ((name, show.value(value)) for name, value in whole["event"].items()), title="Event"
    )
    if read:
        click.echo(f"\nIts record at the CRM: {read}")
    made = [(line.translation, line.rule, line.kind, line.reason, line.mapping_version) for line in outcomes]
    click.echo()
    show.table(
        ("translation", "rule", "outcome", "reason", "mapping"),
        made,
        title="What the rules made of it",
        empty="It waits to be translated.",
    )
    sent = [(line.id, line.rule, line.operation, line.state, line.attempts, line.reason) for line in deliveries]
    click.echo()
    show.table(
        ("delivery", "rule", "operation", "state", "attempts", "reason"), sent, title="Deliveries", empty="None."
    )


@command.command("unreadable")
@show.as_json
def unreadable(json_wanted: bool) -> None:
    """List the webhooks that came from their source but could not be read, the newest first.

    \b
    Example:
      bridge events unreadable
    """
    columns = ("webhook", "source", "received", "problem")
    with rows.opened() as database, database.reading() as conn:
        lines = queries.unreadable_webhooks(conn)
    if json_wanted:
        show.as_program_reads([dict(zip(columns, line, strict=True)) for line in lines])
        return
    show.table(columns, ([show.value(cell) for cell in line] for line in lines), empty="None: all could be read.")


@command.command("replay")
@click.argument("event_ids", metavar="[ID…]", type=int, nargs=-1)
@click.option("--state", type=click.Choice(["unreadable"]), help="All in this state, and the webhooks in it too.")
@click.option("--source", help="With --state: only of this source.")
def replay(event_ids: tuple[int, ...], state: str | None, source: str | None) -> None:
    """Translate events once more with today's mapping; rules that were carried out already are left alone.

    Of an unfetched event the record is read anew; what was unreadable is read anew as the mapping says today.

    \b
    Exit code 1 if something is unreadable still.
    Examples:
      bridge events replay 7 8 9
      bridge events replay --state unreadable --source shop
    """
    if bool(event_ids) == bool(state) or (source and not state):
        raise click.UsageError("name the events, or give --state, which --source may narrow")
    with rows.opened() as database:
        if state:
            _reread_all(database, source)
        else:
            _replay(database, event_ids)


def _replay(database: Database, event_ids: Sequence[int]) -> None:
    with database.transaction() as conn:
        for event_id in event_ids:
            if not (store.replay(conn, event_id) or fetching.replay(conn, event_id)):
                raise BridgeError(_why_not(event_id, store.find(conn, event_id)))
    click.echo(f"{len(event_ids)} to be translated again.")


def _why_not(event_id: int, event: Event | None) -> str:
    if event and event.state is EventState.UNREADABLE:
        how = f"mend its mapping, then: bridge events replay --state unreadable --source {event.source}"
        return f"event {event_id} could not be read; {how}; nothing was replayed"
    return f"event {event_id} is not there, or is not translated yet; nothing was replayed"


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
