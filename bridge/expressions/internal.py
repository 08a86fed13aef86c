"""What the language itself is made of: filters that the grammar puts in, and nobody can write."""

from collections.abc import Mapping
from typing import Any

from bridge.expressions.list_filters import concatenate
from bridge.expressions.missing import Missing, member, refuse_missing
from bridge.expressions.values import exact


def whole_literal(value: list[Any] | dict[Any, Any]) -> Any:
    """A list or map written out in an expression, when nothing in it is missing."""
    refuse_missing(*(value if isinstance(value, list) else (*value, *value.values())))
    return value


def present(value: Any) -> Any:
    if type(value) is Missing:
        value.fail()
    return value


def comparable(value: Any) -> Any:
    return exact(present(value))


MEMBER = "(member)"
CONCATENATE = "(~)"
LITERAL = "(literal)"
PRESENT = "(present)"
EXACT = "(exact)"
# The brackets keep these names out of reach of those who write expressions.
INTERNAL: Mapping[str, Any] = {
    MEMBER: member,
    CONCATENATE: concatenate,
    LITERAL: whole_literal,
    PRESENT: present,
    EXACT: comparable,
}

NO_ELSE = Missing(name="the value of an if without else")
