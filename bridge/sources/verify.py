"""Does a request come from its source? Decoded bytes are compared in constant time; nothing is kept."""

import base64
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import unquote_plus

from bridge.errors import BadSignature, ExpressionError, Unreadable
from bridge.expressions import as_text
from bridge.model import Json, Received
from bridge.sources.moments import moment
from bridge.sources.parse import parse
from bridge.sources.signing import query_name, signatures, wire
from bridge.sources.source import AllOf, AnyOf, Check, Constraint, Hmac, Source, Stamp, Static

UNREADABLE = "unreadable"
"""The one fault that is no forgery: the sender is proved, but a constraint cannot read the body."""


def verify(source: Source, received: Received, *, now: datetime) -> None:
    """Return quietly, or raise one of three.

    BadSignature: the request does not prove its sender. Unreadable: it does, but what a constraint compares
    cannot be read. NotReady: a secret has no value yet.
    """
    for name in source.secrets:
        source.values_of(name)
    request = Request(source=source, received=received, now=now)
    fault = _fault(source.verify, request)
    if fault == UNREADABLE:
        parse(received.body, source.read)  # raises Unreadable, with the reason
    if fault:
        raise BadSignature(fault)


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a check looks at."""

    source: Source
    received: Received
    now: datetime

    @cached_property
    def body(self) -> Json:
        return parse(self.received.body, self.source.read)


def _fault(check: Check, request: Request) -> str | None:
    match check:
        case Hmac():
            return _hmac_fault(check, request)
        case Static():
            return _static_fault(check, request)
        case Constraint():
            return _constraint_fault(check, request)
        case AnyOf():
            return _any_fault(check, request)
        case AllOf():
            return _all_fault(check, request)


def _hmac_fault(check: Hmac, request: Request) -> str | None:
    written = request.received.headers.get(check.signature.header)
    if not written:
        return "missing_header"
    if check.timestamp and (fault := _time_fault(check.timestamp, request)):
        return fault
    try:
        signature = DECODERS[check.signature.encoding](written)
    except ValueError:
        return "bad_signature"
    good = signatures(check, request.received, request.source.values_of(check.secret))
    return None if _is_one_of(signature, good) else "bad_signature"


def _time_fault(stamp: Stamp, request: Request) -> str | None:
    written = request.received.headers.get(stamp.header)
    if not written:
        return "missing_header"
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
    given = _keys_given(check, request.received)
    if not given:
        return "missing_key"
    good = [wire(value) for value in request.source.values_of(check.secret)]
    return None if any([_is_one_of(wire(key), good) for key in given]) else "bad_key"


def _keys_given(check: Static, received: Received) -> list[str]:
    if check.header:
        return [key for key in (received.headers.get(check.header),) if key]
    pairs = received.url.partition("?")[2].split("&")
    values = [unquote_plus(pair.partition("=")[2]) for pair in pairs if query_name(pair) == check.query]
    return [value for value in values if value]


def _constraint_fault(check: Constraint, request: Request) -> str | None:
    try:
        value = as_text(check.value({"body": request.body, "headers": request.received.headers}))
    except Unreadable:
        return UNREADABLE
    except ExpressionError:
        return "bad_constraint"
    good = [wire(known) for known in request.source.values_of(check.secret)]
    return None if _is_one_of(wire(value), good) else "bad_constraint"


def _any_fault(check: AnyOf, request: Request) -> str | None:
    faults = [_fault(inner, request) for inner in check.checks]
    if None in faults:
        return None
    return UNREADABLE if UNREADABLE in faults else faults[0]


def _all_fault(check: AllOf, request: Request) -> str | None:
    """Forgery outweighs an unreadable body, whatever the order: what proves nothing is not kept."""
    faults = [fault for inner in check.checks if (fault := _fault(inner, request))]
    forged = [fault for fault in faults if fault != UNREADABLE]
    return next(iter(forged or faults), None)


def _strict_base64(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii"), validate=True)


def _strict_hex(text: str) -> bytes:
    # bytes.fromhex alone would skip blanks.
    return base64.b16decode(text.encode("ascii"), casefold=True)


DECODERS: Mapping[str, Callable[[str], bytes]] = {"base64": _strict_base64, "hex": _strict_hex}
