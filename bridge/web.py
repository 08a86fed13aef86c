"""create_app(): the only place where blueprints meet."""

import http
from collections.abc import Iterator, Mapping
from contextlib import suppress

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.middleware.proxy_fix import ProxyFix

from bridge import log, metrics, settings, wiring
from bridge.errors import BridgeError, DatabaseAway
from bridge.inbox import views as inbox
from bridge.inbox.commit import Committer
from bridge.mappings.rules import Mapping as Rules
from bridge.sources.source import Source
from bridge.versions import store
from bridge.versions.follow import Published
from bridge.wiring import Bridge


def create_app(bridge: Bridge | None = None, committer: Committer | None = None) -> Flask:
    """The WSGI application; without a `bridge` it is built from the environment."""
    if bridge is None:
        read = settings.load()
        log.set_up("web", sandbox=read.sandbox)
        bridge = wiring.build(read)
        bridge.publish_files()
    app = Flask("bridge", static_folder=None)
    _trust_proxies(app, bridge.settings.trusted_proxies)
    app.register_blueprint(
        inbox.blueprint(
            committer or Committer(bridge.database, bridge.settings.room),
            Accepted(bridge.published),
            public_url=bridge.settings.public_url,
            max_body_bytes=bridge.settings.max_body_bytes,
        )
    )
    _add_health(app, bridge)
    app.register_error_handler(HTTPException, _explain)
    app.register_error_handler(Exception, _hide)
    return app


class Accepted(Mapping[str, Source]):
    """The sources that are published at the moment somebody asks."""

    def __init__(self, published: Published) -> None:
        self.published = published

    def __getitem__(self, name: str) -> Source:
        return self._mappings()[name].source

    def __iter__(self) -> Iterator[str]:
        return iter(self._mappings())

    def __len__(self) -> int:
        return len(self._mappings())

    def _mappings(self) -> Mapping[str, Rules]:
        with suppress(DatabaseAway):
            self.published.follow(every_s=FOLLOW_EVERY_S)
        return self.published.catalogue.mappings


FOLLOW_EVERY_S = 1.0


def _trust_proxies(app: Flask, hops: int) -> None:
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # Flask's own recipe


def _add_health(app: Flask, bridge: Bridge) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="alive")

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        reasons = not_ready(bridge)
        said = {
            "status": "not ready" if reasons else "ready",
            "reasons": reasons,
            "warnings": [] if reasons else broken_files(bridge),
        }
        return jsonify(said), 503 if reasons else 200

    @app.get("/metrics")
    def prometheus() -> Response:
        return Response(metrics.text(), content_type=metrics.TYPE)


def not_ready(bridge: Bridge) -> list[str]:
    """Why this process cannot do its work; empty when it can."""
    reasons = [] if Accepted(bridge.published) else [f"no mapping could be loaded from {bridge.settings.mappings}"]
    try:
        if not bridge.database.is_migrated():
            reasons.append("the database's tables are not up to date; run: bridge migrate")
    except DatabaseAway as error:
        reasons.append(f"the database is away: {error}")
    return reasons


def broken_files(bridge: Bridge) -> list[str]:
    """What works on in spite of its file."""
    with bridge.database.reading() as conn:
        return [str(state) for state in store.files(conn).values() if state.problems]


SENTENCES = {
    404: "There is nothing at this address; webhooks go to /webhooks/<source>.",
    405: "This address does not take this method.",
}


def _explain(error: HTTPException) -> Response:
    status = error.code or 500
    answer = problem(status, SENTENCES.get(status) or error.description or "")
    if isinstance(error, MethodNotAllowed):
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return answer


def _hide(error: Exception) -> Response:
    """A fault of ours: the log has its place, the answer has nothing."""
    log.error("web.fault", fault=error)
    said = str(error) if isinstance(error, BridgeError) else "an unexpected fault; the operators' log has more"
    return problem(500, said)


def problem(status: int, detail: str) -> Response:
    """RFC 9457."""
    answer = jsonify(type="about:blank", title=http.HTTPStatus(status).phrase, status=status, detail=detail)
    answer.status_code = status
    answer.content_type = "application/problem+json"
    return answer
