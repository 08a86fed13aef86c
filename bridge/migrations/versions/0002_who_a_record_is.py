"""Event keys with an end, what is remembered with its change, records that join, deliveries by customer."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

from bridge import clock
from bridge.tables.columns import Utc

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG_AGO = "1970-01-01T00:00:00+00:00"
AT_ONCE = 1_000


def upgrade() -> None:
    op.create_index(op.f("ix_onces_event_id"), "onces", ["event_id"], unique=False)
    _move_event_keys()
    if op.get_bind().dialect.name == "sqlite":
        _rebuild_events()
    else:
        op.drop_constraint(op.f("uq_events_source_dedup_key"), "events", type_="unique")
    op.create_index("ix_events_dedup", "events", ["source", "dedup_key"], unique=False)
    _add_cookies_deliveries()
    _stamp_records()
    _split_customers()


def _move_event_keys() -> None:
    op.create_table(
        "seen",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("source", "key"),
    )
    # A key that is a hash of the content is no id: the same change may be made once more on another day.
    tomorrow = sa.bindparam("tomorrow", clock.now() + timedelta(days=1), Utc())
    op.get_bind().execute(
        sa.text(
            "INSERT INTO seen (source, key, until) SELECT source, dedup_key, "
            "CASE WHEN dedup_key LIKE 'sha256:%' THEN :tomorrow END FROM events"
        ).bindparams(tomorrow)
    )


def _rebuild_events() -> None:
    """SQLite cannot drop a constraint. Rows that refer to events find them again before the commit."""
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute("CREATE TABLE events_before AS SELECT * FROM events")
    op.drop_table("events")
    op.create_table(
        "events",
        sa.Column("id", ID, nullable=False),
        sa.Column("webhook_id", ID, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("dedup_key", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("crm_id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("translation", sa.Integer(), nullable=False),
        sa.Column("times_seen", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.id"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.execute("INSERT INTO events SELECT * FROM events_before")
    op.drop_table("events_before")
    op.create_index("ix_events_new", "events", ["id"], unique=False, sqlite_where=sa.text("state = 'new'"))
    op.create_index("ix_events_record", "events", ["source", "record_id"], unique=False)
    op.create_index(op.f("ix_events_webhook_id"), "events", ["webhook_id"], unique=False)


def _add_cookies_deliveries() -> None:
    """Who wrote the cookies that are there already is not known; they can be deleted, but not moved."""
    op.add_column("cookies", sa.Column("asked_by", ID, nullable=True))
    op.add_column("cookies", sa.Column("written_by", ID, nullable=True))
    op.create_index("ix_cookies_record", "cookies", ["source", "record_id"], unique=False)


def _stamp_records() -> None:
    op.add_column("records", sa.Column("forgotten", sa.Text(), nullable=True))
    op.add_column("records", sa.Column("joined_to", sa.Text(), nullable=True))
    op.create_index(
        "ix_records_joined",
        "records",
        ["source", "joined_to"],
        unique=False,
        sqlite_where=sa.text("joined_to IS NOT NULL"),
        postgresql_where=sa.text("joined_to IS NOT NULL"),
    )
    records = sa.table("records", *map(sa.column, ("source", "record_id", "customers", "fields")))
    is_it = (records.c.source == sa.bindparam("its_source")) & (records.c.record_id == sa.bindparam("its_id"))
    change = sa.update(records).where(is_it)
    for rows in _in_parts(sa.select(records)):
        op.get_bind().execute(change, [_stamped(row) for row in rows])


def _stamped(row: Any) -> dict[str, str]:
    customers = {place: [name, _stamp(LONG_AGO)] for place, name in enumerate(json.loads(row.customers))}
    fields = {name: [value, _stamp(at)] for name, (value, at) in json.loads(row.fields).items()}
    changed = {"customers": json.dumps(customers), "fields": json.dumps(fields)}
    return {"its_source": row.source, "its_id": row.record_id, **changed}


def _stamp(at: str) -> list[str | int]:
    """Time of the change, sequence, arrival, event, translation."""
    return [at, -1, at, 0, 0]


def _split_customers() -> None:
    op.create_table(
        "delivery_customers",
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("delivery_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"]),
        sa.PrimaryKeyConstraint("customer", "delivery_id"),
    )
    op.create_index(op.f("ix_delivery_customers_delivery_id"), "delivery_customers", ["delivery_id"], unique=False)
    deliveries = sa.table("deliveries", sa.column("id"), sa.column("customers"))
    split = sa.table("delivery_customers", sa.column("customer"), sa.column("delivery_id"))
    for rows in _in_parts(sa.select(deliveries)):
        lines = [{"customer": name, "delivery_id": row.id} for row in rows for name in set(json.loads(row.customers))]
        if lines:
            op.get_bind().execute(sa.insert(split), lines)


def _in_parts(query: sa.Select[Any]) -> Iterator[Sequence[sa.Row[Any]]]:
    """All rows are read before the first is changed; the changes go in parts."""
    rows = op.get_bind().execute(query).all()
    for start in range(0, len(rows), AT_ONCE):
        yield rows[start : start + AT_ONCE]


def downgrade() -> None:
    raise NotImplementedError("there is no way back from here; restore the backup from before the upgrade")
