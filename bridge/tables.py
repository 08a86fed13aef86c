"""Every table of the database on one page."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)


class Utc(TypeDecorator[datetime]):
    """An aware UTC time; SQLite, which has no such type, gets it without its zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Plain(TypeDecorator[str]):
    """Text that every database takes: NUL and lone surrogates, which JSON may carry, become U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else plain(value)


def plain(text: str) -> str:
    """The text as a database keeps it."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class JsonText(TypeDecorator[Any]):
    """JSON as text, with its big integers exact; databases' own JSON types would round or refuse some of it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s"}
)
Id = BigInteger().with_variant(Integer, "sqlite")


def only(condition: str) -> dict[str, Any]:
    """An index over the few rows that still matter, so that no scan grows with history."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source", Plain, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("method", Plain, nullable=False),
    Column("url", Plain, nullable=False),
    Column("headers", JsonText, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", Plain, nullable=False),
    Column("problem", Plain),
    sqlite_autoincrement=True,
)

events = Table(
    "events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("webhook_id", Id, ForeignKey("webhooks.id"), nullable=False, index=True),
    Column("source", Plain, nullable=False),
    Column("dedup_key", Plain, nullable=False),
    Column("type", Plain, nullable=False),
    Column("record_id", Plain, nullable=False),
    Column("crm_id", Plain, nullable=False),
    Column("tenant", Plain, nullable=False),
    Column("occurred_at", Utc, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("payload", JsonText, nullable=False),  # record, previous, changed, body
    Column("state", Plain, nullable=False),
    Column("problem", Plain),
    Column("translation", Integer, nullable=False, default=1),  # grows with each replay
    Column("times_seen", Integer, nullable=False, default=1),
    Index("ix_events_dedup", "source", "dedup_key"),
    Index("ix_events_new", "id", **only("state = 'new'")),
    Index("ix_events_record", "source", "record_id"),
    sqlite_autoincrement=True,
)

seen = Table(
    "seen",
    metadata,
    Column("source", Plain, primary_key=True),
    Column("key", Plain, primary_key=True),
    Column("until", Utc),  # none: for ever
)
"""The keys of events that we have: what comes again before `until` is a repetition."""

outcomes = Table(
    "outcomes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("event_id", Id, ForeignKey("events.id"), nullable=False),
    Column("translation", Integer, nullable=False),
    Column("rule", Plain, nullable=False),
    Column("kind", Plain, nullable=False),
    Column("reason", Plain, nullable=False),
    Column("mapping_version", Plain, nullable=False),
    Column("at", Utc, nullable=False),
    UniqueConstraint("event_id", "rule", "translation"),
    sqlite_autoincrement=True,
)

onces = Table(
    "onces",
    metadata,
    Column("source", Plain, primary_key=True),
    Column("rule", Plain, primary_key=True),
    Column("key", Plain, primary_key=True),
    Column("until", Utc),  # none: for ever
    Column("event_id", Id, ForeignKey("events.id"), nullable=False, index=True),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("event_id", Id, ForeignKey("events.id"), nullable=False),
    Column("rule", Plain, nullable=False),
    Column("item", Integer, nullable=False),
    Column("mapping_version", Plain, nullable=False),
    Column("operation", Plain, nullable=False),
    Column("params", JsonText, nullable=False),
    Column("body", JsonText),
    Column("customers", JsonText, nullable=False),
    Column("order_key", Plain, nullable=False),
    Column("repeatable", Boolean, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("expires_at", Utc),
    Column("priority", Integer, nullable=False),
    Column("state", Plain, nullable=False),
    Column("reason", Plain, nullable=False, default=""),
    Column("attempts", Integer, nullable=False, default=0),
    Column("waiting_since", Utc, nullable=False),  # its making, or a person's order to try again
    Column("due_at", Utc, nullable=False),
    Column("claimed_by", Plain),
    Column("claimed_until", Utc),
    Column("finished_at", Utc),
    Index("ix_deliveries_waiting", "priority", "id", **only("state = 'waiting'")),
    Index("ix_deliveries_claimed", "claimed_until", **only("state = 'claimed'")),
    Index("ix_deliveries_order", "order_key", "id", **only("state IN ('waiting', 'claimed', 'unknown')")),
    Index("ix_deliveries_event", "event_id", "rule"),
    Index("ix_deliveries_failed", "state", "id", **only("state IN ('dead', 'unknown')")),
    sqlite_autoincrement=True,
)

delivery_customers = Table(
    "delivery_customers",
    metadata,
    Column("customer", Plain, primary_key=True),
    Column("delivery_id", Id, ForeignKey("deliveries.id"), primary_key=True, index=True),
)
"""Whom a delivery is about, so that all of one customer's are found without reading the others."""

attempts = Table(
    "attempts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("delivery_id", Id, ForeignKey("deliveries.id"), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("worker", Plain, nullable=False),
    Column("status", Integer),  # none: no answer came
    Column("message", Plain, nullable=False),
    Column("took_s", Float, nullable=False),
    Column("verdict", Plain, nullable=False),
    sqlite_autoincrement=True,
)

cookies = Table(
    "cookies",
    metadata,
    Column("customer", Plain, primary_key=True),
    Column("key", Plain, primary_key=True),
    Column("channel", Plain, primary_key=True),
    Column("service", Plain, primary_key=True),
    Column("source", Plain, nullable=False),
    Column("record_id", Plain, nullable=False),
    Column("rule", Plain, nullable=False),
    Column("content_sha256", Plain),  # none until Alvaria has accepted a value
    Column("changed_at", Utc, nullable=False),
    Column("expires_at", Utc),
    Column("delivered_at", Utc),
    Column("deleted_at", Utc),
    Column("asked_by", Id),  # the newest delivery that writes or deletes it
    Column("written_by", Id),  # the delivery that Alvaria has accepted it from
    Index("ix_cookies_record", "source", "record_id"),
)

records = Table(
    "records",
    metadata,
    Column("source", Plain, primary_key=True),
    Column("record_id", Plain, primary_key=True),
    Column("customers", JsonText, nullable=False),  # {place in the mapping's `customer`: [id, stamp]}
    Column("fields", JsonText, nullable=False),  # {name: [value, stamp]}
    Column("forgotten", JsonText),  # a stamp
    Column("joined_to", Plain),  # the id of the record that it ended in
    Column("updated_at", Utc, nullable=False),
    Index("ix_records_joined", "source", "joined_to", **only("joined_to IS NOT NULL")),
)

facts = Table(
    "facts",
    metadata,
    Column("name", Plain, primary_key=True),
    Column("value", Plain, nullable=False),
)
"""What this database knows of itself, such as the organisation that it first delivered to."""

mapping_versions = Table(
    "mapping_versions",
    metadata,
    Column("name", Plain, primary_key=True),
    Column("version", Plain, primary_key=True),
    Column("texts", JsonText, nullable=False),  # [[file, text], …]: the mapping first, then its layouts
    Column("loaded_at", Utc, nullable=False),
    Column("loaded_by", Plain, nullable=False),
)
"""Every mapping that was ever loaded, the broken ones too; secrets stand in it by name only."""

publications = Table(
    "publications",
    metadata,
    Column("id", Id, primary_key=True),  # the highest one tells whether anything has changed
    Column("name", Plain, nullable=False),
    Column("version", Plain),  # none: withdrawn, since its file was removed
    Column("cause", Plain, nullable=False),
    Column("at", Utc, nullable=False),
    Column("by", Plain, nullable=False),
    Index("ix_publications_name", "name", "id"),
    sqlite_autoincrement=True,
)
"""Which version of each mapping is at work: the last line of its name. Append only."""

mapping_files = Table(
    "mapping_files",
    metadata,
    Column("file", Plain, primary_key=True),
    Column("name", Plain),  # none: it never said which source it is for
    Column("version", Plain, nullable=False),
    Column("problems", JsonText, nullable=False),  # the errors in it, one sentence each
    Column("read_at", Utc, nullable=False),
)
"""What the folder of mappings held when it was last read."""
