"""One event before its mapping: what all its rules see, and how they ask for values."""

from collections.abc import Callable, Collection, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bridge.alvaria.limits import Limits
from bridge.errors import BridgeError, ExpressionError
from bridge.expressions import Template, as_text
from bridge.mappings.rules import Mapping
from bridge.model import CookieName, Event, Json, Stamp


class NotTranslated(BridgeError):
    """Why a rule makes nothing of an event. The text is the outcome's reason: it holds no values."""


class Rejected(NotTranslated):
    """The rule should have made something and could not."""


class Ignored(NotTranslated):
    """There was nothing to make."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is known when an event is translated; nothing in it changes meanwhile."""

    mapping: Mapping
    event: Event
    scope: Map[str, Any]
    customers: tuple[str, ...]
    customers_problem: str | None
    """Why the customers could not be told; only the rules that need them are rejected for it."""
    written: Callable[[], Sequence[CookieName]]
    has_ended: bool
    """The event is one of a record that has ended in this one."""
    now: datetime
    limits: Limits
    at: Stamp
    stamp: str
    """The same as text."""
    fields: Map[str, tuple[Json, Stamp]] = field(default_factory=dict)
    """What is remembered of the record, each value with the change that it comes from."""

    def stamp_of(self, uses: Collection[str]) -> str:
        """As text, the newest change in a value that is made of these."""
        found = self.changed_by(uses)
        return self.stamp if found is self.at else found.as_text()

    def changed_by(self, uses: Collection[str]) -> Stamp:
        """The newest change in a value that is made of these: of what is remembered the one that it comes from.

        So a late event that knows the newest of one field does not make an old value of another one look new.
        """
        known = [self.fields[use.removeprefix("record.")][1] for use in uses if self._is_remembered(use)]
        return max(known) if known and len(known) == len(uses) else max([self.at, *known])

    def _is_remembered(self, use: str) -> bool:
        return use.startswith("record.") and use.removeprefix("record.") in self.fields

    def needed_customers(self) -> tuple[str, ...]:
        if self.customers_problem is not None:
            raise Rejected(self.customers_problem)
        if not self.customers:
            raise Ignored("the record has no customer id yet: every entry of `customer` is empty or missing")
        return self.customers


def order_key(event: Event, *before: str) -> str:
    """What is done in order. Cookies need none: the newest change of each wins."""
    return ":".join((*before, event.source, event.record_id))


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a rule asks of one operation; it becomes a delivery."""

    operation: str
    order_key: str = ""
    params: Map[str, Json] = field(default_factory=dict)
    body: Json = None
    customers: tuple[str, ...] = ()
    expires_at: datetime | None = None
    stamps: tuple[str, ...] = ()
    """Of each cookie that it writes or deletes, in their order; empty: the event's own."""
    repeatable: bool | None = None
    """None: as the operation's contract says."""


def value_of(template: Template, scope: Map[str, Any], at: str) -> Any:
    """The value; where the expression fails the rule is rejected, and `at` says which member it was."""
    try:
        return template(scope)
    except ExpressionError as error:
        raise Rejected(f"{at}: {error}") from None


def text_of(template: Template, scope: Map[str, Any], at: str) -> str:
    """The value as text; null has none."""
    if template.fixed is not None:
        return template.fixed
    return _text(value_of(template, scope, at), at)


def text_or_empty(template: Template, scope: Map[str, Any], at: str) -> str:
    """As `text_of`, with empty text for null."""
    value = value_of(template, scope, at)
    return "" if value is None else _text(value, at)


def _text(value: Any, at: str) -> str:
    try:
        return as_text(value)
    except ExpressionError as error:
        raise Rejected(f"{at}: {error}") from None


def holds(template: Template | None, scope: Map[str, Any], at: str) -> bool:
    """True or false; null and empty text count as false, and nothing else is guessed at.

    Texts such as "false", which XML is full of, would otherwise pass for true.
    """
    if template is None:
        return True
    value = value_of(template, scope, at)
    if value is None or value == "":
        return False
    if not isinstance(value, bool):
        raise Rejected(f"{at}: gives neither true nor false; compare it, as in {{{{ … == 'true' }}}}")
    return value
