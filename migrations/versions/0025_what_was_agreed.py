"""What was agreed with somebody who asks very often.

Before: 0024.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('agreed_plan',
    sa.Column('phone_digest', sa.LargeBinary(), nullable=False),
    sa.Column('counsellor_id', sa.Integer(), nullable=True),
    sa.Column('from_time', sa.Time(), nullable=True),
    sa.Column('until_time', sa.Time(), nullable=True),
    sa.Column('note', sa.LargeBinary(), nullable=False),
    sa.Column('agreed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('agreed_by', sa.Integer(), nullable=False),
    sa.CheckConstraint('(from_time is null) = (until_time is null)', name=op.f('an_agreed_time_has_two_ends')),
    sa.CheckConstraint('from_time < until_time', name=op.f('an_agreed_time_ends_after_it_begins')),
    sa.ForeignKeyConstraint(['agreed_by'], ['staff.id'], name=op.f('agreed_plan_belongs_to_staff_by_agreed_by')),
    sa.ForeignKeyConstraint(['counsellor_id'], ['counsellor.id'], name=op.f('agreed_plan_belongs_to_counsellor_by_counsellor_id')),
    sa.PrimaryKeyConstraint('phone_digest', name=op.f('agreed_plan_key'))
    )


def downgrade() -> None:
    op.drop_table('agreed_plan')
