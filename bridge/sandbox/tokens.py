"""The token service: OAuth 2.0 client credentials with a realm, and what an access token opens."""

import hmac
import uuid
from datetime import timedelta
from urllib.parse import parse_qs

from werkzeug.datastructures import Authorization

from bridge.sandbox.documents import Document
from bridge.sandbox.messages import Ask, Refusal, Reply
from bridge.sandbox.state import State, Token

CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - the sandbox's secret is public
API_KEY = "sandbox-key"
CHALLENGE = {"WWW-Authenticate": 'Basic realm="sandbox"'}
PUBLIC_MEMBERS = ("grant_type", "scope", "realm")
"""All that the journal may show of a token request."""


def issue_token(state: State, ask: Ask) -> Reply:
    """Any client id is known, and any scope is granted; what a scope opens is each document's business."""
    _refuse_strangers(ask)
    form = public_members(ask)
    if form.get("grant_type") != "client_credentials":
        raise Refusal(400, "grant_type must be client_credentials", reason="unsupported_grant_type")
    if not form.get("realm"):
        raise Refusal(400, "Send realm with the name of the organisation, in the query or the form")
    scopes, lifetime_s = form.get("scope", "").split(), state.limits.token_s
    body = {
        "access_token": _keep_token(state, frozenset(scopes), lifetime_s),
        "token_type": "Bearer",
        "scope": " ".join(scopes),
        "expires_in": lifetime_s,
    }
    return Reply(body=body, headers={"Cache-Control": "no-store"})


def public_members(ask: Ask) -> dict[str, str]:
    """Query and form; the form wins."""
    form = {**ask.query, **parse_qs(ask.body.decode(errors="replace"), keep_blank_values=True)}
    return {name: form[name][0] for name in PUBLIC_MEMBERS if name in form}


def _refuse_strangers(ask: Ask) -> None:
    given = Authorization.from_header(ask.headers.get("authorization"))
    if given is None or given.type != "basic" or not given.username:
        raise Refusal(401, "Send client id and secret with HTTP Basic", reason="invalid_client", headers=CHALLENGE)
    if not hmac.compare_digest((given.password or "").encode(), CLIENT_SECRET.encode()):
        raise Refusal(401, "The client secret is wrong", reason="invalid_client", headers=CHALLENGE)


def _keep_token(state: State, scopes: frozenset[str], lifetime_s: int) -> str:
    now, name = state.now(), str(uuid.uuid4())
    state.tokens = {old: token for old, token in state.tokens.items() if token.ends_at > now}
    state.tokens[name] = Token(scopes=scopes, ends_at=now + timedelta(seconds=lifetime_s))
    return name


def demand_credentials(state: State, ask: Ask, document: Document) -> None:
    """An x-api-key, and an access token of this document's that is still good; else 401, without a word why."""
    if ask.headers.get("x-api-key") != API_KEY:
        raise Refusal(401)
    given = Authorization.from_header(ask.headers.get("authorization"))
    token = state.tokens.get(given.token or "") if given and given.type == "bearer" else None
    if token is None or token.ends_at <= state.now() or not token.scopes & document.scopes:
        raise Refusal(401)
