"""Filters over numbers; all of them read text as `number` does, and an unreadable one is an error."""

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from bridge.errors import ExpressionError
from bridge.expressions.values import exact, is_number, kind, refuse_too_large

NUMBER = re.compile(r"\s*[+-]?[0-9]{1,77}(?:\.[0-9]{1,77})?(?:[eE][+-]?[0-9]{1,2})?\s*")
ROUNDING = {"common": ROUND_HALF_UP, "ceil": ROUND_CEILING, "floor": ROUND_FLOOR}
MAX_DECIMALS = 15

NO_DEFAULT: Any = object()


def number(value: Any) -> int | float | Decimal:
    """The number that a text says, exactly; whole ones are integers.

    `{{ '80.50' | number + 1 }}` → `81.5`
    """
    if is_number(value):
        return value
    if not isinstance(value, str):
        raise ExpressionError(f"a number was expected, not {kind(value)}")
    if not NUMBER.fullmatch(value):
        raise ExpressionError("the text is not a number such as 1234.5" if value else "empty text is not a number")
    return _shortest(Decimal(value.strip()))


def _shortest(found: Decimal) -> int | float | Decimal:
    if found == found.to_integral_value():
        return int(found)
    close = float(found)
    return close if exact(close) == found else found


def whole(value: Any, default: Any = NO_DEFAULT) -> Any:
    """The whole part; `default` is for what is no number.

    `{{ '42.9' | int }}` → `42`
    """
    try:
        return int(number(value))
    except ExpressionError:
        if default is NO_DEFAULT:
            raise
        return default


def floating(value: Any, default: Any = NO_DEFAULT) -> Any:
    """A number with a fraction; `default` is for what is no number.

    `{{ 'n/a' | float(0.5) }}` → `0.5`
    """
    try:
        return float(number(value))
    except ExpressionError:
        if default is NO_DEFAULT:
            raise
        return default


def absolute(value: Any) -> int | float | Decimal:
    """Without its sign.

    `{{ '-3' | abs }}` → `3`
    """
    found = number(value)
    return -found if found < 0 else found


def rounded(value: Any, precision: int = 0, method: str = "common") -> int | float | Decimal:
    """To so many decimals, the half away from zero; `method` may be common, ceil or floor.

    `{{ 2.675 | round(2) }}` → `2.68`
    """
    if method not in ROUNDING:
        raise ExpressionError("round knows the methods 'common', 'ceil' and 'floor'")
    return _shortest(_quantized(value, precision, ROUNDING[method]))


def money(value: Any) -> str:
    """Two decimals, a point, no separators.

    `{{ '1234.5' | money }}` → `1234.50`
    """
    return f"{_quantized(value, 2, ROUND_HALF_UP):f}"


def _quantized(value: Any, precision: Any, rounding: str) -> Decimal:
    if not isinstance(precision, int) or not 0 <= precision <= MAX_DECIMALS:
        raise ExpressionError(f"round takes 0 to {MAX_DECIMALS} decimals")
    found = number(value)
    refuse_too_large(found)
    # Adding nothing turns -0 into 0.
    return Decimal(exact(found)).quantize(Decimal(1).scaleb(-precision), rounding=rounding) + 0
