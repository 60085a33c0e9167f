"""When a time was last said, apart from when the call was first asked for; requests so far said it at the start.

Before: 0014.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('callback', sa.Column('time_asked_at', sa.DateTime(timezone=True), nullable=True))
    op.execute('update callback set time_asked_at = asked_at')
    op.alter_column('callback', 'time_asked_at', nullable=False)


def downgrade() -> None:
    op.drop_column('callback', 'time_asked_at')
