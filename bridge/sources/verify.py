"""Does a request come from its source? Decoded bytes are compared in constant time; nothing is kept."""

import base64
import hmac
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from bridge.errors import BadSignature, ExpressionError, Unreadable
from bridge.expressions import as_text
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
    Signed,
    Stamp,
    Static,
    leaves,
)
from bridge.sources.message import DECODERS, found_in, signatures, stamp_text
from bridge.sources.moments import moment
from bridge.sources.parse import parse
from bridge.sources.request import Request, header_bytes, texts_at, wire
from bridge.sources.source import Source
from bridge.sources.tokens import token_fault

UNREADABLE = "unreadable"
"""The one fault that is no forgery: the sender is proved, but a constraint cannot read the body."""


def verify(source: Source, received: Received, *, now: datetime) -> None:
    """Return quietly, or raise one of three.

    BadSignature: the request does not prove its sender. Unreadable: it does, but what a constraint compares
    cannot be read. NotReady: a secret has no value yet, or none that can be a key.
    """
    for name in source.secrets:
        source.values_of(name)
    fault = _fault(source.verify, Request(source=source, received=received, now=now))
    if fault == UNREADABLE:
        parse(received, source.read)  # raises Unreadable, with the reason
    if fault:
        raise BadSignature(fault)


def _fault(check: Check, request: Request) -> str | None:
    return FAULTS[type(check)](check, request)


def _signed_fault(check: Signed, request: Request) -> str | None:
    written = found_in(check.signature, request)
    if not written:
        return _missing(check, request)
    if check.timestamp and (
        fault := _time_fault(check.timestamp, stamp_text(check.timestamp, check.signature, request), request)
    ):
        return fault
    good = signatures(check, request, request.source.values_of(check.secret))
    decode = DECODERS[check.signature.encoding]
    return None if any([_is_one_of(_decoded(text, decode), good) for text in written]) else "bad_signature"


def _missing(check: Signed, request: Request) -> str:
    """A place that holds something, only not a signature of this kind, is not called missing."""
    places = check.signature.places
    if any(texts_at(place, request) for place in places):
        return "bad_signature"
    return "missing_header" if places[0].kind == "header" else "missing_signature"


def _decoded(text: str, decode: Callable[[str], bytes]) -> bytes:
    """Nothing, which is no signature, where it cannot be decoded."""
    try:
        return decode(text)
    except ValueError:
        return b""


def _time_fault(stamp: Stamp, written: str, request: Request) -> str | None:
    if not written:
        return "missing_header" if stamp.place and stamp.place.kind == "header" else "missing_timestamp"
    try:
        sent_at = moment(written, stamp.format)
    except ValueError:
        return "bad_timestamp"
    if request.now - sent_at > stamp.tolerance:
        return "too_old"
    return "in_the_future" if sent_at - request.now > stamp.tolerance else None


def _is_one_of(given: bytes, good: Iterable[bytes]) -> bool:
    """Every value is compared, in full, so that the time taken tells nothing."""
    return any([hmac.compare_digest(given, value) for value in good])


def _static_fault(check: Static, request: Request) -> str | None:
    given = texts_at(check.place, request)
    if not given:
        return "missing_key"
    good = [wire(value) for value in request.source.values_of(check.secret)]
    # A web server hands a header's bytes over as Latin-1, whatever they were meant to be.
    spellings = (wire, header_bytes) if check.place.kind == "header" else (wire,)
    return None if any([_is_one_of(spell(text), good) for text in given for spell in spellings]) else "bad_key"


def _basic_fault(check: Basic, request: Request) -> str | None:
    scheme, _, written = request.received.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "missing_key"
    users, passwords = request.source.values_of(check.user), request.source.values_of(check.password)
    good = [wire(f"{user}:{password}") for user in users for password in passwords]
    given = _decoded(written.strip(), lambda text: base64.b64decode(text.encode("ascii"), validate=True))
    return None if _is_one_of(given, good) else "bad_key"


def _constraint_fault(check: Constraint, request: Request) -> str | None:
    try:
        value = as_text(check.value({"body": request.body, "headers": request.received.headers}))
    except Unreadable:
        return UNREADABLE
    except ExpressionError:
        return "bad_constraint"
    good = [wire(known) for known in request.source.values_of(check.secret)]
    return None if _is_one_of(wire(value), good) else "bad_constraint"


def narrow(source: Source, received: Received, *, now: datetime) -> None:
    """Only what may have been open when the sender was proved: raise BadSignature where a constraint does not hold.

    Raises Unreadable and NotReady as `verify` does.
    """
    fault = _open_fault(source.verify, Request(source=source, received=received, now=now))
    if fault == UNREADABLE:
        parse(received, source.read)  # raises Unreadable, with the reason
    if fault:
        raise BadSignature(fault)


def _open_fault(check: Check, request: Request) -> str | None:
    if isinstance(check, Constraint):
        return _constraint_fault(check, request)
    if not isinstance(check, AnyOf | AllOf):
        return None
    faults = [_open_fault(inner, request) for inner in check.checks if _constrains(inner)]
    if isinstance(check, AnyOf) and None in faults:
        return None
    return next(filter(None, faults), None)


def _constrains(check: Check) -> bool:
    return any(isinstance(leaf, Constraint) for leaf in leaves(check))


def _any_fault(check: AnyOf, request: Request) -> str | None:
    """The first check that holds is enough; the request has shown nothing before that its answer would not show."""
    faults = []
    for inner in check.checks:
        fault = _fault(inner, request)
        if fault is None:
            return None
        faults.append(fault)
    return UNREADABLE if UNREADABLE in faults else faults[0]


def _all_fault(check: AllOf, request: Request) -> str | None:
    """Forgery outweighs an unreadable body, whatever the order: what proves nothing is not kept."""
    faults = [fault for inner in check.checks if (fault := _fault(inner, request))]
    forged = [fault for fault in faults if fault != UNREADABLE]
    return next(iter(forged or faults), None)


FAULTS: Mapping[type[Check], Callable[[Any, Request], str | None]] = {
    Hmac: _signed_fault,
    Hash: _signed_fault,
    Jwt: token_fault,
    Static: _static_fault,
    Basic: _basic_fault,
    Constraint: _constraint_fault,
    AnyOf: _any_fault,
    AllOf: _all_fault,
}
