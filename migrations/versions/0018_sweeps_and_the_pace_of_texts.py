"""When the telephone company was last asked which calls are under way, and how long no text is sent.

Before: 0017.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('pace', sa.Column('swept_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('pace', sa.Column('text_failures', sa.Integer(), server_default='0', nullable=False))
    op.add_column('pace', sa.Column('texts_next_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('pace', 'texts_next_at')
    op.drop_column('pace', 'text_failures')
    op.drop_column('pace', 'swept_at')
