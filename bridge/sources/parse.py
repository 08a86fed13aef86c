"""A request's body -> plain data, one entry per format."""

from collections.abc import Callable, Mapping, Sequence

from bridge.errors import Unreadable
from bridge.model import Json, Received
from bridge.sources.cloudevents import parse_cloudevents
from bridge.sources.form_body import parse_form
from bridge.sources.json_body import parse_json
from bridge.sources.plain import plain
from bridge.sources.source import Reading
from bridge.sources.xml_body import parse_xml

MAX_DEPTH = 100
"""Far more than a CRM nests, far less than what Python's own readers and writers can take."""


def parse(received: Received, reading: Reading) -> Json:
    """What expressions see; raise Unreadable, without a word of the body, where there is nothing to see."""
    return within(document(received, reading), reading)


def document(received: Received, reading: Reading) -> Json:
    """The whole body as it came."""
    try:
        data = PARSERS[reading.format](received, reading)
    except RecursionError:
        raise Unreadable(TOO_DEEP) from None
    _refuse_depth(data, MAX_DEPTH)
    return data


def within(data: Json, reading: Reading) -> Json:
    """What stands at the reading's root, with plain values where the reading asks for them."""
    found = member(data, reading.root)
    return plain(found, reading.plain) if reading.plain else found


def member(data: Json, path: Sequence[str]) -> Json:
    for name in path:
        if not isinstance(data, dict) or name not in data:
            raise Unreadable(f"the body has no {'.'.join(path)}")
        data = data[name]
    return data


TOO_DEEP = f"the body nests more than {MAX_DEPTH} levels deep"


def _refuse_depth(data: Json, left: int) -> None:
    if not isinstance(data, NESTING):
        return
    if not left:
        raise Unreadable(TOO_DEEP)
    for inner in data.values() if isinstance(data, dict) else data:
        if isinstance(inner, NESTING):  # most are not, and a call for each of them would cost more than the rest
            _refuse_depth(inner, left - 1)


NESTING = (dict, list)


def _filled(received: Received) -> bytes:
    if not received.body.strip():
        raise Unreadable("the body is empty")
    if received.body.startswith(GZIP):
        raise Unreadable("the body is compressed with gzip; have the sender send it as it is")
    return received.body


GZIP = b"\x1f\x8b"


def _form(received: Received, reading: Reading) -> Json:
    return parse_form(_filled(received), reading.json_field)


def _by_content_type(received: Received, reading: Reading) -> Json:
    """JSON where the header names none of the others: senders are least careful with it."""
    kind = received.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return _form(received, reading)
    is_xml = kind.endswith(("/xml", "+xml"))
    return parse_xml(_filled(received)) if is_xml else parse_json(_filled(received))


PARSERS: Mapping[str, Callable[[Received, Reading], Json]] = {
    "json": lambda received, reading: parse_json(_filled(received)),
    "xml": lambda received, reading: parse_xml(_filled(received)),
    "form": _form,
    "cloudevents": lambda received, reading: parse_cloudevents(received),
    "auto": _by_content_type,
}
