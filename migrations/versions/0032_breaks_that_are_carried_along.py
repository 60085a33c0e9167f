"""A break that a publication carried along knows which one it was: undoing that one takes it away again.

Before: 0031.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0032'
down_revision = '0031'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('shift_break', sa.Column('carried_by', sa.Integer(), nullable=True))
    op.create_foreign_key(
        op.f('shift_break_belongs_to_draft_by_carried_by'), 'shift_break', 'draft', ['carried_by'], ['id']
    )
    op.create_index(
        'breaks_by_who_carried_them',
        'shift_break',
        ['carried_by'],
        postgresql_where=sa.text('carried_by is not null'),
    )


def downgrade() -> None:
    op.execute('delete from shift_break where carried_by is not null')
    op.drop_column('shift_break', 'carried_by')
