"""What holds deliveries back, and who works on them."""

from sqlalchemy import Column, Float, Integer, Table

from bridge.tables.columns import Plain, Utc, metadata

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
