"""A request, signed afresh as its source would."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import reduce
from typing import Any
from urllib.parse import quote

from bridge.model import Received
from bridge.sources.checks import (
    AllOf,
    AnyOf,
    Basic,
    Check,
    Constraint,
    Hash,
    Hmac,
    Jwt,
    Place,
    Signature,
    Signed,
    Static,
)
from bridge.sources.message import ENCODERS, signatures
from bridge.sources.moments import WRITERS
from bridge.sources.request import Request, query_name, wire
from bridge.sources.source import Source
from bridge.sources.tokens import token


def sign(source: Source, received: Received, *, now: datetime) -> Received:
    """The same request with a fresh time, signature and keys, by the first value of each secret.

    Raise NotReady where a secret has no value. What is asked for in the body must stand there already.
    """
    return _signed(source.verify, source, received, now)


def _signed(check: Check, source: Source, received: Received, now: datetime) -> Received:
    return SIGNERS[type(check)](check, Request(source=source, received=received, now=now))


def _with_signature(check: Signed, request: Request) -> Received:
    stamp, signature = check.timestamp, check.signature
    time = WRITERS[stamp.format](request.now) if stamp else ""
    stamped = request.received
    if stamp and stamp.place:
        stamped = _with(stamped, stamp.place, time)
    elif stamp:
        # The message takes the time from where the signature will stand.
        stamped = _with(stamped, signature.places[0], f"{stamp.tag}={time}")
    again = replace(request, received=stamped)
    (made,) = signatures(check, again, request.source.values_of(check.secret)[:1])
    written = WRAPPERS[signature.format](ENCODERS[signature.encoding](made), signature)
    if stamp and not stamp.place:
        written = f"{stamp.tag}={time}{signature.delimiter}{written}"
    return _with(stamped, signature.places[0], written)


WRAPPERS: Mapping[str, Callable[[str, Signature], str]] = {
    "plain": lambda text, signature: signature.prefix + text,
    "pairs": lambda text, signature: f"{signature.tag}={text}",
    "tagged": lambda text, signature: f"{signature.tag},{text}",
}


def _with(received: Received, place: Place, text: str) -> Received:
    return PLACERS.get(place.kind, _as_it_is)(received, place, text)


def _with_header(received: Received, place: Place, text: str) -> Received:
    value = f"{place.scheme} {text}" if place.scheme else text
    return replace(received, headers={**received.headers, place.name: value})


def _with_query(received: Received, place: Place, text: str) -> Received:
    path, _, query = received.url.partition("?")
    pairs = [pair for pair in query.split("&") if pair and query_name(pair) != place.name]
    pairs.append(f"{place.name}={quote(text, safe='')}")
    return replace(received, url=f"{path}?{'&'.join(pairs)}")


def _as_it_is(received: Received, place: Place, text: str) -> Received:
    return received


PLACERS: Mapping[str, Callable[[Received, Place, str], Received]] = {"header": _with_header, "query": _with_query}


def _with_token(check: Jwt, request: Request) -> Received:
    return _with(request.received, check.place, token(check, request, request.source.values_of(check.secret)[0]))


def _with_key(check: Static, request: Request) -> Received:
    return _with(request.received, check.place, request.source.values_of(check.secret)[0])


def _with_password(check: Basic, request: Request) -> Received:
    user, password = (request.source.values_of(name)[0] for name in (check.user, check.password))
    place = Place(kind="header", name="authorization", scheme="Basic")
    return _with(request.received, place, ENCODERS["base64"](wire(f"{user}:{password}")))


SIGNERS: Mapping[type[Check], Callable[[Any, Request], Received]] = {
    Hmac: _with_signature,
    Hash: _with_signature,
    Jwt: _with_token,
    Static: _with_key,
    Basic: _with_password,
    Constraint: lambda check, request: request.received,
    AnyOf: lambda check, request: _signed(check.checks[0], request.source, request.received, request.now),
    AllOf: lambda check, request: reduce(
        lambda received, inner: _signed(inner, request.source, received, request.now), check.checks, request.received
    ),
}
