"""Jinja2's immutable sandbox, tightened: members are items, nothing can be called, no size is without end."""

from collections.abc import Mapping
from typing import Any

from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bridge.expressions.arithmetic import WHOLE, compute
from bridge.expressions.filters import FILTERS, strict
from bridge.expressions.list_filters import concatenate
from bridge.expressions.missing import Missing, member, refuse_missing
from bridge.expressions.questions import QUESTIONS
from bridge.expressions.values import exact


class Sandbox(ImmutableSandboxedEnvironment):
    """The compiled expressions reach members through the filter `MEMBER`; the methods here are the second fence."""

    intercepted_binops = frozenset(WHOLE)
    no_else = Missing(name="the value of an if without else")

    def getattr(self, obj: Any, attribute: str) -> Any:
        return member(obj, attribute, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        return member(obj, argument, "[…]")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        return compute(operator, left, right)

    def is_safe_callable(self, obj: Any) -> bool:
        return False


def whole_literal(value: list[Any] | dict[Any, Any]) -> Any:
    """A list or map written out in an expression, when nothing in it is missing."""
    refuse_missing(*(value if isinstance(value, list) else (*value, *value.values())))
    return value


def present(value: Any) -> Any:
    return value


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
    PRESENT: strict(present),
    EXACT: strict(exact),
}

# Constants are not folded: that would carry out filters while a mapping is loaded.
SANDBOX = Sandbox(undefined=Missing, optimized=False, keep_trailing_newline=True, cache_size=0)
SANDBOX.globals.clear()
SANDBOX.filters.clear()
SANDBOX.filters.update(FILTERS)
SANDBOX.filters.update(INTERNAL)
SANDBOX.tests.clear()
SANDBOX.tests.update(QUESTIONS)
