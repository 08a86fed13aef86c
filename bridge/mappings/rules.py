"""A mapping as it is after loading: frozen values with every expression compiled."""

from collections import abc
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeAlias

from bridge.expressions import Template
from bridge.mappings.layout import Layout
from bridge.mappings.tree import Tree
from bridge.model import Json
from bridge.sources.source import Source

NAMES = frozenset({"event", "record", "previous", "changed", "body", "headers", "tables"})
"""What an expression of a mapping may speak of."""


class OnEmpty(StrEnum):
    """What a setting does when its content is null or empty text: the CRM's field was cleared."""

    DELETE = "delete"
    SKIP = "skip"
    WRITE = "write"
    ERROR = "error"


class OnCustomerChange(StrEnum):
    """What becomes of a record's cookies when it has other customers than before."""

    MOVE = "move"
    KEEP = "keep"
    FORGET = "forget"


@dataclass(frozen=True, kw_only=True)
class SettingRule:
    """One setting of a group; the mapping's defaults are already in it."""

    key: Template
    content: Template
    channel: Template
    service: Template
    expires: timedelta | Template
    on_empty: OnEmpty
    when: Template | None = None
    uses: frozenset[str] = frozenset()
    """What its value is made of; see Template.uses."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Settings that are written together or not at all."""

    settings: tuple[SettingRule, ...]


@dataclass(frozen=True, kw_only=True)
class FastPath:
    """One FastPath record in a list, laid out by fixed-width fields."""

    list: Template
    layout: Layout
    fields: abc.Mapping[str, Template]
    custom: tuple[Template, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Forget:
    """Delete what the bridge wrote for the record's customers."""


@dataclass(frozen=True, kw_only=True)
class OtherOperation:
    """One request of any operation that writes."""

    id: str
    params: abc.Mapping[str, Tree]
    body: Tree | None = None
    repeatable: bool | None = None
    """Whether the same request twice does no more than once; None: as the contract says."""
    order_by: Template | None = None
    """What has the same text goes out in order; None: what one record asks of this operation."""


Action: TypeAlias = Group | FastPath | Forget | OtherOperation


@dataclass(frozen=True, kw_only=True)
class Once:
    """At most one translation per value of `per`; for ever where `within` is None."""

    per: Template
    within: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class Stops:
    """Whose waiting deliveries are not sent any more, of these operations."""

    customer: Template
    operations: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Rule:
    name: str
    action: Action
    when: Template | None = None
    once: Once | None = None
    hold: bool = False
    """Where one that it made is dead, the next for the same record waits for a person."""
    stops: Stops | None = None
    line: int = 1

    @property
    def forget(self) -> bool:
        """Whether it needs to know what was written for the record."""
        return isinstance(self.action, Forget)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A test that a mapping brings along: what is given, and all that is to happen."""

    name: str
    given: abc.Mapping[str, Json]
    expect: abc.Mapping[str, Json]
    line: int = 1


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """One mapping file. Without `rules` (None) they are broken: receiving goes on, events wait."""

    name: str
    """The source's name: the end of /webhooks/<name>."""
    file: str
    version: str
    """Short hash over the text of the file and of the layouts that it uses."""
    source: Source
    customers: tuple[Template, ...] = ()
    on_customer_change: OnCustomerChange = OnCustomerChange.MOVE
    key_prefix: str = ""
    tables: abc.Mapping[str, abc.Mapping[str, Any]] = field(default_factory=dict)
    owns: tuple[str, ...] = ()
    """The keys whose value here counts, where others write the same cookie: a statement for `bridge check`."""
    rules: tuple[Rule, ...] | None = None
    tests: tuple[Trial, ...] = ()
    texts: abc.Mapping[str, str] = field(default_factory=dict, repr=False)
    """The files that it was read from, by name: enough to load this very version again."""
