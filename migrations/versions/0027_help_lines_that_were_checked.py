"""The last check of each help line that pages name.

Before: 0026.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('help_line_check',
    sa.Column('line', sa.Text(), nullable=False),
    sa.Column('number', sa.Text(), nullable=False),
    sa.Column('dial', sa.Text(), nullable=False),
    sa.Column('how', sa.Text(), nullable=False),
    sa.Column('checked_on', sa.Date(), nullable=False),
    sa.Column('checked_by', sa.Integer(), nullable=False),
    sa.CheckConstraint("how in ('rung', 'read')", name=op.f('a_help_line_was_rung_or_read_about')),
    sa.CheckConstraint("dial ~ '^[0-9]{3,15}$'", name=op.f('a_help_line_can_be_dialled')),
    sa.ForeignKeyConstraint(['checked_by'], ['staff.id'], name=op.f('help_line_check_belongs_to_staff_by_checked_by')),
    sa.PrimaryKeyConstraint('line', name=op.f('help_line_check_key'))
    )


def downgrade() -> None:
    op.drop_table('help_line_check')
