"""Received -> Received without secrets: what may be stored, logged and shown."""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from urllib.parse import quote_plus, unquote_plus

from bridge.model import Received
from bridge.sources.request import query_name
from bridge.sources.source import Source

MASK = "REDACTED"
"""Plain letters: they need no escape in a URL, in JSON or in XML."""


def redact(source: Source, received: Received) -> Received:
    """All but the secrets stays byte for byte, also in a body that cannot be read."""
    if not source.redact.body and "?" not in received.url and source.redact.headers.isdisjoint(received.headers):
        return received
    return replace(
        received,
        url=_redact_query(received.url, source.redact.query),
        headers={name: MASK if name in source.redact.headers else text for name, text in received.headers.items()},
        body=_redact_body(received.body, source.redact.body, source.read.format),
    )


def _redact_query(url: str, names: Collection[str]) -> str:
    path, mark, query = url.partition("?")
    return path + mark + "&".join(_redact_pair(pair, names) for pair in query.split("&"))


def _redact_pair(pair: str, names: Collection[str]) -> str:
    return f"{pair.partition('=')[0]}={MASK}" if query_name(pair).lower() in names else pair


def _redact_body(body: bytes, names: Collection[str], written: str) -> bytes:
    """The body is searched as text, not parsed: what cannot be parsed may hold a secret just as well."""
    if not names:
        return body
    codec = _codec(body)
    text = body.decode(codec, "replace")
    for name in names:
        seen = name.encode().decode(codec) if codec == ANY_BYTES else name
        text = MASKERS[written](text, seen)
    return text.encode(codec)


ANY_BYTES = "latin-1"
"""It gives every byte back, whatever the real encoding, and a name is found in it by its UTF-8 bytes."""


def _codec(body: bytes) -> str:
    """Only UTF-16 hides a name from a search by bytes: every other byte of it is NUL."""
    if body[:2] == b"\xff\xfe" or body[1:2] == b"\0":
        return "utf-16-le"
    return "utf-16-be" if body[:2] == b"\xfe\xff" or body[:1] == b"\0" else ANY_BYTES


def _mask_json(text: str, name: str) -> str:
    """Every member of that name, whatever its value; to the end of the text where the value is cut off."""
    pieces: list[str] = []
    at = 0
    for found in re.finditer(rf"{re.escape(json.dumps(name, ensure_ascii=False))}\s*:\s*", text):
        if found.start() < at:
            continue
        pieces += [text[at : found.end()], f'"{MASK}"']
        at = _end_of_value(text, found.end())
    return "".join([*pieces, text[at:]])


def _end_of_value(text: str, start: int) -> int:
    try:
        return json.JSONDecoder().raw_decode(text, start)[1]
    except (ValueError, RecursionError):
        return len(text)


def _mask_xml(text: str, name: str) -> str:
    """Every element of that name, in any namespace; to the end of the text where its end is cut off."""
    tag = rf"(?:[\w.-]+:)?{re.escape(name)}"
    return re.sub(rf"(<{tag}(?:\s[^>]*)?(?<!/)>).*?(</{tag}\s*>|\Z)", rf"\g<1>{MASK}\g<2>", text, flags=re.DOTALL)


def _mask_form(text: str, name: str) -> str:
    """Every field of that name, and every member of that name in fields that hold JSON."""
    return "&".join(_mask_field(pair, name) for pair in text.split("&"))


def _mask_field(pair: str, name: str) -> str:
    field, _, value = pair.partition("=")
    if unquote_plus(field, ANY_BYTES) == name:
        return f"{field}={MASK}"
    written = unquote_plus(value, ANY_BYTES)
    masked = _mask_json(written, name)
    return pair if masked == written else f"{field}={quote_plus(masked, encoding=ANY_BYTES)}"


def _mask_any(text: str, name: str) -> str:
    """Where only a header names the format it may be wrong, so the first letter decides."""
    if text.lstrip(BEFORE_A_LETTER)[:1] in ("{", "[", "<"):
        return _mask_json(_mask_xml(text, name), name)
    return _mask_form(text, name)


BEFORE_A_LETTER = "\ufeff\u00ef\u00bb\u00bf \t\r\n\0"
"""Blanks, and the marks of UTF-8 and UTF-16."""

MASKERS: Mapping[str, Callable[[str, str], str]] = {
    "json": _mask_json,
    "xml": _mask_xml,
    "form": _mask_form,
    "cloudevents": _mask_json,
    "auto": _mask_any,
}
