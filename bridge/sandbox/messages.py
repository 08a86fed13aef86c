"""An Ask comes in, a Reply or a Refusal is the work's word on it, and Sent is what goes over the wire."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from bridge.sandbox.engine.contracts import Described

Json: TypeAlias = Any


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One HTTP request. Header names are in lower case; `path` is decoded, `query` holds every value of a name."""

    method: str
    path: str
    raw_query: str = ""
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    params: Mapping[str, str] = field(default_factory=dict)
    """What stood in the braces of the path's template."""
    operation: "Described | None" = None
    """What the contract says of the request's operation. This and what follows is there once the request is checked."""
    given: Mapping[str, Json] = field(default_factory=dict)
    """The parameters of path, query and header as values of their types, with the defaults of those left out."""
    json: Json = None
    """The body's values."""

    @property
    def told(self) -> "Described":
        """The operation of a checked request."""
        assert self.operation is not None  # noqa: S101 - who asks for it works for an operation of a contract
        return self.operation

    def first(self, name: str) -> str | None:
        """The first value of a query parameter, or None where it is absent."""
        return self.query[name][0] if name in self.query else None


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A status and a body: JSON's values, a text that goes out as it is, or None for no body at all."""

    status: int = 200
    body: Json = None
    root: str = "ErrorResponse"
    """The schema's name: XML's outermost element."""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Sent:
    status: int
    headers: Mapping[str, str]
    content: bytes


class Refusal(Exception):
    """The work was not done. `reason` is the machine's word where the document has one."""

    def __init__(self, status: int, *messages: str, reason: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__("; ".join(messages))
        self.status = status
        self.messages = messages
        self.reason = reason
        self.headers = headers or {}
