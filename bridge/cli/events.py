"""bridge events: what CRMs sent, and what the rules made of it."""

from dataclasses import asdict
from typing import Any

import click

from bridge.cli import rows, show
from bridge.errors import BridgeError
from bridge.fetch import queries as fetches
from bridge.fetch import store as fetching
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
@click.argument("event_ids", metavar="ID…", type=int, nargs=-1, required=True)
def replay(event_ids: tuple[int, ...]) -> None:
    """Translate events once more with today's mapping; rules that were carried out already are left alone.

    Of an unfetched event the record is read anew.

    \b
    Example:
      bridge events replay 7 8 9
    """
    with rows.opened() as database, database.transaction() as conn:
        for event_id in event_ids:
            if not (store.replay(conn, event_id) or fetching.replay(conn, event_id)):
                raise BridgeError(f"event {event_id} is not there, or is not translated yet; nothing was replayed")
    click.echo(f"{len(event_ids)} to be translated again.")
