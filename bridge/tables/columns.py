"""The kinds of columns, and of indexes, that the tables are made of."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, MetaData, Text, TypeDecorator, text

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s"}
)

Bind: TypeAlias = Callable[[Any], Any]

# The types below turn values into what a driver takes by `bind_processor`, which is asked for once for each statement.
# By `process_bind_param`, SQLAlchemy would call three functions for each value of each row.


class Utc(TypeDecorator[datetime]):
    """An aware UTC time; SQLite, which has no such type, gets it as text without its zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Bind | None:
        return utc_text if dialect.name == "sqlite" else None

    def result_processor(self, dialect: Dialect, coltype: Any) -> Bind:
        return _of_text if dialect.name == "sqlite" else _in_utc


def utc_text(value: datetime | None) -> str | None:
    """Without its zone; all of one length, so that they sort by time."""
    if value is None:
        return None
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat(" ", "microseconds")[:TEXT_LENGTH]


TEXT_LENGTH = len("2026-05-12 09:30:00.000000")


def _of_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


def _in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


class Plain(TypeDecorator[str]):
    """Text that every database takes: NUL and lone surrogates, which JSON may carry, become U+FFFD."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Bind:
        return _plain_or_none


def _plain_or_none(text: str | None) -> str | None:
    return None if text is None else plain(text)


def plain(text: str) -> str:
    """The text as a database keeps it."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class JsonText(TypeDecorator[Any]):
    """JSON as text, with its big integers exact; databases' own JSON types would round or refuse some of it."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Bind:
        return _json_or_none

    def result_processor(self, dialect: Dialect, coltype: Any) -> Bind:
        return _loads_or_none


def _loads_or_none(text: str | None) -> Any:
    return None if text is None else json.loads(text)


_encode = json.JSONEncoder(separators=(",", ":")).encode
"""Made once: json.dumps would make an encoder each time."""


def _json_or_none(value: Any) -> str | None:
    return None if value is None else _encode(value)


Id = BigInteger().with_variant(Integer, "sqlite")


def only(condition: str) -> dict[str, Any]:
    """An index over the few rows that still matter, so that no scan grows with history."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
