"""A source as it is after loading: how a CRM's webhooks are proved, read, redacted and answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo
from enum import StrEnum

from bridge.errors import NotReady
from bridge.expressions import Template
from bridge.sources.checks import Check, Place
from bridge.sources.fetch import FetchPlan


@dataclass(frozen=True, kw_only=True)
class Secret:
    """The values of one named secret; more than one while it is being rotated."""

    values: tuple[str, ...] = field(repr=False)
    missing: tuple[str, ...] = ()
    """The environment variables that should hold a value and do not."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Where the events stand in the body."""

    format: str
    json_field: str | None = None
    """The field of a form that holds the whole as JSON."""
    root: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    """The kinds of wrapped values that are unwrapped."""
    events: tuple[str, ...] = ()
    inherit: tuple[str, ...] = ()
    """Members beside the list of events that each event shares."""
    fan_out: tuple[str, ...] = ()
    """A list in each event, of records: each of them makes an event of its own."""


@dataclass(frozen=True, kw_only=True)
class EventPlan:
    """How each word of an event is computed."""

    type: Template
    record_id: Template
    skip: Template | None = None
    """True for what is no event, such as a CRM's test message."""
    id: Template | None = None
    occurred_at: Template | None = None
    time: str = "iso8601"
    zone: tzinfo | None = None
    """What a time without a zone means; None refuses it."""
    tenant: Template | None = None
    dedup_key: Template | None = None
    dedup_window: timedelta | None = None
    """How long a key means a repetition; None: for ever, and where the key is only a hash, a day."""
    record: Template | None = None
    previous: Template | None = None
    changed: Template | None = None
    merged: Template | None = None
    sequence: Template | None = None


@dataclass(frozen=True, kw_only=True)
class Redaction:
    """What must reach neither storage nor logs. Names of headers and of the query in lower case."""

    headers: frozenset[str] = frozenset()
    query: frozenset[str] = frozenset()
    body: frozenset[str] = frozenset()
    """Names of members, wherever they stand in the body."""


class ReplyKind(StrEnum):
    """What became of a request, as far as its sender is concerned."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    UNREADABLE = "unreadable"
    FORGED = "forged"
    UNKNOWN_SOURCE = "unknown_source"
    WRONG_METHOD = "wrong_method"
    TOO_LARGE = "too_large"
    OVERLOADED = "overloaded"
    FAILED = "failed"
    NOT_READY = "not_ready"


@dataclass(frozen=True, kw_only=True)
class ReplyPlan:
    """What a source wants to hear; None and nothing stand for the usual."""

    status: int | None = None
    content_type: str | None = None
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


METHODS = ("POST", "GET", "HEAD", "OPTIONS")
"""Webhooks come by the first; an address may be tried by any of them."""

ANYTHING = "*"


@dataclass(frozen=True, kw_only=True)
class Match:
    """What a trial of the address has; names of headers, parameters and members with their text, or * for any."""

    method: str
    header: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    json: Mapping[str, str] = field(default_factory=dict)
    members: frozenset[str] | None = None
    """All the members that the body has; None where nothing is said of the body."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a trial wants to hear."""

    status: int = 200
    echo: Place | None = None
    """What is said back; its kind may be body, too."""
    into_header: str = ""
    into_member: str = ""
    """Where it is said back, if not as the body."""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "text/plain; charset=utf-8"
    body: str = ""


@dataclass(frozen=True, kw_only=True)
class Handshake:
    """How a CRM tries an address before it sends to it."""

    match: Match
    answer: Answer


@dataclass(frozen=True, kw_only=True)
class Source:
    """A CRM that sends webhooks to /webhooks/<name>."""

    name: str
    preset: str | None = None
    secrets: Mapping[str, Secret]
    remember: tuple[str, ...] = ()
    handshakes: tuple[Handshake, ...] = ()
    verify: Check
    read: Reading
    event: EventPlan
    fetch: FetchPlan | None = None
    fetch_secrets: Mapping[str, Secret] = field(default_factory=dict)
    """Those that only reading from the CRM needs: webhooks are taken in without them."""
    redact: Redaction
    reply: Mapping[ReplyKind, ReplyPlan] = field(default_factory=dict)
    max_body_bytes: int | None = None
    """None: the bridge's own limit."""
    expect_every: timedelta | None = None
    """How long may pass without a webhook before the silence is a fault."""
    docs: Mapping[str, str] = field(default_factory=dict)

    @property
    def missing_secrets(self) -> tuple[str, ...]:
        """The environment variables that are still to be set."""
        secrets = [*self.secrets.values(), *self.fetch_secrets.values()]
        return tuple(name for secret in secrets for name in secret.missing)

    def values_of(self, secret: str) -> tuple[str, ...]:
        """Raise NotReady, naming the variable to set, where the secret has no value."""
        known = self.secrets.get(secret) or self.fetch_secrets[secret]
        if not known.values:
            raise NotReady(f"{self.name}: the secret {secret!r} has no value; set {' or '.join(known.missing)}")
        return known.values
