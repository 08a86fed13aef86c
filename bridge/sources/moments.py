"""A CRM's way to write a time <-> a moment in UTC, one entry per format."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?")
FIRST_IN_MS = 100_000_000_000
"""From here on a number of unknown unit is in milliseconds: in seconds it would be the year 5138."""


def moment(value: Any, written: str) -> datetime:
    """Raise ValueError, without the value, where it is not a time in the format `written`."""
    try:
        return READERS[written](value).astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None


def _from_ms(value: Any) -> datetime:
    return EPOCH + timedelta(microseconds=int(_number(value) * 1_000))


def _from_s(value: Any) -> datetime:
    return EPOCH + timedelta(microseconds=int(_number(value) * 1_000_000))


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str) or not NUMBER.fullmatch(str(value)):
        raise ValueError("is not a number")
    return Decimal(str(value))


def _from_iso8601(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError("is not a text such as 2026-05-12T09:30:00Z")
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("is not a time such as 2026-05-12T09:30:00Z") from None
    if found.tzinfo is None:
        # To guess a zone would put the newest change in the wrong order, silently.
        raise ValueError("has no time zone; the sender must add one, such as Z or +02:00")
    return found


def _from_either(value: Any) -> datetime:
    if isinstance(value, str) and not NUMBER.fullmatch(value):
        return _from_iso8601(value)
    return _from_ms(value) if abs(_number(value)) >= FIRST_IN_MS else _from_s(value)


READERS: Mapping[str, Callable[[Any], datetime]] = {
    "ms": _from_ms,
    "s": _from_s,
    "iso8601": _from_iso8601,
    "any": _from_either,
}

WRITERS: Mapping[str, Callable[[datetime], str]] = {
    "ms": lambda at: str((at - EPOCH) // timedelta(milliseconds=1)),
    "s": lambda at: str((at - EPOCH) // timedelta(seconds=1)),
    "iso8601": lambda at: at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
}
