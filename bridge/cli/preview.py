"""bridge preview: the exact requests that a webhook would cause."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from bridge import clock, settings, wiring
from bridge.alvaria.lookup import Lookups
from bridge.cli import rows, show
from bridge.db import Database
from bridge.errors import BadDocument, BadSettings, Unreadable
from bridge.fetch.once import read_once
from bridge.inbox import store as inbox
from bridge.mappings import preview
from bridge.mappings.preview import Ask, Preview
from bridge.mappings.rules import Mapping as Rules
from bridge.mappings.translate import Past
from bridge.model import Received
from bridge.outbox.store import ledger, records
from bridge.settings import Settings

A_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


@click.command("preview")
@click.argument("source")
@click.argument("body", type=A_FILE, required=False)
@click.option("--event", "event_id", type=int, metavar="ID", help="An event that was kept, in place of BODY.")
@click.option("--headers", type=A_FILE, help="JSON, of headers or {method, url, headers}; or lines of «name: value».")
@click.option("--at", type=rows.Moment(), help="As if it came at this time.  [default: that of its newest change]")
@click.option("--customer", "customers", multiple=True, help="Whom the record was about before, to see what moves.")
@click.option("--resolve", is_flag=True, help="Ask Alvaria for the ids of names, and the CRM for records to fetch.")
@show.as_json
def command(  # noqa: PLR0913, PLR0917 (click hands each option over by its name)
    source: str,
    body: Path | None,
    event_id: int | None,
    headers: Path | None,
    at: datetime | None,
    customers: tuple[str, ...],
    resolve: bool,
    json_wanted: bool,
) -> None:
    """Show each API request that the webhook in the file BODY would cause, and the rule behind it.

    \b
    Nothing is sent or stored. The signature is reported, not demanded. BODY may be - for standard input.
    With --event it is an event that was kept, as the mapping in the folder would translate it today.
    Examples:
      bridge preview hubspot body.json
      bridge preview hubspot body.json --headers headers.json --resolve --json
      bridge preview hubspot body.json --customer +12125550123 --customer 51
      bridge preview hubspot --event 7
    """
    if (body is None) is (event_id is None):
        raise click.UsageError("give either BODY or --event ID")
    known = settings.load(needs_alvaria=resolve)
    mapping = _mapping(known, source)
    lookups = Lookups(wiring.client_of(known.alvaria)) if resolve and known.alvaria else None
    ask = Ask(
        at=at,
        limits=known.limits,
        org_id=known.environ.get("ALVARIA_ORG_ID", "{orgId}"),
        resolve=lookups.resolve if lookups else None,
        fetch=read_once if resolve else None,
        customers=customers,
    )
    if body:
        found = _of_file(mapping, _request(known, source, body, headers), ask, body)
    else:
        found = _of_event(known, mapping, event_id or 0, ask)
    if json_wanted:
        show.as_program_reads(asdict(found))
        return
    click.echo(f"as of {found.at:%Y-%m-%d %H:%M:%S} UTC; signature: {found.signature}")
    _show(found.events)


def _of_file(mapping: Rules, request: Received, ask: Ask, body: Path) -> Preview:
    try:
        return preview.preview(mapping, request, ask)
    except Unreadable as error:
        raise click.ClickException(f"{body}: {error}") from None


def _of_event(known: Settings, mapping: Rules, event_id: int, ask: Ask) -> Preview:
    database = Database(known.database_url)
    try:
        with database.reading() as conn:
            event = inbox.find(conn, event_id)
            if not event or event.source != mapping.name:
                raise click.ClickException(f"{mapping.name} has no event {event_id}; see: bridge events list")
            record = records.find(conn, event.source, event.record_id)
            customers = record.customers if record else ()
            written = ledger.written_for(conn, event.source, event.record_id, customers)
    finally:
        database.close()
    return preview.preview_again(mapping, event, Past(known=record, written=lambda: written), ask)


def _mapping(known: Settings, name: str) -> Rules:
    catalogue = wiring.load_catalogue(known)
    mapping = catalogue.mappings.get(name)
    if not mapping:
        names = ", ".join(sorted(catalogue.mappings)) or "none"
        raise BadSettings((f"there is no source {name!r} in {known.mappings}; there are: {names}",))
    if mapping.rules is None:
        raise BadDocument(tuple(problem for problem in catalogue.problems if problem.file == mapping.file))
    return mapping


def _request(known: Settings, source: str, body: Path, headers: Path | None) -> Received:
    """The webhook as it would come in."""
    given = _given(headers) if headers else {}
    named = given.get("headers", given)
    return Received(
        method=given.get("method", "POST") if "headers" in given else "POST",
        url=given.get("url") or f"{known.public_url or 'http://127.0.0.1'}/webhooks/{source}",
        headers={name.lower(): str(value) for name, value in named.items()},
        body=sys.stdin.buffer.read() if str(body) == "-" else body.read_bytes(),
        received_at=clock.now(),
    )


def _given(headers: Path) -> Mapping[str, Any]:
    text = headers.read_text("utf-8", "replace")
    try:
        found = json.loads(text)
    except ValueError:
        found = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    if not isinstance(found, dict) or not found:
        raise BadSettings((f"{headers}: neither a JSON object nor lines of «name: value»",))
    return found


def _show(events: Sequence[Mapping[str, Any]]) -> None:
    out = show.console()
    for event in events:
        out.print(show.plain(f"\n{event['type']} {event['record_id']}"), style="bold")
        if event["problem"]:
            out.print(show.plain(f"  cannot be read: {event['problem']}"), style="red")
        if event["fetch"]:
            out.print(show.plain(f"  its record: {event['fetch']}"), style="cyan")
        for old, new in event["moves"].items():
            words = f"go from {old} to {new}" if new else f"of {old} are deleted"
            out.print(show.plain(f"  the cookies that were written for this record {words}"), style="cyan")
        for rule in event["rules"]:
            show.rule(rule)
