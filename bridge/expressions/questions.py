"""All tests of the language: what may stand behind `is`."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from bridge.expressions.filters import Function, strict
from bridge.expressions.missing import Missing
from bridge.expressions.values import exact, is_number


def is_defined(value: Any) -> bool:
    return type(value) is not Missing


def is_undefined(value: Any) -> bool:
    return type(value) is Missing


def _compared(compare: Callable[[Any, Any], bool]) -> Function:
    def call(value: Any, other: Any) -> bool:
        return compare(exact(value), exact(other))

    return call


def _contained(value: Any, container: Any) -> bool:
    return value in container


STRICT: Mapping[str, Function] = {
    "empty": lambda value: value is None or value == "",
    "eq": _compared(operator.eq),
    "even": lambda value: value % 2 == 0,
    "false": lambda value: value is False,
    "ge": _compared(operator.ge),
    "gt": _compared(operator.gt),
    "in": _contained,
    "le": _compared(operator.le),
    "lt": _compared(operator.lt),
    "mapping": lambda value: isinstance(value, Mapping),
    "ne": _compared(operator.ne),
    "none": lambda value: value is None,
    "null": lambda value: value is None,
    "number": is_number,
    "odd": lambda value: value % 2 == 1,
    "sequence": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "true": lambda value: value is True,
}

QUESTIONS: Mapping[str, Function] = {
    **{name: strict(function) for name, function in STRICT.items()},
    # The two that exist to be asked about what is missing.
    "defined": is_defined,
    "undefined": is_undefined,
}
