"""A call that the telephone company could not carry, a text without a receipt, and questions that were not answered.

Before: 0012.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

OPEN_CALLS = (
    'waiting', 'placing', 'unknown', 'placed', 'ringing', 'prompted', 'connecting', 'visitor_ringing',
    'visitor_answered', 'bridged', 'closing',
)
ENDED_CALLS = (
    'abandoned', 'busy', 'cancelled', 'finished', 'hung_up', 'lost', 'no_answer', 'not_taken', 'refused', 'unreached',
    'visitor_failed', 'withheld',
)
OPEN_TEXTS = ('waiting', 'sending', 'sent')
ENDED_TEXTS = ('delivered', 'lost', 'refused', 'undelivered', 'withheld')


def listed(words: tuple[str, ...]) -> str:
    return ', '.join(repr(word) for word in words)


def known(ended_calls: tuple[str, ...], ended_texts: tuple[str, ...]) -> None:
    for name, table in (
        ('a_call_has_a_known_state', 'call'),
        ('a_call_has_ended_exactly_when_its_state_is_final', 'call'),
        ('a_text_has_a_known_state', 'text_message'),
        ('an_open_text_has_a_deadline', 'text_message'),
    ):
        op.drop_constraint(name, table, type_='check')
    op.create_check_constraint('a_call_has_a_known_state', 'call', f"state in ({listed(OPEN_CALLS + ended_calls)})")
    op.create_check_constraint(
        'a_call_has_ended_exactly_when_its_state_is_final',
        'call',
        f"(state in ({listed(ended_calls)})) = (ended_at is not null)",
    )
    op.create_check_constraint(
        'a_text_has_a_known_state', 'text_message', f"state in ({listed(OPEN_TEXTS + ended_texts)})"
    )
    op.create_check_constraint(
        'an_open_text_has_a_deadline',
        'text_message',
        f"(state in ({listed(ended_texts)})) or deadline_at is not null",
    )


def upgrade() -> None:
    op.add_column('leg', sa.Column('rang_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('call', sa.Column('turned_away', sa.Text(), nullable=True))
    op.add_column('call', sa.Column('unanswered', sa.Integer(), server_default='0', nullable=False))
    known((*ENDED_CALLS, 'not_carried'), (*ENDED_TEXTS, 'unconfirmed'))
    # a call under way at the release may have rung already: then that ring counts
    op.execute(
        "update leg set rang_at = call.state_at from call"
        " where call.id = leg.call_id and call.ended_at is null and leg.status = 'ringing'"
    )


def downgrade() -> None:
    op.execute("update call set state = 'lost' where state = 'not_carried'")
    op.execute("update attempt set result = 'lost' where result = 'not_carried'")
    op.execute("update text_message set state = 'undelivered' where state = 'unconfirmed'")
    known(ENDED_CALLS, ENDED_TEXTS)
    op.drop_column('call', 'unanswered')
    op.drop_column('call', 'turned_away')
    op.drop_column('leg', 'rang_at')
