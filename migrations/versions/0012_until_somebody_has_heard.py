"""How often a trouble was told, and when it is told again if nobody has heard.

Before: 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('trouble', sa.Column('tells', sa.Integer(), server_default='0', nullable=False))
    op.add_column('trouble', sa.Column('tell_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('trouble', 'tell_at')
    op.drop_column('trouble', 'tells')
