"""What is held for the law, and proof of what the telephone company has deleted.

Before: 0022.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('callback', sa.Column('held_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('callback', sa.Column('held_because', sa.Text(), nullable=True))
    op.create_check_constraint(
        'a_held_callback_says_why', 'callback', '(held_at is null) = (held_because is null)'
    )
    op.create_index(
        'callback_by_closing_while_named', 'callback', ['closed_at'],
        postgresql_where=sa.text("status <> 'erased'"),
    )
    op.create_index('issued_by_issued_at', 'issued_instructions', ['issued_at'])
    op.create_table('tidying',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('there_is_one_tidying')),
    sa.PrimaryKeyConstraint('id', name=op.f('tidying_key'))
    )
    op.create_table('provider_record',
    sa.Column('provider_id', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('gone_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind in ('call', 'text')", name=op.f('a_record_is_of_a_call_or_a_text')),
    sa.PrimaryKeyConstraint('provider_id', name=op.f('provider_record_key'))
    )
    op.create_index(
        'provider_record_by_due_at_while_there', 'provider_record', ['due_at'],
        postgresql_where=sa.text('gone_at is null'),
    )


def downgrade() -> None:
    op.drop_table('provider_record')
    op.drop_table('tidying')
    op.drop_index('issued_by_issued_at', table_name='issued_instructions')
    op.drop_index('callback_by_closing_while_named', table_name='callback')
    op.drop_constraint('a_held_callback_says_why', 'callback', type_='check')
    op.drop_column('callback', 'held_because')
    op.drop_column('callback', 'held_at')
