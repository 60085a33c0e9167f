"""A number of their own for supervisors' alerts, and when the rota is looked over again.

Before: 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('staff', sa.Column('phone', sa.LargeBinary(), nullable=True))
    op.create_table('alert_text',
    sa.Column('text_id', sa.Uuid(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('alert_text_belongs_to_staff_by_staff_id')),
    sa.ForeignKeyConstraint(['text_id'], ['text_message.id'], name=op.f('alert_text_belongs_to_text_message_by_text_id')),
    sa.PrimaryKeyConstraint('text_id', name=op.f('alert_text_key'))
    )
    op.create_table('rota_round',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ahead_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('there_is_one_round')),
    sa.PrimaryKeyConstraint('id', name=op.f('rota_round_key'))
    )


def downgrade() -> None:
    op.drop_table('rota_round')
    op.drop_table('alert_text')
    op.drop_column('staff', 'phone')
