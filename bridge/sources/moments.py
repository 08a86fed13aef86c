"""A CRM's way to write a time <-> a moment in UTC, one entry per format."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?")
TOO_LONG = 10**18
FIRST_IN_MS = 100_000_000_000
"""From here on a number of unknown unit is in milliseconds: in seconds it would be the year 5138."""


def moment(value: Any, written: str, zone: tzinfo | None = None) -> datetime:
    """Raise ValueError, without the value, where it is not a time in the format `written`.

    `zone` is what a time without one means; where it is None, such a time is refused.
    """
    try:
        found = READERS[written](value)
        if found.tzinfo is None and zone is None:
            # To guess a zone would put the newest change in the wrong order, silently.
            raise ValueError("has no time zone; the sender must add one, such as Z or +02:00, or the source say zone:")
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None


def _from_ms(value: Any) -> datetime:
    if type(value) is int and abs(value) < TOO_LONG:  # as nearly all are
        return EPOCH + timedelta(milliseconds=value)
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
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("is not a time such as 2026-05-12T09:30:00Z") from None


def from_dotnet(value: Any) -> datetime:
    """/Date(1778578197000+0200)/: milliseconds in UTC; the offset is only how it was shown."""
    found = DOTNET.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise ValueError("is not a time such as /Date(1778578197000)/")
    return _from_ms(found[1])


DOTNET = re.compile(r"/Date\((-?[0-9]{1,18})(?:[+-][0-9]{4})?\)/")


def _from_any(value: Any) -> datetime:
    if isinstance(value, str) and value.startswith("/Date("):
        return from_dotnet(value)
    if isinstance(value, str) and not NUMBER.fullmatch(value):
        return _from_iso8601(value)
    return _from_ms(value) if abs(_number(value)) >= FIRST_IN_MS else _from_s(value)


READERS: Mapping[str, Callable[[Any], datetime]] = {
    "ms": _from_ms,
    "s": _from_s,
    "iso8601": _from_iso8601,
    "dotnet": from_dotnet,
    "any": _from_any,
}

WRITERS: Mapping[str, Callable[[datetime], str]] = {
    "ms": lambda at: str((at - EPOCH) // timedelta(milliseconds=1)),
    "s": lambda at: str((at - EPOCH) // timedelta(seconds=1)),
    "iso8601": lambda at: at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
}
