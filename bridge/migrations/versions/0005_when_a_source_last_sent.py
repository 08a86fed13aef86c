"""An index by which the last webhook of a source is found without reading all of them."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_webhooks_last", "webhooks", ["source", "received_at"])


def downgrade() -> None:
    op.drop_index("ix_webhooks_last", "webhooks")
