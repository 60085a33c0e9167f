"""Visitors who were told that we may be later than we promised.

Before: 0019.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('apology',
    sa.Column('callback_id', sa.BigInteger(), nullable=False),
    sa.Column('promised_until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('likely_from', sa.DateTime(timezone=True), nullable=True),
    sa.Column('likely_until', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('(likely_from is null) = (likely_until is null)', name=op.f('a_new_time_is_a_range')),
    sa.CheckConstraint('likely_from < likely_until', name=op.f('a_new_time_ends_after_it_begins')),
    sa.ForeignKeyConstraint(['callback_id'], ['callback.id'], name=op.f('apology_callback_id_fkey'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('callback_id', 'promised_until', name=op.f('apology_pkey'))
    )


def downgrade() -> None:
    op.drop_table('apology')
