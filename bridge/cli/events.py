"""bridge events: what CRMs sent, and what the rules made of it."""

from dataclasses import asdict
from typing import Any

import click

from bridge.cli import chosen, replays, rows, show
from bridge.errors import BridgeError
from bridge.fetch import queries as fetches
from bridge.inbox import queries, store
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
    replays.table(lines, reads, empty="No such event. Webhooks go to /webhooks/<source>; see: bridge sources")


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
@click.option("--state", type=click.Choice(replays.STATES), help="In this state.  [default by filters: rejected]")
@rows.of_events
@chosen.options
def replay(**options: Any) -> None:
    """Translate events once more with today's mapping; rules that were carried out already are left alone.

    \b
    By filters: all that have a rule that was rejected, unless --state says another. They are counted first, and what
    they make goes out behind what happens now. It may be stopped and run again.
    Of an unfetched event the record is read anew; what was unreadable is read anew as the mapping says today, and
    the exit code is 1 if something is unreadable still.
    Examples:
      bridge events replay 7 8 9
      bridge events replay --source hubspot --since 2026-05-12 --preview
      bridge events replay --state unreadable --source shop
    """
    replays.replay(**options)
