"""A delivery that is being said is told from one that is only in hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261125_may_be_out"
down_revision = "20261125_duty"


def upgrade() -> None:
    op.add_column("outbox", sa.Column("may_be_out", sa.Boolean(), server_default=sa.false(), nullable=False))
    # Before, nobody knew which of the rows in hand had been said.
    op.execute("UPDATE outbox SET may_be_out = TRUE WHERE state = 'sending'")
