"""A webhook -> the requests that it would cause, and the rule behind each; nothing is sent or stored."""

from collections.abc import Callable
from collections.abc import Mapping as Map
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from bridge.alvaria.limits import Limits
from bridge.alvaria.operations import operation
from bridge.errors import BadSignature, NotReady, Unreadable
from bridge.mappings.rules import Mapping
from bridge.mappings.translate import Past, Translation, translate
from bridge.model import Delivery, Event, Json, Outcome, Received, Record
from bridge.sources.fetch import shown
from bridge.sources.read import read
from bridge.sources.verify import verify


@dataclass(frozen=True, kw_only=True)
class Preview:
    """As of `at`; each event with its rules, as plain data."""

    at: datetime
    signature: str
    """`valid`, or why not: it is reported, not demanded."""
    events: tuple[dict[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What a preview depends on. `at` None means when the newest change in the webhook was made."""

    at: datetime | None
    limits: Limits
    org_id: str
    resolve: Callable[[Map[str, Json], str], Map[str, Json]] | None = None
    """Gives ids for names; without it they stay names."""


def preview(mapping: Mapping, request: Received, ask: Ask) -> Preview:
    """Raise Unreadable where the webhook as a whole cannot be read."""
    events = read(mapping.source, request)
    at = ask.at or max((event.occurred_at for event in events), default=request.received_at)
    made = _translated(mapping, events, ask.limits, at)
    return Preview(
        at=at,
        signature=_signature(mapping, request, at),
        events=tuple(_shown(mapping, event, translation, ask) for event, translation in made),
    )


def _signature(mapping: Mapping, request: Received, at: datetime) -> str:
    try:
        verify(mapping.source, request, now=at)
    except BadSignature as error:
        return f"would be refused: {error.reason}"
    except NotReady as error:
        return f"cannot be checked: {error}"
    except Unreadable as error:
        return f"cannot be checked: {error}"
    return "valid"


def _translated(
    mapping: Mapping, events: tuple[Event, ...], limits: Limits, at: datetime
) -> list[tuple[Event, Translation]]:
    """In order; what one event teaches about a record, the next one knows."""
    records: dict[str, Record] = {}
    made = []
    for event in events:
        known = records.get(event.record_id)
        translation = translate(mapping, event, past=Past(known=known), now=at, limits=limits)
        records[event.record_id] = translation.record
        made.append((event, translation))
    return made


def _shown(mapping: Mapping, event: Event, made: Translation, ask: Ask) -> dict[str, Any]:
    return {
        "type": event.type,
        "record_id": event.record_id,
        "id": event.crm_id,
        "problem": event.problem,
        "fetch": "" if event.problem else shown(mapping.source.fetch, event),
        "rules": [_rule(outcome, ask) for outcome in made.outcomes],
    }


def _rule(outcome: Outcome, ask: Ask) -> dict[str, Any]:
    requests = [api_request(delivery, ask) for delivery in outcome.deliveries]
    return {"rule": outcome.rule, "outcome": outcome.kind, "reason": outcome.reason, "requests": requests}


def api_request(delivery: Delivery, ask: Ask) -> dict[str, Any]:
    """Method, path with query, and body."""
    asked = operation(delivery.operation)
    params = ask.resolve(delivery.params, asked.id) if ask.resolve else delivery.params
    texts = {"orgId": ask.org_id, **{name: _text(value) for name, value in params.items()}}
    query = {one.name: texts[one.name] for one in asked.parameters if one.place == "query" and one.name in texts}
    path = asked.path.format_map(texts) + ("?" + urlencode(query) if query else "")
    return {"operation": asked.id, "method": asked.method, "path": path, "body": delivery.body}


def _text(value: Json) -> str:
    return f'{{id of "{value["id_of"]}"}}' if isinstance(value, dict) else str(value)
