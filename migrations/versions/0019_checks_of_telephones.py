"""Checks of counsellors' telephones: a call that rings one of them and asks for a key press.

Before: 0018.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None

OPEN = (
    'waiting', 'placing', 'unknown', 'placed', 'ringing', 'prompted', 'connecting', 'visitor_ringing',
    'visitor_answered', 'bridged', 'closing',
)
ENDED = (
    'abandoned', 'busy', 'cancelled', 'finished', 'hung_up', 'lost', 'no_answer', 'not_carried', 'not_taken', 'refused',
    'unreached', 'visitor_failed', 'withheld',
)


def listed(words: tuple[str, ...]) -> str:
    return ', '.join(repr(word) for word in words)


def known(ended: tuple[str, ...]) -> None:
    op.drop_constraint('a_call_has_a_known_state', 'call', type_='check')
    op.drop_constraint('a_call_has_ended_exactly_when_its_state_is_final', 'call', type_='check')
    op.create_check_constraint('a_call_has_a_known_state', 'call', f"state in ({listed(OPEN + ended)})")
    op.create_check_constraint(
        'a_call_has_ended_exactly_when_its_state_is_final',
        'call',
        f"(state in ({listed(ended)})) = (ended_at is not null)",
    )


def upgrade() -> None:
    known((*ENDED, 'confirmed'))
    op.create_table('phone_check',
    sa.Column('call_id', sa.Uuid(), nullable=False),
    sa.Column('counsellor_id', sa.Integer(), nullable=False),
    sa.Column('phone_digest', sa.LargeBinary(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('asked_by', sa.Integer(), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('result', sa.Text(), nullable=True),
    sa.CheckConstraint('(ended_at is null) = (result is null)', name=op.f('a_phone_check_that_ended_has_a_result')),
    sa.CheckConstraint("result in ('confirmed', 'no_key', 'not_reached', 'not_possible', 'ended')", name=op.f('a_phone_check_has_a_known_result_or_none')),
    sa.ForeignKeyConstraint(['asked_by'], ['staff.id'], name=op.f('phone_check_belongs_to_staff_by_asked_by')),
    sa.ForeignKeyConstraint(['call_id'], ['call.id'], name=op.f('phone_check_belongs_to_call_by_call_id')),
    sa.ForeignKeyConstraint(['counsellor_id'], ['counsellor.id'], name=op.f('phone_check_belongs_to_counsellor_by_counsellor_id')),
    sa.PrimaryKeyConstraint('call_id', name=op.f('phone_check_key'))
    )
    op.create_index('a_counsellor_has_one_open_phone_check', 'phone_check', ['counsellor_id'], unique=True, postgresql_where=sa.text('ended_at is null'))
    op.create_index('phone_check_by_counsellor', 'phone_check', ['counsellor_id', 'asked_at'], unique=False)


def downgrade() -> None:
    op.drop_index('phone_check_by_counsellor', table_name='phone_check')
    op.drop_index('a_counsellor_has_one_open_phone_check', table_name='phone_check', postgresql_where=sa.text('ended_at is null'))
    op.drop_table('phone_check')
    op.execute("update call set state = 'not_taken', press = 'passed' where state = 'confirmed'")
    known(ENDED)
