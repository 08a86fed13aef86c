"""Every table of the database on one page."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
)

from bridge.tables.columns import Id, JsonText, Plain, Utc, only

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s"}
)

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
    Index("ix_webhooks_last", "source", "received_at"),
    Index("ix_webhooks_unreadable", "id", **only("state = 'unreadable'")),
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
    Index("ix_events_unreadable", "webhook_id", **only("state = 'unreadable'")),
    Index("ix_events_fetching", "source", "record_id", "id", **only("state = 'fetching'")),
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
    Index("ix_outcomes_version", "mapping_version", "event_id", **only("kind = 'translated'")),
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

fetches = Table(
    "fetches",
    metadata,
    Column("event_id", Id, ForeignKey("events.id"), primary_key=True),
    Column("since", Utc, nullable=False),  # when its turn came
    Column("due_at", Utc),  # none: it is over
    Column("attempts", Integer, nullable=False, default=0),
    Column("reason", Plain, nullable=False, default=""),
)
"""How it stands with reading an event's record from the CRM; no row while that has not been looked at."""

readers = Table(
    "readers",
    metadata,
    Column("source", Plain, primary_key=True),
    Column("worker", Plain),
    Column("until", Utc),  # when another worker may take over
    Column("held_until", Utc),
    Column("recent", JsonText, nullable=False, default=[]),  # the times of the last requests, for the rate
)
"""Who reads the records of a source: one worker at a time, within the CRM's limits."""
