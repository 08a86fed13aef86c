"""How a request is proved, as values: what is asked for, and where in the request it stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from bridge.expressions import Template


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a text stands in a request: `kind` is header, query, json or form."""

    kind: str
    name: str
    """A header in lower case, a parameter, a field, or a path with dots."""
    scheme: str = ""
    """The word before it in a header, such as Bearer."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One piece of a signed message, and what it must know: the form of the URL, the name of a header, the text."""

    name: str
    form: str = ""


@dataclass(frozen=True, kw_only=True)
class Key:
    """How a secret's text becomes the bytes of a key."""

    encoding: str = "utf-8"
    prefix: str = ""
    """Taken off first, where it is there."""


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Where the signature stands and how it is written; the first place that has one counts, and any match in it."""

    places: tuple[Place, ...]
    encoding: str
    format: str = "plain"
    prefix: str = ""
    tag: str = ""
    delimiter: str = ""


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """The signed time of sending, and how far it may be from ours, either way."""

    format: str
    tolerance: timedelta
    place: Place | None = None
    tag: str = ""
    """Its key among the signature's pairs, where it has no place of its own."""


@dataclass(frozen=True, kw_only=True)
class Signed:
    """A signature over parts of the request."""

    digest: str
    secret: str
    message: tuple[Part, ...]
    signature: Signature
    timestamp: Stamp | None = None


@dataclass(frozen=True, kw_only=True)
class Hmac(Signed):
    """Made with a shared secret as its key."""

    key: Key = Key()


@dataclass(frozen=True, kw_only=True)
class Hash(Signed):
    """A plain hash, with the secret as one part of the message."""


@dataclass(frozen=True, kw_only=True)
class Jwt:
    """A token signed with HS256. It proves the sender and covers neither body nor, without `qsh`, the query."""

    secret: str
    place: Place
    key: Key = Key()
    require: tuple[str, ...] = ("exp",)
    audience: str | None = None
    """`url` stands for the address that was asked."""
    issuer: str | None = None
    qsh: bool = False
    """Whether the claim `qsh` must be the hash of method, path and query."""
    tolerance: timedelta = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Static:
    """A shared secret sent along as it is."""

    secret: str
    place: Place


@dataclass(frozen=True, kw_only=True)
class Basic:
    """HTTP basic authentication; user and password are both named secrets."""

    user: str
    password: str


@dataclass(frozen=True, kw_only=True)
class Constraint:
    """A value of the request that must be a known one. It narrows; it proves no sender."""

    value: Template
    secret: str


@dataclass(frozen=True, kw_only=True)
class AnyOf:
    checks: "tuple[Check, ...]"


@dataclass(frozen=True, kw_only=True)
class AllOf:
    checks: "tuple[Check, ...]"


Leaf: TypeAlias = Hmac | Hash | Jwt | Static | Basic | Constraint
Check: TypeAlias = Leaf | AnyOf | AllOf


def leaves(check: Check) -> Iterator[Leaf]:
    if isinstance(check, AnyOf | AllOf):
        for inner in check.checks:
            yield from leaves(inner)
    else:
        yield check


def secrets_of(check: Check) -> list[str]:
    """The names of the secrets that it asks for, each once, in their order."""
    asked = [(leaf.user, leaf.password) if isinstance(leaf, Basic) else (leaf.secret,) for leaf in leaves(check)]
    return list(dict.fromkeys(name for names in asked for name in names))


def sent_along(check: Check) -> Iterator[Place]:
    """Where secrets themselves stand in a request, or tokens that are as good as one for a while."""
    for leaf in leaves(check):
        if isinstance(leaf, Static | Jwt):
            yield leaf.place
