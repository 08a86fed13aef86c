"""All that the sandbox holds, in memory, behind one lock."""

import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import RLock
from typing import Any, TypeAlias

from bridge.sandbox.first import first_objects
from bridge.sandbox.messages import Ask, Json, Reply

JOURNAL_ENTRIES = 10_000
LIST_TYPE_FAST_PATH = 2


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A context cookie. One with a session is CXP's own; what comes in through POST has none and is custom."""

    customer: str
    key: str
    content: str
    channel: str
    service: str
    expires_at: datetime | None
    created_at: datetime
    modified_at: datetime
    session: str | None = None
    session_at: datetime | None = None
    custom: bool = True

    @property
    def name(self) -> tuple[str, str, str]:
        """What tells a customer's settings apart."""
        return (self.key, self.channel, self.service)


@dataclass(frozen=True, kw_only=True)
class Dialog:
    """A running conversation with a disposable app in it."""

    id: str
    context: str
    ends_at: datetime
    variables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Field:
    name: str
    width: int


@dataclass(frozen=True, kw_only=True)
class ContactList:
    id: int
    name: str
    status: int
    list_type: int
    layout: tuple[Field, ...] = ()

    @property
    def width(self) -> int:
        return sum(part.width for part in self.layout)

    @property
    def takes_records(self) -> bool:
        return self.list_type == LIST_TYPE_FAST_PATH


@dataclass(frozen=True, kw_only=True)
class Record:
    request_id: str
    list_id: int
    text: str
    custom: tuple[str, ...]
    session: str | None
    received_at: datetime


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the documents leave open. Lengths are counted in characters."""

    content: int = 4000
    key: int = 64
    settings: int = 100
    """Settings in one POST."""
    results: int = 100
    """Items on one page, whatever maxResults asks for."""
    token_s: int = 3599
    channels: tuple[str, ...] = ("all", "voice", "sms", "chat", "email", "web", "mobile")


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    limit: int = 1000
    window_s: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Window:
    ends_at: float
    used: int


@dataclass(frozen=True, kw_only=True)
class Token:
    scopes: frozenset[str]
    ends_at: datetime


NO_BODY: Any = object()


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong with the next requests. With `status` the work is not done; without, it is done and answered."""

    operation: str | None
    times: int
    match: re.Pattern[str] | None
    status: int | None
    delay_s: float
    headers: Mapping[str, str]
    body: Json
    """NO_BODY where the fault brings none of its own."""
    drop: str | None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One request in the journal; `status` is None where the connection was closed without an answer."""

    time: datetime
    operation: str | None
    method: str
    path: str
    query: str
    status: int | None
    body: bytes


FIRST_NUMBER = 100_000
"""New objects are numbered from here on: far from the ids that a fresh sandbox has."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(kw_only=True)
class State:
    """Whoever reads or writes any of this holds `lock`; nobody holds it while waiting for anything."""

    now: Callable[[], datetime] = utc_now
    pause: Callable[[float], None] = time.sleep
    lock: Any = field(default_factory=RLock)
    changes: int = 0

    settings: dict[str, dict[tuple[str, str, str], Setting]] = field(default_factory=dict)
    """By customer first: clean-outs ask for one customer at a time."""
    dialogs: dict[str, Dialog] = field(default_factory=dict)
    objects: dict[str, dict[str, dict[str, Json]]] = field(default_factory=dict)
    """All else, by collection and id, each as the whole object: see engine/shelves.py."""
    last_number: int = FIRST_NUMBER
    records: list[Record] = field(default_factory=list)
    limits: Limits = Limits()
    rate_limit: RateLimit = RateLimit()

    tokens: dict[str, Token] = field(default_factory=dict)
    windows: dict[tuple[str, str], Window] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    journal: deque[Entry] = field(default_factory=lambda: deque(maxlen=JOURNAL_ENTRIES))

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """As on the first start, but for access tokens: a reset is no reason for clients to sign in again."""
        for held in (self.settings, self.dialogs, self.objects, self.records, self.windows, self.faults, self.journal):
            held.clear()
        self.objects.update(first_objects())
        self.last_number = FIRST_NUMBER
        self.limits = Limits()
        self.rate_limit = RateLimit()

    def new_number(self) -> int:
        """No number is given twice, not even that of something deleted."""
        self.last_number += 1
        return self.last_number

    def all_settings(self) -> Iterator[Setting]:
        for own in self.settings.values():
            yield from own.values()

    def put_setting(self, setting: Setting) -> None:
        self.settings.setdefault(setting.customer, {})[setting.name] = setting

    def remove_setting(self, setting: Setting) -> None:
        own = self.settings[setting.customer]
        del own[setting.name]
        if not own:
            del self.settings[setting.customer]


Work: TypeAlias = Callable[[State, Ask], Reply]
"""What an operation does, with the lock held; it raises a Refusal where it does nothing."""
