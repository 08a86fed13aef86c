"""What each delivery does to each cookie, one budget for all workers, what is paused, and which workers live."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

from bridge.model import Stamp
from bridge.tables.columns import Utc

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
UNFINISHED = "order_key <> '' AND (state IN ('waiting', 'claimed', 'unknown') OR (state = 'dead' AND hold))"
UPSERT, DELETE = "contextCookies.upsertSettings", "contextCookies.deleteSettings"


def upgrade() -> None:
    _widen_deliveries()
    _make_writes()
    _widen_cookies()
    _make_budgets()
    _stamp()


def _widen_deliveries() -> None:
    for name in ("ix_deliveries_waiting", "ix_deliveries_claimed", "ix_deliveries_order"):
        op.drop_index(name, "deliveries")
    for column in (
        sa.Column("source", sa.Text(), nullable=False, server_default=""),
        sa.Column("hold", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("stamp", sa.Text(), nullable=False, server_default=""),
        sa.Column("claimed_at", TIME, nullable=True),
    ):
        op.add_column("deliveries", column)
    op.drop_column("deliveries", "claimed_until")
    op.execute("UPDATE deliveries SET source = (SELECT source FROM events WHERE events.id = deliveries.event_id)")
    op.execute("UPDATE deliveries SET order_key = '' WHERE operation LIKE 'contextCookies.%'")
    _index("ix_deliveries_due", "deliveries", ["operation", "priority", "due_at", "id"], "state = 'waiting'")
    _index("ix_deliveries_claimed", "deliveries", ["claimed_by"], "state = 'claimed'")
    _index("ix_deliveries_order", "deliveries", ["order_key", "id"], UNFINISHED)


def _index(name: str, table: str, columns: list[str], condition: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(condition), postgresql_where=sa.text(condition))


def _make_writes() -> None:
    op.create_table(
        "writes",
        sa.Column("delivery_id", ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("stamp", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"]),
        sa.PrimaryKeyConstraint("delivery_id", "place"),
    )
    op.create_index("ix_writes_cookie", "writes", ["customer", "key", "channel", "service", "state"])


def _widen_cookies() -> None:
    for column in (
        sa.Column("asked_stamp", sa.Text(), nullable=False, server_default=""),
        sa.Column("stamp", sa.Text(), nullable=False, server_default=""),
        sa.Column("unsettled_until", TIME, nullable=True),
    ):
        op.add_column("cookies", column)
    _index("ix_cookies_unsettled", "cookies", ["unsettled_until"], "unsettled_until IS NOT NULL")


def _make_budgets() -> None:
    op.create_table(
        "budgets",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rate_limit", sa.Integer(), nullable=True),
        sa.Column("window_s", sa.Float(), nullable=True),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("opened_at", TIME, nullable=True),
        sa.Column("resets_at", TIME, nullable=True),
        sa.Column("full_at", TIME, nullable=True),
        sa.Column("blocked_until", TIME, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "pauses",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("probe_at", TIME, nullable=True),
        sa.Column("interval_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "suspicions",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("mapping_version", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("source", "rule", "key"),
    )
    op.create_table(
        "workers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("alive_until", TIME, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _stamp() -> None:
    """What waits or has failed goes on, each of its cookies with the time of its change."""
    deliveries = sa.table(
        "deliveries", *map(sa.column, ("id", "event_id", "operation", "params", "body", "state")),
        sa.column("changed_at", Utc()), sa.column("stamp"), sa.column("claimed_by"),
    )  # fmt: skip
    names = ("delivery_id", "place", "customer", "key", "channel", "service", "stamp", "state")
    writes = sa.table("writes", *map(sa.column, names))
    conn = op.get_bind()
    # A claim has nobody whose life could be asked for.
    conn.execute(sa.text("UPDATE deliveries SET claimed_by = 'gone' WHERE state = 'claimed'"))
    open_states = ("waiting", "claimed", "dead", "unknown")
    for row in conn.execute(sa.select(deliveries).where(deliveries.c.state.in_(open_states))).all():
        stamp = _text(row)
        conn.execute(sa.update(deliveries).where(deliveries.c.id == row.id).values(stamp=stamp))
        state = "dead" if row.state == "dead" else "waiting"
        lines = [
            {"delivery_id": row.id, "place": place, **cookie, "stamp": stamp, "state": state}
            for place, cookie in enumerate(_cookies(row))
        ]
        if lines:
            conn.execute(sa.insert(writes), lines)
    _stamp_cookies(conn)


def _text(row: Any) -> str:
    return Stamp(row.changed_at, -1, row.changed_at, row.event_id, 1).as_text()


def _cookies(row: Any) -> Iterator[dict[str, str]]:
    params = json.loads(row.params)
    if row.operation == UPSERT:
        for one in json.loads(row.body)["settings"]:
            yield {"customer": one["customerId"], **{name: one[name] for name in ("key", "channel", "service")}}
    if row.operation == DELETE:
        for key in params["key"].split(","):
            yield {"key": key, **{name: params[name] for name in ("customer", "channel", "service")}}


def _stamp_cookies(conn: sa.Connection) -> None:
    identity = ("customer", "key", "channel", "service")
    cookies = sa.table(
        "cookies", *map(sa.column, (*identity, "delivered_at", "deleted_at", "asked_stamp", "stamp")),
        sa.column("changed_at", Utc()),
    )  # fmt: skip
    for row in conn.execute(sa.select(cookies)).all():
        stamp = Stamp(row.changed_at, -1, row.changed_at - timedelta(seconds=1), 0, 0).as_text()
        is_there = row.delivered_at is not None or row.deleted_at is not None
        is_it = sa.and_(*(cookies.c[name] == getattr(row, name) for name in identity))
        values = {"asked_stamp": stamp, "stamp": stamp if is_there else ""}
        conn.execute(sa.update(cookies).where(is_it).values(values))


def downgrade() -> None:
    raise NotImplementedError("there is no way back from here; restore the backup from before the upgrade")
