"""bridge preview: the exact requests that a webhook would cause."""

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from bridge import clock, settings, wiring
from bridge.alvaria.lookup import Lookups
from bridge.alvaria.operations import operation
from bridge.cli import show
from bridge.errors import BadDocument, BadSettings, BadSignature, NotReady, Unreadable
from bridge.mappings.rules import Mapping as Rules
from bridge.mappings.translate import Translation, translate
from bridge.model import Delivery, Event, Outcome, Received, Record
from bridge.settings import Settings
from bridge.sources.read import read
from bridge.sources.verify import verify


@click.command("preview")
@click.argument("source")
@click.argument("body", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--headers", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="JSON: an object of headers, or {method, url, headers} as in the samples.")  # fmt: skip
@click.option(
    "--resolve", is_flag=True, help="Ask Alvaria for the ids behind names; without it they show as {id of …}."
)
@show.as_json
def command(source: str, body: Path, headers: Path | None, resolve: bool, json_wanted: bool) -> None:
    """Show each API request that the webhook in the file BODY would cause, and the rule behind it.

    \b
    Nothing is sent or stored. The signature is reported, not demanded. BODY may be - for standard input.
    Examples:
      bridge preview hubspot body.json
      bridge preview hubspot body.json --headers headers.json --resolve --json
    """
    known = settings.load(needs_alvaria=resolve)
    now = clock.now()
    mapping = _mapping(known, source)
    request = _request(known, source, body, headers, now)
    signature = _signature(mapping, request, now)
    try:
        events = read(mapping.source, request)
    except Unreadable as error:
        raise click.ClickException(f"the body cannot be read: {error}") from None
    lookups = Lookups(wiring.client_of(known.alvaria)) if resolve and known.alvaria else None
    shown = [_previewed(event, made, lookups) for event, made in _translated(mapping, events, known, now)]
    if json_wanted:
        show.as_program_reads({"signature": signature, "events": shown})
    else:
        _show(signature, shown)


def _mapping(known: Settings, name: str) -> Rules:
    catalogue = wiring.load_catalogue(known)
    mapping = catalogue.mappings.get(name)
    if not mapping:
        names = ", ".join(sorted(catalogue.mappings)) or "none"
        raise BadSettings((f"there is no source {name!r} in {known.mappings}; there are: {names}",))
    if mapping.rules is None:
        raise BadDocument(tuple(problem for problem in catalogue.problems if problem.file == mapping.file))
    return mapping


def _request(known: Settings, source: str, body: Path, headers: Path | None, now: datetime) -> Received:
    """The webhook as it would come in."""
    given: dict[str, Any] = json.loads(headers.read_text("utf-8")) if headers else {}
    named = given.get("headers", given if "url" not in given else {})
    return Received(
        method=given.get("method", "POST"),
        url=given.get("url", f"{known.public_url or 'http://127.0.0.1'}/webhooks/{source}"),
        headers={name.lower(): str(value) for name, value in named.items()},
        body=sys.stdin.buffer.read() if str(body) == "-" else body.read_bytes(),
        received_at=now,
    )


def _signature(mapping: Rules, request: Received, now: datetime) -> str:
    try:
        verify(mapping.source, request, now=now)
    except BadSignature as error:
        return f"would be refused: {error.reason}"
    except NotReady as error:
        return f"cannot be checked: {error}"
    except Unreadable:
        return "cannot be checked: the body cannot be read"
    return "valid"


def _translated(
    mapping: Rules, events: tuple[Event, ...], known: Settings, now: datetime
) -> list[tuple[Event, Translation]]:
    """In order; what one event teaches about a record, the next one knows."""
    records: dict[str, Record] = {}
    made = []
    for event in events:
        record = records.get(event.record_id)
        translation = translate(mapping, event, known=record, written=(), now=now, limits=known.limits)
        records[event.record_id] = translation.record
        made.append((event, translation))
    return made


def _previewed(event: Event, made: Translation, lookups: Lookups | None) -> dict[str, Any]:
    return {
        "type": event.type,
        "record_id": event.record_id,
        "id": event.crm_id,
        "problem": event.problem,
        "rules": [_rule(outcome, lookups) for outcome in made.outcomes],
    }


def _rule(outcome: Outcome, lookups: Lookups | None) -> dict[str, Any]:
    requests = [_api_request(delivery, lookups) for delivery in outcome.deliveries]
    return {"rule": outcome.rule, "outcome": outcome.kind, "reason": outcome.reason, "requests": requests}


def _api_request(delivery: Delivery, lookups: Lookups | None) -> dict[str, Any]:
    asked = operation(delivery.operation)
    params = lookups.resolve(delivery.params, asked.id) if lookups else delivery.params
    texts = {"orgId": "{orgId}", **{name: _text(value) for name, value in params.items()}}
    path = asked.path.format_map(texts)
    query = {one.name: texts[one.name] for one in asked.parameters if one.place == "query" and one.name in texts}
    target = path + ("?" + urlencode(query) if query else "")
    return {"operation": asked.id, "method": asked.method, "path": target, "body": delivery.body}


def _text(value: Any) -> str:
    return f'{{id of "{value["id_of"]}"}}' if isinstance(value, Mapping) else str(value)


def _show(signature: str, events: list[dict[str, Any]]) -> None:
    out = show.console()
    out.print("signature:", show.plain(signature))
    for event in events:
        out.print(show.plain(f"\n{event['type']} {event['record_id']}"), style="bold")
        if event["problem"]:
            out.print(show.plain(f"  cannot be read: {event['problem']}"), style="red")
        for rule in event["rules"]:
            out.print(f"  {rule['rule']}:", show.state(rule["outcome"]), show.plain(rule["reason"]))
            for request in rule["requests"]:
                out.print(show.plain(f"    {request['method']} {request['path']}"), style="cyan")
                if request["body"] is not None:
                    text = json.dumps(request["body"], indent=2, ensure_ascii=False)
                    out.print(show.plain("\n".join(f"    {line}" for line in text.splitlines())))
