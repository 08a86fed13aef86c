"""A request as checks look at it: parts are read from it when first asked for, once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import parse_qsl, unquote_plus

from bridge.errors import Unreadable
from bridge.model import Json, Received
from bridge.sources.checks import Place
from bridge.sources.parse import document, member, within
from bridge.sources.source import Source


@dataclass(frozen=True, kw_only=True)
class Request:
    source: Source
    received: Received
    now: datetime

    @cached_property
    def document(self) -> Json:
        """The body as it came, as data; raise Unreadable where it is none."""
        return document(self.received, self.source.read)

    @cached_property
    def body(self) -> Json:
        """What expressions see of it."""
        return within(self.document, self.source.read)

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        return query_pairs(self.received.url)

    @cached_property
    def form(self) -> list[tuple[str, str]]:
        return parse_qsl(self.received.body.decode("utf-8", "replace"), keep_blank_values=True)


def query_pairs(url: str) -> list[tuple[str, str]]:
    pairs = url.partition("?")[2].split("&")
    return [(query_name(pair), unquote_plus(pair.partition("=")[2])) for pair in pairs if pair]


def query_name(pair: str) -> str:
    return unquote_plus(pair.partition("=")[0])


def texts_at(place: Place, request: Request) -> list[str]:
    """What stands there and is not blank: more than one text where a name is repeated."""
    return [text for text in FINDERS[place.kind](place, request) if text]


def _in_header(place: Place, request: Request) -> list[str]:
    text = request.received.headers.get(place.name, "")
    if not place.scheme:
        return [text]
    scheme, _, rest = text.partition(" ")
    return [rest.strip()] if scheme.lower() == place.scheme.lower() else []


def _in_query(place: Place, request: Request) -> list[str]:
    return [value for name, value in request.query if name == place.name]


def _in_json(place: Place, request: Request) -> list[str]:
    """Text, or a number as text; nothing where the body cannot be read."""
    try:
        value = member(request.document, place.name.split("."))
    except Unreadable:
        return []
    return [str(value)] if isinstance(value, str | int | float) and not isinstance(value, bool) else []


def _in_form(place: Place, request: Request) -> list[str]:
    return [value for name, value in request.form if name == place.name]


FINDERS: Mapping[str, Callable[[Place, Request], list[str]]] = {
    "header": _in_header,
    "query": _in_query,
    "json": _in_json,
    "form": _in_form,
}


def wire(text: str) -> bytes:
    """Bytes to sign or to compare; never fails, whatever the text holds."""
    return text.encode("utf-8", "surrogatepass")


def header_bytes(text: str) -> bytes:
    """The bytes of a header as they came: web servers hand them over as Latin-1."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return wire(text)
