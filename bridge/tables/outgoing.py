"""What goes out: deliveries, what they do to cookies, and what is known of cookies and records."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, Table

from bridge.tables.columns import Id, JsonText, Plain, Utc, metadata, only

UNFINISHED = "order_key <> '' AND (state IN ('waiting', 'claimed', 'unknown') OR (state = 'dead' AND hold))"
"""The deliveries that the next one of their order key waits for."""

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
    # Not with the state in front: SQLite would take it for whatever has state = 'waiting', and visit all that waits.
    Index("ix_deliveries_waiting", "waiting_since", **only("state = 'waiting'")),
    Index("ix_deliveries_claimed", "claimed_by", **only("state = 'claimed'")),
    Index("ix_deliveries_order", "order_key", "id", **only(UNFINISHED)),
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
"""Whom a delivery is about, so that all of one customer's are found without reading the others.

Those of cookies are found by their `writes`.
"""

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
    Index("ix_writes_cookie", "customer", "key", "channel", "service", "state"),
)
"""What a delivery does to each cookie: which of several changes is the newest is decided for each on its own."""

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
    Column("unsettled_until", Utc),  # a write may still be carried out late, after a newer one
    Index("ix_cookies_record", "source", "record_id"),
    Index("ix_cookies_unsettled", "unsettled_until", **only("unsettled_until IS NOT NULL")),
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
