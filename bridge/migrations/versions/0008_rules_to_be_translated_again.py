"""Rules that a person wants translated again, and an index by which the oldest waiting delivery is found."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    op.create_table(
        "replays",
        sa.Column("event_id", ID, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "rule"),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"]),
    )
    op.create_index(
        "ix_deliveries_waiting",
        "deliveries",
        ["waiting_since"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_waiting", "deliveries")
    op.drop_table("replays")
