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

UNFINISHED = "order_key <> '' AND (state IN ('waiting', 'claimed', 'unknown') OR (state = 'dead' AND hold))"
"""The deliveries that the next one of their order key waits for."""

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
    Column("source", Plain, nullable=False),
    Column("rule", Plain, nullable=False),
    Column("item", Integer, nullable=False),
    Column("mapping_version", Plain, nullable=False),
    Column("operation", Plain, nullable=False),
    Column("params", JsonText, nullable=False),
    Column("body", JsonText),
    Column("customers", JsonText, nullable=False),
    Column("order_key", Plain, nullable=False),  # empty: in any order
    Column("hold", Boolean, nullable=False),  # a dead one keeps the next of its order key waiting
    Column("repeatable", Boolean, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("stamp", Plain, nullable=False),
    Column("expires_at", Utc),
    Column("priority", Integer, nullable=False),
    Column("state", Plain, nullable=False),
    Column("reason", Plain, nullable=False, default=""),
    Column("attempts", Integer, nullable=False, default=0),
    Column("waiting_since", Utc, nullable=False),  # its making, or a person's order to try again
    Column("due_at", Utc, nullable=False),
    Column("claimed_by", Plain),
    Column("claimed_at", Utc),
    Column("finished_at", Utc),
    Index("ix_deliveries_due", "operation", "priority", "due_at", "id", **only("state = 'waiting'")),
    Index("ix_deliveries_claimed", "claimed_by", **only("state = 'claimed'")),
    Index("ix_deliveries_order", "order_key", "id", **only(UNFINISHED)),
    Index("ix_deliveries_event", "event_id", "rule"),
    Index("ix_deliveries_failed", "state", "id", **only("state IN ('dead', 'unknown')")),
    sqlite_autoincrement=True,
)

writes = Table(
    "writes",
    metadata,
    Column("delivery_id", Id, ForeignKey("deliveries.id"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("customer", Plain, nullable=False),
    Column("key", Plain, nullable=False),
    Column("channel", Plain, nullable=False),
    Column("service", Plain, nullable=False),
    Column("stamp", Plain, nullable=False),
    Column("state", Plain, nullable=False),
    Index("ix_writes_cookie", "customer", "key", "channel", "service", "stamp"),
)
"""What a delivery does to each cookie: which of several changes is the newest is decided for each on its own."""

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
    Column("asked_stamp", Plain, nullable=False, default=""),
    Column("written_by", Id),  # the delivery that Alvaria has accepted it from
    Column("stamp", Plain, nullable=False, default=""),  # of what Alvaria has accepted; empty: nothing yet
    Column("sent_by", Id),  # the delivery that is out with it
    Column("unsettled_until", Utc),  # a write may still be carried out late, after a newer one
    Index("ix_cookies_record", "source", "record_id"),
    Index("ix_cookies_unsettled", "unsettled_until", **only("unsettled_until IS NOT NULL")),
)

budgets = Table(
    "budgets",
    metadata,
    Column("name", Plain, primary_key=True),  # a category of endpoints
    Column("rate_limit", Integer),  # requests in a window; none: nobody has said
    Column("window_s", Float),
    Column("tokens", Float, nullable=False, default=0),  # requests that may still be sent in this window
    Column("opened_at", Utc),  # when the first request of this window was taken
    Column("resets_at", Utc),
    Column("full_at", Utc),  # when the configured rate lets a whole window's requests go at once again
    Column("blocked_until", Utc),
    Column("reason", Plain, nullable=False, default=""),
    Column("turn", Integer, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),  # one after another, since the last answer
)
"""How many requests all workers together may still send."""

pauses = Table(
    "pauses",
    metadata,
    Column("name", Plain, primary_key=True),  # all, source:NAME, operation:ID, category:NAME, rule:SOURCE/RULE
    Column("cause", Plain, nullable=False),
    Column("reason", Plain, nullable=False),
    Column("since", Utc, nullable=False),
    Column("probe_at", Utc),  # none: only a person ends it
    Column("interval_s", Float, nullable=False, default=0),
)
"""What waits as a whole, and why."""

suspicions = Table(
    "suspicions",
    metadata,
    Column("source", Plain, primary_key=True),
    Column("rule", Plain, primary_key=True),
    Column("key", Plain, primary_key=True),
    Column("mapping_version", Plain, nullable=False),
    Column("message", Plain, nullable=False),
    Column("times", Integer, nullable=False, default=1),
    Column("at", Utc, nullable=False),
)
"""Rules whose settings Alvaria has refused: the next ones are sent apart from the others."""

workers = Table(
    "workers",
    metadata,
    Column("name", Plain, primary_key=True),
    Column("alive_until", Utc, nullable=False),
)
"""Whose claims count: those of workers that have not been heard of for too long are taken back."""

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
