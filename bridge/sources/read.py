"""Received -> its events, in the CRM's words and without secrets."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bridge.errors import ExpressionError, Unreadable
from bridge.expressions import MISSING, Template
from bridge.model import Event, EventState, Json, Received
from bridge.sources.moments import moment
from bridge.sources.parse import member, parse
from bridge.sources.redact import redact
from bridge.sources.source import EventPlan, Reading, Source

MAX_ID_LENGTH = 255
"""Longer ids would not fit a database's index; no CRM has them."""


def read(source: Source, received: Received) -> tuple[Event, ...]:
    """All events of one webhook. Raise Unreadable where the body as a whole cannot be read.

    An item that cannot be read becomes an event in state `unreadable` and does not sink the others.
    """
    safe = redact(source, received)
    body = parse(safe.body, source.read)
    items = [_inheriting(item, body, source.read) for item in _items(body, source.read)]
    return tuple(_event(source, safe, body, item) for item in items)


def _items(body: Json, reading: Reading) -> list[Json]:
    """The list of events; one alone need not stand in a list."""
    found = member(body, reading.events)
    if isinstance(found, list):
        return found
    if isinstance(found, dict):
        return [found]
    where = ".".join(reading.events) or "the body"
    raise Unreadable(f"{where} is neither an object nor a list of them")


def _inheriting(item: Json, body: Json, reading: Reading) -> Json:
    if not isinstance(item, dict) or not isinstance(body, dict):
        return item
    return {name: body[name] for name in reading.inherit if name in body} | item


def _event(source: Source, received: Received, body: Json, item: Json) -> Event:
    blank = Event(
        source=source.name,
        type="",
        record_id="",
        crm_id="",
        dedup_key=_fingerprint(item),
        occurred_at=received.received_at,
        received_at=received.received_at,
        body=item,
        headers=received.headers,
    )
    try:
        return _filled(blank, source.event, {"item": item, "body": body, "headers": received.headers})
    except Unreadable as error:
        return replace(blank, state=EventState.UNREADABLE, problem=str(error))


def _fingerprint(item: Json) -> str:
    """The same for the same content. The prefix tells it from a CRM's own id, which is unique for ever."""
    return "sha256:" + hashlib.sha256(json.dumps(item, sort_keys=True).encode()).hexdigest()


def _filled(event: Event, plan: EventPlan, scope: dict[str, Any]) -> Event:
    """In this order, because each word may speak of those before it; the schema knows which."""
    if not isinstance(scope["item"], dict):
        raise Unreadable("the event is not an object")
    scope["type"] = _id("type", _required("type", plan.type, scope))
    scope["entity"] = scope["type"].partition(".")[0]
    scope["record"] = _map("record", plan.record, scope)
    crm_id = _id("id", _value("id", plan.id, scope))
    return replace(
        event,
        type=scope["type"],
        record_id=_id("record_id", _required("record_id", plan.record_id, scope)),
        crm_id=crm_id,
        dedup_key=_id("dedup_key", _value("dedup_key", plan.dedup_key, scope)) or crm_id or event.dedup_key,
        occurred_at=_time(plan, scope) or event.occurred_at,
        tenant=_id("tenant", _value("tenant", plan.tenant, scope)),
        record=scope["record"],
        previous=_map("previous", plan.previous, scope),
        changed=_names("changed", plan.changed, scope),
    )


def _required(word: str, template: Template, scope: Mapping[str, Any]) -> Any:
    try:
        value = template(scope)
    except ExpressionError as error:
        raise Unreadable(f"event.{word}: {error}") from None
    if value is None or value == "":
        raise Unreadable(f"event.{word} is empty")
    return value


def _value(word: str, template: Template | None, scope: Mapping[str, Any]) -> Any:
    """None where the event does not say it."""
    try:
        value = template.or_missing(scope) if template else None
    except ExpressionError as error:
        raise Unreadable(f"event.{word}: {error}") from None
    return None if value is MISSING else value


def _id(word: str, value: Any) -> str:
    """Ids are text; no value is the empty text."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Unreadable(f"event.{word} is neither text nor a whole number")
    if len(str(value)) > MAX_ID_LENGTH:
        raise Unreadable(f"event.{word} is longer than {MAX_ID_LENGTH} characters")
    return str(value)


def _map(word: str, template: Template | None, scope: Mapping[str, Any]) -> Mapping[str, Json]:
    value = _value(word, template, scope)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unreadable(f"event.{word} is not an object")
    return value


def _names(word: str, template: Template | None, scope: Mapping[str, Any]) -> tuple[str, ...]:
    value = _value(word, template, scope)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise Unreadable(f"event.{word} is not a list of names")
    return tuple(value)


def _time(plan: EventPlan, scope: Mapping[str, Any]) -> datetime | None:
    """None where the CRM says no time. A time that cannot be read is no event: arrival would be a silent lie."""
    value = _value("occurred_at", plan.occurred_at, scope)
    if value is None or value == "":
        return None
    try:
        return moment(value, plan.time)
    except ValueError as error:
        raise Unreadable(f"event.occurred_at {error}") from None
