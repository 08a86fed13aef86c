"""/webhooks/<source>: where CRMs come in, with POST; and try the address first, some with other methods."""

from collections.abc import Mapping
from contextlib import suppress

from flask import Blueprint, Response, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import BadRequest, ClientDisconnected, RequestEntityTooLarge

from bridge import clock, log, metrics
from bridge.inbox.commit import Committer
from bridge.inbox.overload import Overload
from bridge.inbox.receive import receive
from bridge.model import Received
from bridge.sources.reply import Reply, ReplyKind, reply
from bridge.sources.source import METHODS, Source


def blueprint(
    committer: Committer, sources: Mapping[str, Source], *, public_url: str, max_body_bytes: int
) -> Blueprint:
    """The inbox's routes; `public_url` is what senders see, and sign."""
    views = Blueprint("inbox", __name__)
    overload = Overload()

    @views.route("/webhooks/<source>", methods=METHODS, provide_automatic_options=False)
    def webhook(source: str) -> Response:
        known = sources.get(source)
        if not known:
            metrics.WEBHOOKS.labels("", ReplyKind.UNKNOWN_SOURCE).inc()
            return _response(reply(None, ReplyKind.UNKNOWN_SOURCE))
        if lack := committer.lack():
            # Before anything is read or verified: what costs nothing can be said to any number of requests.
            overload.refused(source, lack)
            return _response(reply(known, ReplyKind.OVERLOADED))
        limit = known.max_body_bytes or max_body_bytes
        try:
            body = _whole_body(limit)
        except RequestEntityTooLarge:
            _read_away()
            metrics.WEBHOOKS.labels(source, ReplyKind.TOO_LARGE).inc()
            return _response(reply(known, ReplyKind.TOO_LARGE, detail=f"at most {limit} bytes"))
        received = Received(
            method=request.method,
            url=(public_url or f"{request.scheme}://{request.host}") + _raw_path(),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=body,
            received_at=clock.now(),
        )
        return _response(_received(committer, known, received))

    return views


def _whole_body(limit: int) -> bytes:
    """Raise RequestEntityTooLarge, or BadRequest where it ended early: half a form reads like a whole one."""
    # One byte more than may be, because a body in chunks is cut off here without a word.
    request.max_content_length = limit + 1
    try:
        body = request.get_data(cache=False)
    except (ClientDisconnected, ParseException):
        raise BadRequest(BROKEN_OFF) from None
    if len(body) > limit:
        raise RequestEntityTooLarge
    if len(body) < (request.content_length or 0):
        raise BadRequest(BROKEN_OFF)
    return body


MOST_READ_AWAY = 16 * 1024 * 1024


def _read_away() -> None:
    """A connection closed with something unread is reset, and whoever still sends never reads our answer."""
    body, left = request.environ["wsgi.input"], MOST_READ_AWAY
    with suppress(OSError, ParseException):
        while left > 0 and (part := body.read(min(left, 65_536))):
            left -= len(part)


BROKEN_OFF = "The body is broken or ended before its time; send it again."


def _received(committer: Committer, source: Source, received: Received) -> Reply:
    """A fault of ours is answered in the source's own way too: to many a CRM a plain 500 is the last word."""
    try:
        return receive(committer, source, received, now=received.received_at)
    except Exception as error:
        log.error("web.fault", source=source.name, fault=error)
        metrics.WEBHOOKS.labels(source.name, ReplyKind.FAILED).inc()
        return reply(source, ReplyKind.FAILED)


def _raw_path() -> str:
    """Path and query as they came over the wire: what a sender has signed must not be decoded and encoded again."""
    raw: str = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.full_path.rstrip("?")
    # A proxy may send the absolute form, as in GET http://host/path.
    return raw if raw.startswith("/") else "/" + raw.split("://", 1)[-1].partition("/")[2]


def _response(answer: Reply) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers), content_type=answer.content_type)
