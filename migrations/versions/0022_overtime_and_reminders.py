"""How long a call went on after the shift was over, and when a counsellor was reminded of an outcome.

Before: 0021.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('attempt', sa.Column('overtime_s', sa.Integer(), server_default='0', nullable=False))
    op.add_column('attempt', sa.Column('reminded_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('attempt', 'reminded_at')
    op.drop_column('attempt', 'overtime_s')
