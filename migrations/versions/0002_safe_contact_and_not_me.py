"""Whose phone it is, who asked, what is kept although it was to be erased, and who said "not me".

Before: 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('not_them',
    sa.Column('phone_digest', sa.LargeBinary(), nullable=False),
    sa.Column('requester', sa.LargeBinary(), nullable=False),
    sa.Column('said_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('phone_digest', 'requester', name=op.f('not_them_key'))
    )
    op.add_column('call', sa.Column('denied_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('callback', sa.Column('phone_owner', sa.Text(), nullable=True))
    op.add_column('callback', sa.Column('requester', sa.LargeBinary(), nullable=True))
    op.add_column('callback', sa.Column('restricted_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('callback', sa.Column('restricted_because', sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f('a_restricted_callback_says_why'),
        'callback',
        '(restricted_at is null) = (restricted_because is null)',
    )
    op.create_index('callback_by_phone', 'callback', ['phone_digest', 'asked_at'], unique=False)
    op.create_index('callback_by_requester', 'callback', ['requester', 'asked_at'], unique=False)


def downgrade() -> None:
    op.drop_constraint(op.f('a_restricted_callback_says_why'), 'callback', type_='check')
    op.drop_index('callback_by_requester', table_name='callback')
    op.drop_index('callback_by_phone', table_name='callback')
    op.drop_column('callback', 'restricted_because')
    op.drop_column('callback', 'restricted_at')
    op.drop_column('callback', 'requester')
    op.drop_column('callback', 'phone_owner')
    op.drop_column('call', 'denied_at')
    op.drop_table('not_them')
