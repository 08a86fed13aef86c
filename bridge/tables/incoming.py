"""What came in: webhooks, their events, and what the rules made of them."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, UniqueConstraint

from bridge.tables.columns import Id, JsonText, Plain, Utc, metadata, only

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

replays = Table(
    "replays",
    metadata,
    Column("event_id", Id, ForeignKey("events.id"), primary_key=True),
    Column("rule", Plain, primary_key=True),
    Column("again", Boolean, nullable=False),  # also what must not be repeated blindly and was made before
)
"""The rules that the next translation of an event runs, and no others, although they were carried out before."""

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
