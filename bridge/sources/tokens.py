"""JSON Web Tokens: read against the time of arrival, and made."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import jwt
from jwt.algorithms import HMACAlgorithm

from bridge.errors import NotReady
from bridge.sources.checks import Jwt, leaves
from bridge.sources.message import key_of, path_of
from bridge.sources.request import Request, texts_at, wire
from bridge.sources.source import Source

ALGORITHM = "HS256"
"""Fixed: a token must not choose how it is proved."""

SHORTEST_KEY_BYTES = 32
"""RFC 7518, 3.2: a key of the same size as the hash output or larger MUST be used."""


class KeyOfAnyLength(HMACAlgorithm):
    """The CRM chose the secret: what is said of it is said when the mapping is loaded, not at every webhook."""

    def check_key_length(self, key: bytes) -> None:
        return


def _signatures() -> jwt.PyJWS:
    """Signatures alone: claims are checked below, since the library would ask the machine for the time."""
    made = jwt.PyJWS(algorithms=[ALGORITHM])
    made.unregister_algorithm(ALGORITHM)
    made.register_algorithm(ALGORITHM, KeyOfAnyLength(hashlib.sha256))
    return made


SIGNATURES = _signatures()


def short_keys(source: Source) -> Iterator[str]:
    """The names of secrets that are short for what they sign."""
    for check in leaves(source.verify):
        if isinstance(check, Jwt) and any(_is_short(check, value) for value in source.secrets[check.secret].values):
            yield check.secret


def _is_short(check: Jwt, value: str) -> bool:
    try:
        return len(key_of(check.key, check.secret, value)) < SHORTEST_KEY_BYTES
    except NotReady:
        return False


def token_fault(check: Jwt, request: Request) -> str | None:
    """None where a token at its place is good, else a word that says what is wrong with it."""
    faults = [_fault(token, check, request) for token in texts_at(check.place, request)]
    return "missing_token" if not faults else None if None in faults else faults[0]


def _fault(token: str, check: Jwt, request: Request) -> str | None:
    secrets = request.source.values_of(check.secret)
    keys = [key_of(check.key, check.secret, secret) for secret in secrets]
    # Every key is tried, so that the time taken tells nothing.
    claims = [found for key in keys if (found := _claims(token, key)) is not None]
    if not claims:
        return "bad_token"
    if any(name not in claims[0] for name in check.require):
        return "missing_claim"
    return next((fault for rule in RULES if (fault := rule(claims[0], check, request))), None)


def _claims(token: str, key: bytes) -> dict[str, Any] | None:
    try:
        claims = json.loads(SIGNATURES.decode(token, key, algorithms=[ALGORITHM]))
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


def _late(claims: Mapping[str, Any], check: Jwt, request: Request) -> str | None:
    if "exp" not in claims:
        return None
    ends = _moment(claims["exp"])
    if ends is None:
        return "bad_claim"
    return "too_old" if request.now.timestamp() - ends > check.tolerance.total_seconds() else None


def _early(claims: Mapping[str, Any], check: Jwt, request: Request) -> str | None:
    starts = [_moment(claims[name]) for name in ("iat", "nbf") if name in claims]
    if None in starts:
        return "bad_claim"
    latest = request.now.timestamp() + check.tolerance.total_seconds()
    return "in_the_future" if any(start > latest for start in starts if start is not None) else None


def _moment(value: Any) -> float | None:
    """Seconds since 1970, as far as anybody lives to see them."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < FAR_FUTURE else None


FAR_FUTURE = 1e12


def _elsewhere(claims: Mapping[str, Any], check: Jwt, request: Request) -> str | None:
    if check.audience is None:
        return None
    named = claims.get("aud")
    meant = named if isinstance(named, list) else [named]
    return None if any(audience in meant for audience in _audiences(check, request)) else "bad_claim"


def _audiences(check: Jwt, request: Request) -> tuple[str, ...]:
    url = request.received.url
    return (url, url.partition("?")[0]) if check.audience == "url" else (check.audience or "",)


def _stranger(claims: Mapping[str, Any], check: Jwt, request: Request) -> str | None:
    return "bad_claim" if check.issuer is not None and claims.get("iss") != check.issuer else None


def _other_query(claims: Mapping[str, Any], check: Jwt, request: Request) -> str | None:
    return "bad_claim" if check.qsh and claims.get("qsh") != query_hash(check, request) else None


RULES: tuple[Callable[[Mapping[str, Any], Jwt, Request], str | None], ...] = (
    _late,
    _early,
    _elsewhere,
    _stranger,
    _other_query,
)


def query_hash(check: Jwt, request: Request) -> str:
    """Atlassian Connect, Understanding JWT: method, path and sorted query without the token, joined by &."""
    by_name: dict[str, list[str]] = {}
    for name, value in request.query:
        if not (check.place.kind == "query" and name == check.place.name):
            by_name.setdefault(_encoded(name), []).append(_encoded(value))
    query = "&".join(f"{name}={','.join(sorted(values))}" for name, values in sorted(by_name.items()))
    path = path_of(request.received.url).partition("?")[0].rstrip("/").replace("&", "%26") or "/"
    return hashlib.sha256(wire(f"{request.received.method.upper()}&{path}&{query}")).hexdigest()


def _encoded(text: str) -> str:
    return quote(text, safe="~", errors="replace")


def token(check: Jwt, request: Request, secret: str) -> str:
    """One that the check accepts."""
    made: dict[str, Any] = {"iat": int(request.now.timestamp()), "exp": _end(request.now)}
    if check.audience is not None:
        made["aud"] = _audiences(check, request)[-1]
    if check.issuer is not None:
        made["iss"] = check.issuer
    if check.qsh:
        made["qsh"] = query_hash(check, request)
    return SIGNATURES.encode(json.dumps(made).encode(), key_of(check.key, check.secret, secret), algorithm=ALGORITHM)


def _end(now: datetime) -> int:
    return int((now + timedelta(minutes=5)).timestamp())
