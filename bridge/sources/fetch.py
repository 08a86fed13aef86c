"""What a source reads from its CRM before an event is translated: from where, as whom, how often."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias
from urllib.parse import quote, urlsplit

from bridge.errors import ExpressionError
from bridge.expressions import Template, as_text
from bridge.expressions.template import Compute
from bridge.model import Event, Scope

EVENT = frozenset({"event", "record", "previous", "changed", "body", "headers"})
"""What an expression about the event may speak of."""


@dataclass(frozen=True, kw_only=True)
class Address:
    """A URL whose host is written out, and of which a computed piece can never become more than one piece."""

    pieces: tuple[str | Template, ...]

    def __call__(self, scope: Scope) -> str:
        """Raises ExpressionError, which names the expression and never a value."""
        url = "".join(piece if isinstance(piece, str) else _encoded(piece, scope) for piece in self.pieces)
        # Whoever sends a request resolves these, and would ask for something else.
        if {".", ".."}.intersection(urlsplit(url).path.split("/")):
            raise ExpressionError("a part of the path is . or .., which is no id")
        return url

    @property
    def host(self) -> str:
        return urlsplit(str(self.pieces[0])).netloc


def _encoded(piece: Template, scope: Scope) -> str:
    try:
        text = quote(as_text(piece(scope)), safe="")
    except UnicodeEncodeError:
        raise ExpressionError(f"{piece.text}: a letter that no URL can hold") from None
    if not text:
        raise ExpressionError(f"{piece.text}: is empty, and the URL without it would mean something else")
    return text


@dataclass(frozen=True, kw_only=True)
class Key:
    """A secret that is sent in a header; while it has several values, the next one where one is refused."""

    header: str
    secret: str
    scheme: str = ""

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.secret,)


@dataclass(frozen=True, kw_only=True)
class OAuth:
    """A token that is fetched with client credentials, or with a refresh token where there is one. Secrets by name."""

    token_url: Address
    client_id: str
    client_secret: str
    refresh_token: str | None = None
    scope: str = ""
    scheme: str = "Bearer"

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(name for name in (self.client_id, self.client_secret, self.refresh_token) if name)


Auth: TypeAlias = Key | OAuth


@dataclass(frozen=True, kw_only=True)
class Rate:
    """At most `limit` requests within any `per`."""

    limit: int
    per: timedelta


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One request that reads many records."""

    url: Address
    each: Compute
    """What stands for one record in the list `ids`."""
    body: Compute
    most: int
    records: Template
    id: Template
    record: Template


@dataclass(frozen=True, kw_only=True)
class FetchPlan:
    """How the record of an event is read from the CRM."""

    url: Address
    auth: Auth
    record: Template
    when: Template | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cache: timedelta = timedelta(0)
    """How long a read serves the events whose change it has seen."""
    rate: Rate | None = None
    batch: Batch | None = None
    give_up: timedelta


def address_for(plan: FetchPlan | None, event: Event) -> str | None:
    """From where the event's record is to be read; None where nothing is. Raises ExpressionError."""
    if plan is None:
        return None
    scope = event.scope()
    return plan.url(scope) if _is_needed(plan.when, scope) else None


def _is_needed(when: Template | None, scope: Scope) -> bool:
    if when is None:
        return True
    value = when(scope)
    if value is None or value == "":
        return False
    if not isinstance(value, bool):
        raise ExpressionError(f"fetch.when: {when.text}: is neither true nor false; compare it with something")
    return value


def shown(plan: FetchPlan | None, event: Event) -> str:
    """What would be read, for a person who looks on before anything is; empty where nothing would be."""
    try:
        url = address_for(plan, event)
    except ExpressionError as error:
        return f"cannot be read: {error}"
    return f"GET {url} (not read)" if url else ""
