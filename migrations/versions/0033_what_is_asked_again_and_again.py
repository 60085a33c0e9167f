"""What is asked again and again is found by indexes, however much was done before: outcomes that are owed, the latest
receipts, and requests that are nowhere, of which there are none.

Before: 0032.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0033'
down_revision = '0032'
branch_labels = None
depends_on = None

NOWHERE = (
    "not (closed_at is null and due_by is not null"
    " or closed_at is not null and status in ('closed_no_contact', 'completed', 'erased', 'expired', 'rejected', "
    "'withdrawn') and (case_outcome is not null or status in ('erased', 'withdrawn')))"
)


def upgrade() -> None:
    op.create_index(
        'attempt_by_end_while_its_outcome_is_owed',
        'attempt',
        ['ended_at'],
        postgresql_where=sa.text('owes_outcome and contact_outcome is null'),
    )
    op.create_index('receipt_by_received_at', 'receipt', ['received_at'])
    op.create_index('callback_that_is_nowhere', 'callback', ['id'], postgresql_where=sa.text(NOWHERE))


def downgrade() -> None:
    op.drop_index('callback_that_is_nowhere', table_name='callback')
    op.drop_index('receipt_by_received_at', table_name='receipt')
    op.drop_index('attempt_by_end_while_its_outcome_is_owed', table_name='attempt')
