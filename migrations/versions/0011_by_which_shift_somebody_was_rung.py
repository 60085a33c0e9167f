"""By which shift of the rota a counsellor was rung, and how long before its end nobody is rung any more.

Before: 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('offers_end',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('there_is_one_end_of_offers')),
    sa.CheckConstraint('minutes between 0 and 60', name=op.f('offers_end_within_the_last_hour')),
    sa.PrimaryKeyConstraint('id', name=op.f('offers_end_key'))
    )
    op.add_column('attempt', sa.Column('shift_id', sa.BigInteger(), nullable=True))
    op.add_column('attempt', sa.Column('shift_version', sa.Integer(), nullable=True))
    op.create_foreign_key(op.f('attempt_belongs_to_shift_by_shift_id'), 'attempt', 'shift', ['shift_id'], ['id'])


def downgrade() -> None:
    op.drop_constraint(op.f('attempt_belongs_to_shift_by_shift_id'), 'attempt', type_='foreignkey')
    op.drop_column('attempt', 'shift_version')
    op.drop_column('attempt', 'shift_id')
    op.drop_table('offers_end')
