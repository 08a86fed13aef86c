"""The words of the bridge as frozen values, and the states a person would name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple, TypeAlias

Json: TypeAlias = Any
"""Whatever JSON can hold: dict, list, str, int, float, bool or None."""

Scope: TypeAlias = Mapping[str, Any]
"""The names that an expression sees."""


@dataclass(frozen=True, kw_only=True)
class Received:
    """An HTTP request as it came in. `url` is what the sender signed: public scheme, host, raw path and query."""

    method: str
    url: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    received_at: datetime


class WebhookState(StrEnum):
    READ = "read"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """What a CRM sent, byte for byte, with secrets redacted."""

    id: int = 0
    source: str
    received_at: datetime
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    state: WebhookState = WebhookState.READ
    problem: str | None = None


class EventState(StrEnum):
    FETCHING = "fetching"
    NEW = "new"
    DONE = "done"
    UNREADABLE = "unreadable"
    UNFETCHED = "unfetched"


@dataclass(frozen=True, kw_only=True)
class Event:
    """One change of one CRM record, in the CRM's words."""

    id: int = 0
    webhook_id: int = 0
    source: str
    type: str
    record_id: str
    crm_id: str
    """The id that the CRM gave the event; `event.id` in mappings. Not every CRM promises that it is unique."""
    dedup_key: str
    """The same for every repetition of this event, whatever batch or attempt it comes in."""
    dedup_window: timedelta | None = None
    """How long the key means this event and no new one; without end where it is None."""
    occurred_at: datetime
    """The CRM's time of the change; the time of arrival where the CRM says none."""
    received_at: datetime
    tenant: str = ""
    record: Mapping[str, Json] = field(default_factory=dict)
    previous: Mapping[str, Json] = field(default_factory=dict)
    changed: Sequence[str] = ()
    merged: tuple[str, ...] = ()
    """Other records of the CRM that ended in this one."""
    sequence: int | None = None
    """The CRM's own count of changes, which tells apart what happened at the same moment."""
    body: Json = None
    """The part of the webhook's body that is this event."""
    headers: Mapping[str, str] = field(default_factory=dict)
    state: EventState = EventState.NEW
    problem: str | None = None

    def scope(self) -> dict[str, Any]:
        """The names that a rule's expressions see, but for `tables`."""
        return {
            "event": {
                "id": self.crm_id,
                "type": self.type,
                "source": self.source,
                "record_id": self.record_id,
                "occurred_at": self.occurred_at,
                "tenant": self.tenant,
            },
            "record": self.record,
            "previous": self.previous,
            "changed": list(self.changed),
            "body": self.body,
            "headers": self.headers,
        }


class OutcomeKind(StrEnum):
    TRANSLATED = "translated"
    IGNORED = "ignored"
    REJECTED = "rejected"


class Priority(IntEnum):
    """The smaller goes first."""

    LIVE = 0
    REPLAY = 1
    BACKFILL = 2
    CLEAN_OUT = 3


class DeliveryState(StrEnum):
    WAITING = "waiting"
    CLAIMED = "claimed"
    DELIVERED = "delivered"
    DEAD = "dead"
    UNKNOWN = "unknown"
    SUPERSEDED = "superseded"
    UNCHANGED = "unchanged"
    DISCARDED = "discarded"
    ERASED = "erased"


class CookieName(NamedTuple):
    """What makes a setting one and the same at Alvaria."""

    customer: str
    key: str
    channel: str
    service: str


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What one event asks of one Alvaria operation: delivered as a whole or not at all.

    `params` holds the operation's path, query and header parameters; a value of the form
    `{"id_of": "Hot leads", "by": "campaign.listLists"}` is a name that is looked up when the delivery is sent. The
    same may stand anywhere in `body`.
    """

    id: int = 0
    event_id: int = 0
    source: str = ""
    rule: str
    item: int = 0
    """The place among the deliveries of the same (event, rule)."""
    mapping_version: str
    operation: str
    params: Mapping[str, Json] = field(default_factory=dict)
    body: Json = None
    customers: tuple[str, ...] = ()
    order_key: str
    """No two with the same key are out at once; the oldest goes first. Empty: in any order."""
    hold: bool = False
    """Where it dies, the next of its order key wait for a person."""
    repeatable: bool
    changed_at: datetime
    """The CRM's time of the change that asks for this."""
    stamp: str = ""
    """The same as text with all that tells two changes apart; the greater is the newer one."""
    stamps: tuple[str, ...] = ()
    """The same of each cookie, where they differ."""
    expires_at: datetime | None = None
    """When it has no sense any more to send it: the earliest expiry among its settings."""
    priority: Priority = Priority.LIVE
    state: DeliveryState = DeliveryState.WAITING
    attempts: int = 0
    waiting_since: datetime | None = None
    """Since when it is being tried: its making, or a person's order to try again."""
    due_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class OnceKey:
    """At most one translation per (rule, key) until `until`; without an end where that is None."""

    rule: str
    key: str
    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class Stop:
    """What waits of these operations for this customer is not sent any more."""

    customer: str
    operations: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one rule made of one event."""

    rule: str
    kind: OutcomeKind
    reason: str = ""
    deliveries: tuple[Delivery, ...] = ()
    once: OnceKey | None = None
    stop: Stop | None = None


class Stamp(NamedTuple):
    """Which of two changes is the newer one; compared from the first member to the last."""

    changed_at: datetime
    """The CRM's time, never far ahead of the arrival."""
    sequence: int
    """-1 where the CRM has none."""
    received_at: datetime
    event_id: int
    """The order of arrival among those that came together."""
    translation: int
    """A replay with a mended mapping is newer than its first translation."""

    def as_text(self) -> str:
        """The same order among texts, in any collation: digits only, all of one length."""
        sequence = max(0, min(self.sequence + 1, 10**20 - 1))
        changed, received = _microseconds(self.changed_at), _microseconds(self.received_at)
        return f"{changed:018}{sequence:020}{received:018}{self.event_id:019}{self.translation:06}"


BEGINNING = datetime.min.replace(tzinfo=UTC)


def _microseconds(moment: datetime) -> int:
    since = moment - BEGINNING
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is remembered of one CRM record, each value with the change that it comes from."""

    source: str
    record_id: str
    ids: Mapping[int, tuple[str | None, Stamp]] = field(default_factory=dict)
    """The customer's id by its place in the mapping's `customer`; None where the CRM has cleared it."""
    fields: Mapping[str, tuple[Json, Stamp]] = field(default_factory=dict)
    forgotten: Stamp | None = None
    """The change that let it be forgotten: nothing older counts any more."""

    @property
    def customers(self) -> tuple[str, ...]:
        """Each id once, in the mapping's order."""
        return tuple(dict.fromkeys(name for _, (name, _) in sorted(self.ids.items()) if name is not None))


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What Alvaria said to one request."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: Json = None
    message: str = ""
    """The API's own words about a refusal, put into one line."""
    took_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Delivered:
    pass


@dataclass(frozen=True, kw_only=True)
class Retry:
    at: datetime
    reason: str
    counts: bool = True
    """False where the API only asked us to wait: such an answer is no failed attempt."""
    in_doubt: bool = False
    """The request may still be carried out, later than what is sent after it."""


@dataclass(frozen=True, kw_only=True)
class Dead:
    reason: str


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """It may or may not have happened and must not be repeated blindly; a person decides."""

    reason: str


Verdict: TypeAlias = Delivered | Retry | Dead | Unknown
