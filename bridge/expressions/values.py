"""The values of expressions: what kind they are, how large they may be, and how they read as text."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite
from typing import Any, TypeGuard

from bridge.errors import ExpressionError
from bridge.expressions.missing import Missing
from bridge.expressions.phone import Phone

MAX_TEXT_CHARACTERS = 100_000
MAX_LIST_ITEMS = 10_000
MAX_INTEGER_BITS = 256

KINDS: Mapping[type, str] = {
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    Decimal: "a number",
    list: "a list",
    dict: "a map",
    datetime: "a time",
    Phone: "a phone number",
    type(None): "null",
    Missing: "missing",
}


def kind(value: Any) -> str:
    """The word for messages, which name the kind of a value and never the value."""
    return KINDS.get(type(value), f"of the unknown kind {type(value).__name__}")


def is_number(value: Any) -> TypeGuard[int | float | Decimal]:
    return isinstance(value, NUMBERS) and not isinstance(value, bool)


NUMBERS = (int, float, Decimal)
"""A tuple: to ask for a union takes several times as long, and this is asked for each event."""


def exact(value: Any) -> Any:
    """A float as the decimal number that it reads as, so that 0.8 from JSON and "0.8" from XML are equal."""
    return Decimal(repr(value)) if isinstance(value, float) else value


def as_text(value: Any) -> str:
    """The text of a value, as a cookie or a record carries it; ExpressionError for null and what else has none."""
    if type(value) is str:
        return value
    write = WRITERS.get(type(value)) or _writer_of_relative(value)
    try:
        return write(value)
    except (ArithmeticError, RecursionError, TypeError, ValueError):
        raise ExpressionError(f"{kind(value)} has no text when it is out of range or nested too deeply") from None


def _writer_of_relative(value: Any) -> Callable[[Any], str]:
    for family in (str, Mapping, list | tuple):
        if isinstance(value, family):
            return str if family is str else as_json
    raise ExpressionError(f"a value {kind(value)} has no text")


def _refuse_null(_: None) -> str:
    raise ExpressionError("null has no text; give another value with {{ … or '' }}, or test it with 'is none'")


def _bool_text(value: bool) -> str:
    return "true" if value else "false"


def _number_text(value: float | Decimal) -> str:
    """The shortest text that says it exactly; without an exponent up to 21 digits, as JavaScript does it."""
    number = exact(value)
    if not number.is_finite():
        raise ExpressionError("a number that is infinite, or not a number at all, has no text")
    if not -7 <= number.adjusted() < 21:
        return str(number).lower() if number else "0"
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) if number else "0"


def iso8601(at: datetime) -> str:
    """UTC with milliseconds and Z, as all of Alvaria's APIs write a time; without a zone it counts as UTC."""
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def as_json(value: Any) -> str:
    """Compact JSON, members in their order, other letters than English ones as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_json_member)


def as_data(value: Any) -> Any:
    """The value as JSON can hold it: times and phone numbers as their text."""
    if isinstance(value, Mapping):
        return {name: as_data(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [as_data(inner) for inner in value]
    if isinstance(value, float) and not isfinite(value):
        raise ExpressionError("JSON has no word for a number that is infinite, or not a number at all")
    return value if value is None or isinstance(value, str | int | float) else _json_member(value)


def _json_member(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Decimal):
        number = float(value)
        # A reader of JSON counts in floats; what they cannot hold exactly stays whole as text.
        return number if exact(number) == value else as_text(value)
    return as_text(value)


WRITERS: Mapping[type, Callable[[Any], str]] = {
    bool: _bool_text,
    int: str,
    float: _number_text,
    Decimal: _number_text,
    datetime: iso8601,
    Phone: str,
    dict: as_json,
    list: as_json,
    tuple: as_json,
    type(None): _refuse_null,
}


def refuse_too_large(value: Any) -> None:
    if isinstance(value, str):
        if len(value) > MAX_TEXT_CHARACTERS:
            refuse_long_text(len(value))
    elif type(value) is int and value.bit_length() > MAX_INTEGER_BITS:
        raise ExpressionError(f"the number is larger than {MAX_INTEGER_BITS} bits")


def refuse_long_text(characters: int) -> None:
    if characters > MAX_TEXT_CHARACTERS:
        raise ExpressionError(f"the text is longer than {MAX_TEXT_CHARACTERS:,} characters; cut it with truncate(…)")


def refuse_long_list(items: int) -> None:
    if items > MAX_LIST_ITEMS:
        raise ExpressionError(f"the list is longer than {MAX_LIST_ITEMS:,} items")
