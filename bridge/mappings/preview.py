"""A webhook -> the requests that it would cause, and the rule behind each; nothing is sent or stored."""

from collections.abc import Callable, Iterable
from collections.abc import Mapping as Map
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from bridge.alvaria.limits import Limits
from bridge.alvaria.named import IdOf, fitting, with_ids
from bridge.alvaria.operations import Parameter, operation
from bridge.errors import BadSignature, NotReady, Unreadable
from bridge.mappings.rules import Mapping, OnCustomerChange
from bridge.mappings.translate import Past, Translation, translate
from bridge.model import Delivery, Event, Json, Outcome, Received, Record, Stamp
from bridge.sources.fetch import shown
from bridge.sources.read import read
from bridge.sources.source import Source
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
    fetch: Callable[[Source, Event], tuple[Event, str]] | None = None
    """Reads an event's record from its CRM, and says so; without it is only said what would be read."""
    customers: tuple[str, ...] = ()
    """Whom the records were about before, in the order of the mapping's `customer`."""


def preview(mapping: Mapping, request: Received, ask: Ask) -> Preview:
    """Raise Unreadable where the webhook as a whole cannot be read."""
    events = read(mapping.source, request)
    at = ask.at or max((event.occurred_at for event in events), default=request.received_at)
    fetched = [_fetched(mapping.source, event, ask) for event in events]
    made = _translated(mapping, [event for event, _ in fetched], ask, at)
    return Preview(
        at=at,
        signature=_signature(mapping, request, at),
        events=tuple(
            _shown(mapping, event, words, translation, ask)
            for (event, words), translation in zip(fetched, made, strict=True)
        ),
    )


def preview_again(mapping: Mapping, event: Event, past: Past, ask: Ask) -> Preview:
    """The same for an event that was kept, with what is known of its record today."""
    at = ask.at or event.received_at
    fetched, words = _fetched(mapping.source, event, ask)
    made = translate(mapping, fetched, past=past, now=at, limits=ask.limits)
    signature = "was valid when it came"
    return Preview(at=at, signature=signature, events=(_shown(mapping, fetched, words, made, ask),))


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


def _fetched(source: Source, event: Event, ask: Ask) -> tuple[Event, str]:
    if event.problem:
        return event, ""
    return ask.fetch(source, event) if ask.fetch else (event, shown(source.fetch, event))


def _translated(mapping: Mapping, events: Iterable[Event], ask: Ask, at: datetime) -> list[Translation]:
    """In order; what one event teaches about a record, the next one knows."""
    records: dict[str, Record] = {}
    made = []
    for event in events:
        known = records.get(event.record_id) or _before(event, ask.customers)
        made.append(translate(mapping, event, past=Past(known=known), now=at, limits=ask.limits))
        records[event.record_id] = made[-1].record
    return made


def _before(event: Event, customers: tuple[str, ...]) -> Record | None:
    """The record as it was, older than anything that comes; None where nothing is said of it."""
    if not customers:
        return None
    long_ago = Stamp(LONG_AGO, -1, LONG_AGO, 0, 0)
    ids = {place: (customer, long_ago) for place, customer in enumerate(customers)}
    return Record(source=event.source, record_id=event.record_id, ids=ids)


LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def _shown(mapping: Mapping, event: Event, fetch: str, made: Translation, ask: Ask) -> dict[str, Any]:
    return {
        "type": event.type,
        "record_id": event.record_id,
        "id": event.crm_id,
        "problem": event.problem,
        "fetch": fetch,
        "moves": _moves(mapping, made),
        "rules": [rule_made(outcome, ask) for outcome in made.outcomes],
    }


def _moves(mapping: Mapping, made: Translation) -> dict[str, str | None]:
    """From which customer to which the cookies would go; None where they would only be deleted."""
    forgets = mapping.on_customer_change is OnCustomerChange.FORGET
    return {old: None if forgets else new for old, new in made.moved.items()}


def rule_made(outcome: Outcome, ask: Ask) -> dict[str, Any]:
    """What a rule has made of an event, with each request."""
    requests = [api_request(delivery, ask) for delivery in outcome.deliveries]
    stopped = {"customer": outcome.stop.customer, "operations": outcome.stop.operations} if outcome.stop else None
    made = {"rule": outcome.rule, "outcome": outcome.kind, "reason": outcome.reason, "requests": requests}
    return {**made, "stops": stopped}


def api_request(delivery: Delivery, ask: Ask) -> dict[str, Any]:
    """Method, path with query, headers of its own, and body."""
    asked = operation(delivery.operation)
    params = ask.resolve(delivery.params, asked.id) if ask.resolve else delivery.params
    texts = {"orgId": ask.org_id, **{name: _text(value) for name, value in params.items()}}
    query, headers = (_at(place, asked.parameters, texts) for place in ("query", "header"))
    path = asked.path.format_map(texts) + ("?" + urlencode(query) if query else "")
    body = None if delivery.body is None else with_ids(asked.id, delivery.body, _ids(asked.id, ask))
    return {"operation": asked.id, "method": asked.method, "path": path, "headers": headers, "body": body}


def _at(place: str, parameters: Iterable[Parameter], texts: Map[str, str]) -> dict[str, str]:
    return {one.name: texts[one.name] for one in parameters if one.place == place and one.name in texts}


def _ids(operation_id: str, ask: Ask) -> IdOf:
    resolve = ask.resolve
    if not resolve:
        return lambda name, _: _text(name)
    return lambda name, schema: fitting(resolve({"id": name}, operation_id)["id"], schema)


def _text(value: Json) -> str:
    return f'{{{value.get("as", "id")} of "{value["id_of"]}"}}' if isinstance(value, dict) else str(value)
