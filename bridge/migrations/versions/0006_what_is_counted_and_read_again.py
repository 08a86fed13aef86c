"""Indexes by which the events of a mapping's version are counted, and what could not be read is found."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_outcomes_version", "outcomes", ["mapping_version", "event_id"], "kind = 'translated'"),
    ("ix_webhooks_unreadable", "webhooks", ["id"], "state = 'unreadable'"),
    ("ix_events_unreadable", "events", ["webhook_id"], "state = 'unreadable'"),
)


def upgrade() -> None:
    for name, table, columns, condition in INDEXES:
        only = sa.text(condition)
        op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)


def downgrade() -> None:
    for name, table, _, _ in INDEXES:
        op.drop_index(name, table)
