"""A receipt for each request, what came of each closed one, what stood in whose way, and telephones that fail.

Before: 0020.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('counsellor', sa.Column('phone_fails_since', sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        'attempt_by_ring', 'attempt', ['rang_visitor_at'],
        postgresql_where=sa.text('rang_visitor_at is not null'),
    )
    op.create_table('obstacle',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('callback_id', sa.BigInteger(), nullable=False),
    sa.Column('counsellor_id', sa.Integer(), nullable=True),
    sa.Column('rule', sa.Text(), nullable=True),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['callback_id'], ['callback.id'], name=op.f('obstacle_belongs_to_callback_by_callback_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['counsellor_id'], ['counsellor.id'], name=op.f('obstacle_belongs_to_counsellor_by_counsellor_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('obstacle_key'))
    )
    op.create_index('obstacle_by_pair', 'obstacle', ['callback_id', 'counsellor_id', 'id'])
    op.create_table('receipt',
    sa.Column('callback_id', sa.BigInteger(), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['callback_id'], ['callback.id'], name=op.f('receipt_belongs_to_callback_by_callback_id')),
    sa.PrimaryKeyConstraint('callback_id', name=op.f('receipt_key'))
    )
    op.execute("insert into receipt (callback_id, received_at) select id, asked_at from callback")
    op.execute(
        "CREATE FUNCTION receipts_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'receipts are append-only' USING ERRCODE = 'restrict_violation'; END $$"
    )
    op.execute(
        "CREATE TRIGGER receipts_are_append_only BEFORE UPDATE OR DELETE ON receipt"
        " FOR EACH ROW EXECUTE FUNCTION receipts_are_append_only()"
    )
    op.execute(
        "update callback set case_outcome = case status when 'expired' then 'not_reached' when 'closed_no_contact'"
        " then 'not_reached' when 'rejected' then 'out_of_scope' else 'info_given' end"
        " where status in ('completed', 'closed_no_contact', 'rejected', 'expired') and case_outcome is null"
    )
    op.create_check_constraint(
        'a_closed_callback_says_what_came_of_it',
        'callback',
        "status not in ('completed', 'closed_no_contact', 'rejected', 'expired') or case_outcome is not null",
    )


def downgrade() -> None:
    op.drop_constraint('a_closed_callback_says_what_came_of_it', 'callback', type_='check')
    op.drop_table('receipt')
    op.execute('DROP FUNCTION receipts_are_append_only()')
    op.drop_table('obstacle')
    op.drop_index('attempt_by_ring', table_name='attempt')
    op.drop_column('counsellor', 'phone_fails_since')
