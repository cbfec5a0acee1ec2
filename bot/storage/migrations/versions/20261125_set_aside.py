"""What was set aside can be looked at and let in: an index for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261125_set_aside"
down_revision = "20261125_words"

_SET_ASIDE = sa.text("state = 'set_aside'")


def upgrade() -> None:
    op.create_index("ix_inbox_set_aside", "inbox", ["channel", "id"], sqlite_where=_SET_ASIDE, postgresql_where=_SET_ASIDE)
