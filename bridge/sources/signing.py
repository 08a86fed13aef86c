"""The bytes that a source signs and the signature over them; and a request, signed afresh as its source would."""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import reduce
from typing import Any
from urllib.parse import quote, unquote, unquote_plus, urlsplit

from bridge.model import Received
from bridge.sources.moments import WRITERS
from bridge.sources.source import AllOf, AnyOf, Check, Constraint, Hmac, Part, Source, Static


def signatures(check: Hmac, received: Received, secrets: tuple[str, ...]) -> tuple[bytes, ...]:
    """What the request's signature should be, by each value of the secret."""
    message = b"".join(PARTS[part.name](part, check, received) for part in check.message)
    digest = DIGESTS[check.digest]
    return tuple(hmac.digest(KEYS[check.key](value), message, digest) for value in secrets)


def _method(part: Part, check: Hmac, received: Received) -> bytes:
    return wire(received.method)


def _url(part: Part, check: Hmac, received: Received) -> bytes:
    return wire(URL_FORMS[part.form](received.url))


def _body(part: Part, check: Hmac, received: Received) -> bytes:
    return received.body


def _timestamp(part: Part, check: Hmac, received: Received) -> bytes:
    """The time as the sender wrote it: that text is what is signed."""
    return wire(received.headers.get(check.timestamp.header, "") if check.timestamp else "")


def wire(text: str) -> bytes:
    """Bytes to sign or to compare; never fails, whatever a header holds."""
    return text.encode("utf-8", "surrogatepass")


def _partly_decoded(url: str) -> str:
    """HubSpot, Validating requests, v3: these codes are decoded in the signed URI, all others are kept."""
    return DECODED_CODES.sub(lambda found: unquote(found[0]), url)


DECODED_CODES = re.compile(r"%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)

PARTS: Mapping[str, Callable[[Part, Hmac, Received], bytes]] = {
    "method": _method,
    "url": _url,
    "body": _body,
    "timestamp": _timestamp,
}
URL_FORMS: Mapping[str, Callable[[str], str]] = {"raw": str, "decoded": _partly_decoded}
DIGESTS: Mapping[str, Any] = {"sha256": hashlib.sha256}
KEYS: Mapping[str, Callable[[str], bytes]] = {"utf-8": wire}
ENCODERS: Mapping[str, Callable[[bytes], str]] = {
    "base64": lambda signature: base64.b64encode(signature).decode("ascii"),
    "hex": bytes.hex,
}


def sign(source: Source, received: Received, *, now: datetime) -> Received:
    """The same request with a fresh time, signature and keys, by the first value of each secret.

    Raise NotReady where a secret has no value. What a constraint asks for must stand in the body already.
    """
    return _signed(source.verify, source, received, now)


def _signed(check: Check, source: Source, received: Received, now: datetime) -> Received:
    match check:
        case Hmac():
            return _signed_hmac(check, source, received, now)
        case Static():
            return _with_key(check, received, source.values_of(check.secret)[0])
        case AnyOf():
            return _signed(check.checks[0], source, received, now)
        case AllOf():
            return reduce(lambda request, inner: _signed(inner, source, request, now), check.checks, received)
        case Constraint():
            return received


def _signed_hmac(check: Hmac, source: Source, received: Received, now: datetime) -> Received:
    if check.timestamp:
        received = _with_header(received, check.timestamp.header, WRITERS[check.timestamp.format](now))
    (signature,) = signatures(check, received, source.values_of(check.secret)[:1])
    return _with_header(received, check.signature.header, ENCODERS[check.signature.encoding](signature))


def _with_key(check: Static, received: Received, value: str) -> Received:
    if check.header:
        return _with_header(received, check.header, value)
    query = [pair for pair in urlsplit(received.url).query.split("&") if pair and query_name(pair) != check.query]
    query.append(f"{check.query}={quote(value, safe='')}")
    return replace(received, url=f"{received.url.partition('?')[0]}?{'&'.join(query)}")


def query_name(pair: str) -> str:
    return unquote_plus(pair.partition("=")[0])


def _with_header(received: Received, name: str, value: str) -> Received:
    return replace(received, headers={**received.headers, name: value})
