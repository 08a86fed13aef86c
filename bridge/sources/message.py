"""The bytes that a source signs, and the signatures over them: written, found, decoded."""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from bridge.errors import NotReady
from bridge.sources.checks import Hmac, Key, Part, Place, Signature, Signed, Stamp
from bridge.sources.request import Request, header_bytes, texts_at, wire


def signatures(check: Signed, request: Request, secrets: tuple[str, ...]) -> list[bytes]:
    """What the request's signature should be, by each value of the secret."""
    digest = DIGESTS[check.digest]
    if isinstance(check, Hmac):
        message = _message(check, request, "")
        return [hmac.digest(key_of(check.key, check.secret, value), message, digest) for value in secrets]
    return [digest(_message(check, request, value)).digest() for value in secrets]


def _message(check: Signed, request: Request, secret: str) -> bytes:
    return b"".join([PARTS[part.name](part, check, request, secret) for part in check.message])


def key_of(key: Key, name: str, value: str) -> bytes:
    """The bytes of a key; raise NotReady, without the value, where a secret is not written as its source says."""
    try:
        return KEYS[key.encoding](value.removeprefix(key.prefix))
    except ValueError:
        raise NotReady(f"the secret {name!r} is not {key.encoding}; set it as the CRM shows it") from None


def _url(part: Part, check: Signed, request: Request, secret: str) -> bytes:
    return wire(URL_FORMS[part.form or "raw"](request.received.url))


def _timestamp(part: Part, check: Signed, request: Request, secret: str) -> bytes:
    """The time as the sender wrote it: that text is what is signed."""
    return wire(stamp_text(check.timestamp, check.signature, request)) if check.timestamp else b""


def stamp_text(stamp: Stamp, signature: Signature, request: Request) -> str:
    """Blank where there is none."""
    if stamp.place:
        return next(iter(texts_at(stamp.place, request)), "")
    texts = (text for place in signature.places for text in texts_at(place, request))
    return next((value for text in texts for value in _pairs(text, stamp.tag, signature.delimiter)), "")


def _sorted_form(part: Part, check: Signed, request: Request, secret: str) -> bytes:
    return wire("".join(name + value for name, value in sorted(request.form)))


def _at(kind: str) -> Callable[[Part, Signed, Request, str], bytes]:
    return lambda part, check, request, secret: wire(
        "".join(texts_at(Place(kind=kind, name=part.form), request)[:1])
    )  # fmt: skip


def _partly_decoded(url: str) -> str:
    """HubSpot, Validating requests, v3: these codes are decoded in the signed URI, all others are kept."""
    return DECODED_CODES.sub(lambda found: unquote(found[0]), url)


DECODED_CODES = re.compile(r"%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


def path_of(url: str) -> str:
    """With the query, as it came."""
    return "/" + url.split("://", 1)[-1].partition("/")[2]


URL_FORMS: Mapping[str, Callable[[str], str]] = {
    "raw": str,
    "decoded": _partly_decoded,
    "path": path_of,
    "decoded_path": lambda url: _partly_decoded(path_of(url)),
}
PARTS: Mapping[str, Callable[[Part, Signed, Request, str], bytes]] = {
    "method": lambda part, check, request, secret: wire(request.received.method),
    "url": _url,
    "body": lambda part, check, request, secret: request.received.body,
    "timestamp": _timestamp,
    "secret": lambda part, check, request, secret: wire(secret),
    "sorted_form": _sorted_form,
    "literal": lambda part, check, request, secret: wire(part.form),
    "header": lambda part, check, request, secret: header_bytes(request.received.headers.get(part.form, "")),
    "query": _at("query"),
    "form": _at("form"),
    "json": _at("json"),
}
NAMED_PARTS = ("literal", "header", "query", "form", "json")
"""Those that say which: `{header: X-Id}`."""
COVERING_PARTS = frozenset({"body", "sorted_form"})

DIGESTS: Mapping[str, Any] = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha512": hashlib.sha512}


def found_in(signature: Signature, request: Request) -> list[str]:
    """The texts that the request offers as its signature, in the first place that has one."""
    found = (texts_at(place, request) for place in signature.places)
    texts = next((texts for texts in found if texts), [])
    return [piece for text in texts for piece in FORMATS[signature.format](text, signature)]


def _plain(text: str, signature: Signature) -> Iterator[str]:
    if text.startswith(signature.prefix):
        yield text.removeprefix(signature.prefix)


def _pairs(text: str, tag: str, delimiter: str, between: str = "=") -> Iterator[str]:
    for pair in text.split(delimiter):
        name, _, value = pair.strip().partition(between)
        if name == tag:
            yield value


FORMATS: Mapping[str, Callable[[str, Signature], Iterator[str]]] = {
    "plain": _plain,
    "pairs": lambda text, signature: _pairs(text, signature.tag, signature.delimiter),
    "tagged": lambda text, signature: _pairs(text, signature.tag, signature.delimiter, ","),
}
DELIMITERS: Mapping[str, str] = {"plain": "", "pairs": ",", "tagged": " "}


def _base64(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii"), validate=True)


def _hex(text: str) -> bytes:
    # bytes.fromhex alone would skip blanks.
    return base64.b16decode(text.encode("ascii"), casefold=True)


def _padded(text: str) -> str:
    return text + "=" * (-len(text) % 4)


DECODERS: Mapping[str, Callable[[str], bytes]] = {
    "hex": _hex,
    "base64": _base64,
    "base64url": lambda text: base64.b64decode(_padded(text).encode("ascii"), altchars=b"-_", validate=True),
}
ENCODERS: Mapping[str, Callable[[bytes], str]] = {
    "hex": bytes.hex,
    "base64": lambda signature: base64.b64encode(signature).decode("ascii"),
    "base64url": lambda signature: base64.urlsafe_b64encode(signature).decode("ascii").rstrip("="),
}
KEYS: Mapping[str, Callable[[str], bytes]] = {
    "utf-8": wire,
    "base64": lambda value: _base64(_padded(value)),
    "hex": _hex,
}
