"""Received -> its events, in the CRM's words and without secrets."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bridge.errors import ExpressionError, Unreadable
from bridge.expressions import MISSING, Template
from bridge.model import Event, EventState, Json, Received
from bridge.sources.moments import moment
from bridge.sources.parse import parse
from bridge.sources.redact import redact
from bridge.sources.source import EventPlan, Source
from bridge.sources.split import Item, split

MAX_ID_LENGTH = 255
"""Longer ids would not fit a database's index; no CRM has them."""


def read(source: Source, received: Received) -> tuple[Event, ...]:
    """All events of one webhook. Raise Unreadable where the body as a whole cannot be read.

    An item that cannot be read becomes an event in state `unreadable` and does not sink the others.
    """
    safe = redact(source, received)
    body = parse(safe, source.read)
    found = (_event(source, safe, body, item, index) for index, item in enumerate(split(body, source.read)))
    return tuple(event for event in found if event)


def _event(source: Source, received: Received, body: Json, item: Item, index: int) -> Event | None:
    """None where the source says that this is no event."""
    scope = {"item": item.data, "body": body, "headers": received.headers, "index": index, **item.own}
    try:
        if item.problem:
            raise Unreadable(item.problem)
        return None if _value("skip", source.event.skip, scope) else _filled(source, received, item.data, scope)
    except Unreadable as error:
        return Event(
            source=source.name,
            type="",
            record_id="",
            crm_id="",
            dedup_key=key_of_unreadable(item.data),
            dedup_window=source.event.dedup_window or HASH_WINDOW,
            occurred_at=received.received_at,
            received_at=received.received_at,
            body=item.data,
            headers=received.headers,
            state=EventState.UNREADABLE,
            problem=str(error),
        )


HASH_WINDOW = timedelta(days=1)
"""Without an id the same content means a repetition only as long as CRMs repeat: A, then B, then A is three changes."""


def key_of_unreadable(body: Json) -> str:
    """By which an event that could not be read is known again: nothing of it is sure but its content."""
    return _fingerprint(body)


def _fingerprint(*content: Json) -> str:
    """The same for the same content. The prefix tells it from a CRM's own id, which is unique for ever."""
    return "sha256:" + hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _filled(source: Source, received: Received, data: Json, scope: dict[str, Any]) -> Event:
    """In this order, because each word may speak of those before it; the schema knows which."""
    plan = source.event
    scope["type"] = _id("type", _required("type", plan.type, scope))
    scope["entity"] = scope["type"].partition(".")[0]
    scope["record"] = _map("record", plan.record, scope)
    record_id = _id("record_id", _required("record_id", plan.record_id, scope))
    crm_id = _id("id", _value("id", plan.id, scope))
    tenant = _id("tenant", _value("tenant", plan.tenant, scope))
    key = _key(_value("dedup_key", plan.dedup_key, scope)) or crm_id
    return Event(
        source=source.name,
        type=scope["type"],
        record_id=record_id,
        crm_id=crm_id,
        dedup_key=key or _fingerprint(scope["type"], tenant, data),
        dedup_window=plan.dedup_window if key else plan.dedup_window or HASH_WINDOW,
        occurred_at=_time(plan, scope) or received.received_at,
        received_at=received.received_at,
        tenant=tenant,
        record=scope["record"],
        previous=_map("previous", plan.previous, scope),
        changed=_names("changed", plan.changed, scope),
        merged=_ids("merged", plan.merged, scope),
        sequence=_count("sequence", plan.sequence, scope),
        body=data,
        headers=received.headers,
        # Whether its record is really read is decided later, in the order of arrival.
        state=EventState.FETCHING if source.fetch else EventState.NEW,
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
    if not template:
        return None
    try:
        value = template.or_missing(scope)
    except ExpressionError as error:
        raise Unreadable(f"event.{word}: {error}") from None
    return None if value is MISSING else value


def _id(word: str, value: Any) -> str:
    """Ids are text; no value is the empty text."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, TEXT_OR_WHOLE):
        raise Unreadable(f"event.{word} is neither text nor a whole number")
    text = str(value)
    if len(text) > MAX_ID_LENGTH:
        raise Unreadable(f"event.{word} is longer than {MAX_ID_LENGTH} characters")
    return text


TEXT_OR_WHOLE = (str, int)


def _key(value: Any) -> str:
    """As an id; but it is ours, and made of several: of one that is too long its hash does as well."""
    is_long = isinstance(value, str) and len(value) > MAX_ID_LENGTH
    return _fingerprint(value) if is_long else _id("dedup_key", value)


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


def _ids(word: str, template: Template | None, scope: Mapping[str, Any]) -> tuple[str, ...]:
    value = _value(word, template, scope)
    if value is None or value == []:
        return ()
    found = value if isinstance(value, list) else [value]
    return tuple(text for text in (_id(word, each) for each in found) if text)


def _count(word: str, template: Template | None, scope: Mapping[str, Any]) -> int | None:
    """A whole number, also as text, that a database can hold."""
    value = _value(word, template, scope)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, TEXT_OR_WHOLE) or not COUNT.fullmatch(str(value)):
        raise Unreadable(f"event.{word} is not a whole number of up to 18 digits")
    return int(value)


COUNT = re.compile(r"[0-9]{1,18}", re.ASCII)


def _time(plan: EventPlan, scope: Mapping[str, Any]) -> datetime | None:
    """None where the CRM says no time. A time that cannot be read is no event: arrival would be a silent lie."""
    value = _value("occurred_at", plan.occurred_at, scope)
    if value is None or value == "":
        return None
    try:
        return moment(value, plan.time, plan.zone)
    except ValueError as error:
        raise Unreadable(f"event.occurred_at {error}") from None
