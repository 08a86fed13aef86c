"""Filters over times: a time, ISO 8601 text, or seconds or milliseconds since 1970."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from bridge.errors import ExpressionError
from bridge.expressions import values
from bridge.expressions.values import is_number, kind

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_TEXT = re.compile(r"-?(?:[0-9]{10}|[0-9]{13})(?:\.[0-9]{1,9})?")
FIRST_IN_MS = 100_000_000_000
"""From here on a number is in milliseconds: in seconds it would be the year 5138."""

NO_TIME = "the text is not a time such as 1985-04-12T23:20:50Z"

DIRECTIVES = re.compile(r"%-?(?P<letter>.?)", re.DOTALL)
KNOWN_DIRECTIVES = frozenset("aAbBdfGHIjmMpSuUVwWyYzZ%")


def date(value: Any, format: str) -> str:  # noqa: A002 - the name that authors know from other template languages
    """The time in UTC, written with strftime's letters.

    `{{ '1985-04-12T23:20:50Z' | date('%d.%m.%Y %H:%M') }}` → `12.04.1985 23:20`
    """
    check_format(format)
    return moment(value).strftime(format)


def iso8601(value: Any) -> str:
    """UTC with milliseconds and Z, as Alvaria's APIs take it.

    `{{ '1985-04-12T23:20:50.5256+01:00' | iso8601 }}` → `1985-04-12T22:20:50.525Z`
    """
    return values.iso8601(moment(value))


def add_days(value: Any, days: int) -> datetime:
    """So many days later, or earlier where negative; of 24 hours each.

    `{{ '1985-04-12' | add_days(30) | date('%Y-%m-%d') }}` → `1985-05-12`
    """
    if not isinstance(days, int) or isinstance(days, bool):
        raise ExpressionError(f"add_days wants a whole number of days, not {kind(days)}")
    return moment(value) + timedelta(days=days)


def in_zone(value: Any, zone: str) -> datetime:
    """The moment of a time that is told without a zone, as clocks show it in this one.

    What has a zone already keeps it. An hour that clocks skip counts as if they did not; of one that they show twice,
    the first is meant.

    `{{ '2026-07-01T15:00' | in_zone('America/New_York') | iso8601 }}` → `2026-07-01T19:00:00.000Z`
    """
    check_zone(zone)
    if isinstance(value, str) and not EPOCH_TEXT.fullmatch(value):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            raise ExpressionError(NO_TIME) from None
        value = found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))
    return moment(value)


def check_zone(zone: object) -> None:
    """Only names of the tz database, such as Europe/Berlin."""
    if not isinstance(zone, str):
        raise ExpressionError(f"in_zone takes the zone's name as text, not {kind(zone)}")
    try:
        ZoneInfo(zone)
    except (LookupError, OSError, ValueError):
        raise ExpressionError("in_zone does not know the zone; write one such as 'America/New_York'") from None


def moment(value: Any) -> datetime:
    """In UTC; text without a zone counts as UTC."""
    if isinstance(value, datetime):
        return _in_utc(value)
    if is_number(value) or (isinstance(value, str) and EPOCH_TEXT.fullmatch(value)):
        return _since_epoch(Decimal(str(value)))
    if not isinstance(value, str):
        raise ExpressionError(f"a time was expected, not {kind(value)}")
    try:
        return _in_utc(datetime.fromisoformat(value))
    except ValueError:
        raise ExpressionError(NO_TIME) from None


def _in_utc(at: datetime) -> datetime:
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def _since_epoch(number: Decimal) -> datetime:
    seconds = number / 1000 if abs(number) >= FIRST_IN_MS else number
    return EPOCH + timedelta(microseconds=int(seconds * 1_000_000))


def check_format(format: object) -> None:  # noqa: A002 - as above
    """Only the letters that every platform writes alike; a width such as %999d would fill the memory."""
    if not isinstance(format, str):
        raise ExpressionError(f"date takes its format as text, not {kind(format)}")
    if any(found["letter"] not in KNOWN_DIRECTIVES for found in DIRECTIVES.finditer(format)):
        raise ExpressionError("date does not know a letter after % in its format; write one such as '%Y-%m-%d %H:%M'")
