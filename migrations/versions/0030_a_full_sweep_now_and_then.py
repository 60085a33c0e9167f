"""When the telephone company was last asked for all calls that are under way, and not for the latest only.

Before: 0029.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0030'
down_revision = '0029'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('pace', sa.Column('swept_fully_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('pace', 'swept_fully_at')
