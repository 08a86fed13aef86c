"""Filters that make and write phone numbers."""

import unicodedata
from typing import Any

from bridge.errors import ExpressionError
from bridge.expressions.phone import Phone, read_phone
from bridge.expressions.values import as_text, is_number, kind


def phone(value: Any, region: str | None = None) -> Phone:
    """A phone number, checked; `region` is how it is dialled where it does not begin with +.

    `{{ '(212) 555-0123' | phone('US') }}` → `+12125550123`
    """
    if isinstance(value, Phone):
        return value
    if not isinstance(value, str) and not is_number(value):
        raise ExpressionError(f"phone wants text, not {kind(value)}")
    return read_phone(as_text(value), region)


def e164(value: Any) -> str:
    """+, country code and number.

    `{{ '0171 2345678' | phone('DE') | e164 }}` → `+491712345678`
    """
    return str(phone(value))


def national(value: Any) -> str:
    """The national significant number: digits only, no country code, no trunk prefix.

    `{{ '+1 212 555 0123' | phone | national }}` → `2125550123`
    """
    return phone(value).national


def digits(value: Any) -> str:
    """Only the digits, leading zeros too.

    `{{ '0171 234' | digits }}` → `0171234`
    """
    return "".join(str(unicodedata.decimal(each)) for each in as_text(value) if each.isdecimal())
