"""/webhooks/<source>: where CRMs come in, with POST; and try the address first, some with other methods."""

from collections.abc import Mapping

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from bridge import clock, metrics
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
        request.max_content_length = limit = known.max_body_bytes or max_body_bytes
        try:
            body = request.get_data(cache=False)
        except RequestEntityTooLarge:
            metrics.WEBHOOKS.labels(source, ReplyKind.TOO_LARGE).inc()
            return _response(reply(known, ReplyKind.TOO_LARGE, detail=f"at most {limit} bytes"))
        now = clock.now()
        received = Received(
            method=request.method,
            url=(public_url or f"{request.scheme}://{request.host}") + _raw_path(),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=body,
            received_at=now,
        )
        return _response(receive(committer, known, received, now=now))

    return views


def _raw_path() -> str:
    """Path and query as they came over the wire: what a sender has signed must not be decoded and encoded again."""
    raw: str = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.full_path.rstrip("?")
    # A proxy may send the absolute form, as in GET http://host/path.
    return raw if raw.startswith("/") else "/" + raw.split("://", 1)[-1].partition("/")[2]


def _response(answer: Reply) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers), content_type=answer.content_type)
