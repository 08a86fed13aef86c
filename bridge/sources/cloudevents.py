"""CloudEvents 1.0 over HTTP, in its three modes: all become the structured form, or a list of it."""

import base64
import re
from typing import Any
from urllib.parse import unquote_to_bytes

from bridge.errors import Unreadable
from bridge.model import Json, Received
from bridge.sources.json_body import parse_json

# HTTP Protocol Binding, 3: the content type tells the mode; the batch first, for it begins like the single event.
BATCH = "application/cloudevents-batch"
SINGLE = "application/cloudevents"
PREFIX = "ce-"


def parse_cloudevents(received: Received) -> Json:
    kind = received.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind.startswith(SINGLE) and not kind.endswith("+json"):
        raise Unreadable("the event is in a format other than JSON; have the sender use application/cloudevents+json")
    if kind.startswith(BATCH):
        return _batch(parse_json(received.body))
    return _single(parse_json(received.body)) if kind.startswith(SINGLE) else _from_headers(received, kind)


def _batch(events: Json) -> list[Json]:
    if not isinstance(events, list):
        raise Unreadable("the batch is not a list")
    return [_single(event) for event in events]


def _single(event: Json) -> Json:
    """A null attribute is an absent one; data in base64 is decoded where it can be read."""
    if not isinstance(event, dict):
        return event
    present = {name: value for name, value in event.items() if value is not None or name == "data"}
    coded = present.get("data_base64")
    if not isinstance(coded, str):
        return present
    data = _data(_bytes_of(coded), str(present.get("datacontenttype", "")))
    return {name: value for name, value in present.items() if name != "data_base64"} | data


def _bytes_of(coded: str) -> bytes:
    try:
        return base64.b64decode(coded, validate=True)
    except ValueError:
        raise Unreadable("data_base64 is not base64") from None


def _from_headers(received: Received, kind: str) -> dict[str, Json]:
    """Binary mode: attributes in headers, data as the body."""
    sent = received.headers.items()
    attributes = {name.removeprefix(PREFIX): _value(text) for name, text in sent if name.startswith(PREFIX)}
    if not attributes:
        raise Unreadable("it has neither CloudEvents headers nor a CloudEvents content type")
    content_type = {"datacontenttype": kind} if kind else {}
    return attributes | content_type | (_data(received.body, kind) if received.body else {})


def _value(text: str) -> str:
    """HTTP Protocol Binding, 3.1.3.2: double quotes undone first, then percent codes, once."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = re.sub(r"\\(.)", r"\1", text[1:-1])
    try:
        return unquote_to_bytes(text.encode("latin-1")).decode()
    except UnicodeError:
        raise Unreadable("a CloudEvents header is not UTF-8 in percent codes") from None


def _data(content: bytes, kind: str) -> dict[str, Any]:
    if not kind or kind.endswith(("/json", "+json")):
        return {"data": parse_json(content)}
    try:
        return {"data": content.decode()}
    except UnicodeDecodeError:
        return {"data_base64": base64.b64encode(content).decode("ascii")}
