"""create_app(): the only place where blueprints meet."""

import http

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from bridge import log, metrics, settings, wiring
from bridge.errors import BridgeError, DatabaseAway
from bridge.inbox import views as inbox
from bridge.wiring import Bridge


def create_app(bridge: Bridge | None = None) -> Flask:
    """The WSGI application; without a `bridge` it is built from the environment."""
    if bridge is None:
        read = settings.load()
        log.set_up("web", sandbox=read.sandbox)
        bridge = wiring.build(read)
    app = Flask("bridge", static_folder=None)
    _trust_proxies(app, bridge.settings.trusted_proxies)
    app.register_blueprint(
        inbox.blueprint(
            bridge.database,
            {name: mapping.source for name, mapping in bridge.catalogue.mappings.items()},
            public_url=bridge.settings.public_url,
            max_body_bytes=bridge.settings.max_body_bytes,
        )
    )
    _add_health(app, bridge)
    app.register_error_handler(HTTPException, _explain)
    app.register_error_handler(Exception, _hide)
    for problem in bridge.catalogue.problems:
        log.warning("mapping.problem", problem=str(problem))
    return app


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
        return jsonify(status="ready" if not reasons else "not ready", reasons=reasons), 503 if reasons else 200

    @app.get("/metrics")
    def prometheus() -> Response:
        return Response(metrics.text(), content_type=metrics.TYPE)


def not_ready(bridge: Bridge) -> list[str]:
    """Why this process cannot do its work; empty when it can."""
    reasons = [] if bridge.catalogue.mappings else [f"no mapping could be loaded from {bridge.settings.mappings}"]
    try:
        if not bridge.database.is_migrated():
            reasons.append("the database's tables are not up to date; run: bridge migrate")
    except DatabaseAway as error:
        reasons.append(f"the database is away: {error}")
    return reasons


SENTENCES = {
    404: "There is nothing at this address; webhooks go to /webhooks/<source>.",
    405: "This address does not take this method.",
}


def _explain(error: HTTPException) -> Response:
    status = error.code or 500
    return problem(status, SENTENCES.get(status) or error.description or "")


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
