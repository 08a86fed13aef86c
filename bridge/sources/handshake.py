"""Is a request the trial of an address, and what does it want to hear? It makes no event and proves nothing."""

import json
import re
from collections.abc import Callable, Mapping

from bridge.errors import Unreadable
from bridge.model import Json, Received
from bridge.sources.checks import Place
from bridge.sources.json_body import parse_json
from bridge.sources.reply import Reply
from bridge.sources.request import query_pairs
from bridge.sources.source import ANYTHING, Answer, Match, Source

MAX_TRIAL_BYTES = 4096
"""Trials are small; what is larger is not even parsed, for every webhook passes here."""

PRINTABLE = re.compile(r"[\x20-\x7e]{1,1000}")
"""What may be said back: it can do no harm in a header."""


def handshake(source: Source, received: Received) -> Reply | None:
    """None where the request is no trial, but a webhook."""
    for each in source.handshakes:
        if each.match.method == received.method:
            body = _body(each.match, received)
            if _matches(each.match, received, body):
                return _answered(each.answer, received, body)
    return None


def _body(match: Match, received: Received) -> Json:
    """Only where the rule speaks of it, and it may be what the rule says."""
    if match.members is None or len(received.body) > MAX_TRIAL_BYTES:
        return None
    try:
        return parse_json(received.body)
    except (Unreadable, RecursionError):
        return None


def _matches(match: Match, received: Received, body: Json) -> bool:
    if match.members is not None and not (isinstance(body, dict) and body.keys() == match.members):
        return False
    query = dict(query_pairs(received.url))
    return (
        all(_fits(received.headers.get(name), text) for name, text in match.header.items())
        and all(_fits(query.get(name), text) for name, text in match.query.items())
        and all(_fits(_member(body, name), text) for name, text in match.json.items())
    )


def _fits(given: str | None, wanted: str) -> bool:
    return given is not None and (given == wanted or (wanted == ANYTHING and PRINTABLE.fullmatch(given) is not None))


def _member(body: Json, path: str) -> str | None:
    for name in path.split("."):
        body = body.get(name) if isinstance(body, dict) else None
    return body if isinstance(body, str) else None


def _answered(wanted: Answer, received: Received, body: Json) -> Reply:
    # A browser must not take for a page what a stranger had us say back.
    headers = {"X-Content-Type-Options": "nosniff", **wanted.headers}
    text = wanted.body
    if wanted.echo:
        echo = ECHOES[wanted.echo.kind](wanted.echo, received, body)
        if wanted.into_header:
            headers[wanted.into_header] = echo
        else:
            text = json.dumps({wanted.into_member: echo}) if wanted.into_member else echo
    return Reply(status=wanted.status, content_type=wanted.content_type, body=text.encode(), headers=headers)


ECHOES: Mapping[str, Callable[[Place, Received, Json], str]] = {
    "body": lambda place, received, body: received.body.decode(),
    "header": lambda place, received, body: received.headers[place.name],
    "query": lambda place, received, body: dict(query_pairs(received.url))[place.name],
    "json": lambda place, received, body: _member(body, place.name) or "",
}
