"""Reply -> Sent: JSON or XML, whichever the request accepts."""

import json
import re
from xml.etree.ElementTree import Element, SubElement, tostring

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from bridge.sandbox.documents import JSON, Document
from bridge.sandbox.messages import Json, Reply, Sent

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def media_type(document: Document, accept: str | None) -> str | None:
    """The media type to answer in; None where the request accepts none that there is."""
    if accept is None or len(document.media_types) == 1:
        return document.media_types[0]
    return parse_accept_header(accept, MIMEAccept).best_match(document.media_types)


def render(reply: Reply, media_type: str | None = None) -> Sent:
    kind, content = _content(reply, media_type or JSON)
    headers = {"Content-Type": kind, **reply.headers} if kind else dict(reply.headers)
    return Sent(status=reply.status, headers=headers, content=content)


def _content(reply: Reply, media_type: str) -> tuple[str | None, bytes]:
    if reply.body is None:
        return None, b""
    if isinstance(reply.body, str):
        return "text/plain; charset=utf-8", reply.body.encode()
    if media_type == JSON:
        return JSON, json.dumps(reply.body, ensure_ascii=False, separators=(",", ":")).encode()
    return f"{media_type}; charset=utf-8", xml(reply.root, reply.body)


def xml(root: str, body: Json) -> bytes:
    """A member is an element of its name; a list's items are elements of the list's name without its last `s`."""
    element = Element(root)
    _fill(element, body)
    written: bytes = tostring(element, encoding="utf-8", xml_declaration=True)
    return written


def _fill(element: Element, body: Json) -> None:
    if isinstance(body, dict):
        for name, value in body.items():
            _fill(SubElement(element, name), value)
    elif isinstance(body, list):
        for item in body:
            _fill(SubElement(element, element.tag.removesuffix("s")), item)
    elif body is not None:
        text = json.dumps(body) if isinstance(body, bool) else str(body)
        element.text = NOT_XML.sub("\ufffd", text)
