"""+ - * / // % over numbers, exact in decimals; + also joins two texts or two lists; nothing else."""

import operator
from collections.abc import Callable, Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from bridge.errors import ExpressionError
from bridge.expressions.missing import refuse_missing
from bridge.expressions.values import exact, is_number, kind, refuse_long_list, refuse_long_text, refuse_too_large


def compute(sign: str, left: Any, right: Any) -> Any:
    """Raise ExpressionError where the kinds do not fit: text times a number would be a way to fill the memory."""
    refuse_missing(left, right)
    if is_number(left) and is_number(right):
        result = _number(sign, left, right)
        refuse_too_large(result)
        return result
    if sign == "+" and isinstance(left, str) and isinstance(right, str):
        refuse_long_text(len(left) + len(right))
        return left + right
    if sign == "+" and isinstance(left, list) and isinstance(right, list):
        refuse_long_list(len(left) + len(right))
        return left + right
    raise ExpressionError(
        f"{kind(left)} {sign} {kind(right)} cannot be computed; make numbers with | number, join text with ~"
    )


def _number(sign: str, left: Any, right: Any) -> int | float | Decimal:
    if isinstance(left, int) and isinstance(right, int):
        return WHOLE[sign](left, right)
    result = DECIMAL[sign](exact(left), exact(right))
    # Decimals only among decimals: JSON has none, and a float says the same in up to 15 digits.
    return result if isinstance(left, Decimal) or isinstance(right, Decimal) else float(result)


def _floor_divided(left: Decimal, right: Decimal) -> Decimal:
    # Decimal's own // and % cut towards zero, while those of integers go down.
    return (left / right).to_integral_value(ROUND_FLOOR)


WHOLE: Mapping[str, Callable[[Any, Any], int | float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}

DECIMAL: Mapping[str, Callable[[Any, Any], Decimal]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": _floor_divided,
    "%": lambda left, right: left - right * _floor_divided(left, right),
}
