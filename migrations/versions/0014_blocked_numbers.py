"""Numbers that a supervisor has blocked.

Before: 0013.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('blocked_number',
    sa.Column('phone_digest', sa.LargeBinary(), nullable=False),
    sa.Column('because', sa.Text(), nullable=False),
    sa.Column('blocked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('blocked_by', sa.Integer(), nullable=False),
    sa.CheckConstraint('until > blocked_at', name=op.f('a_block_ends_after_it_begins')),
    sa.ForeignKeyConstraint(['blocked_by'], ['staff.id'], name=op.f('blocked_number_blocked_by_fkey')),
    sa.PrimaryKeyConstraint('phone_digest', name=op.f('blocked_number_pkey'))
    )


def downgrade() -> None:
    op.drop_table('blocked_number')
