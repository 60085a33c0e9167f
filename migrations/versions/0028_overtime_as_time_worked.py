"""Overtime as time worked, apart from the call that it came of.

Before: 0027.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


revision = '0028'
down_revision = '0027'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('overtime',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('counsellor_id', sa.Integer(), nullable=False),
    sa.Column('during', postgresql.TSTZRANGE(), nullable=False),
    sa.CheckConstraint('not isempty(during) and lower_inc(during) and not upper_inc(during) and not lower_inf(during) and not upper_inf(during)', name=op.f('overtime_starts_before_it_ends')),
    sa.ForeignKeyConstraint(['counsellor_id'], ['counsellor.id'], name=op.f('overtime_belongs_to_counsellor_by_counsellor_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('overtime_key'))
    )
    op.create_index('overtime_by_during', 'overtime', ['during'], unique=False, postgresql_using='gist')
    op.execute(
        "insert into overtime (counsellor_id, during) "
        "select counsellor_id, tstzrange(ended_at - overtime_s * interval '1 second', ended_at, '[)') "
        "from attempt where overtime_s > 0 and ended_at is not null"
    )


def downgrade() -> None:
    op.drop_index('overtime_by_during', table_name='overtime')
    op.drop_table('overtime')
