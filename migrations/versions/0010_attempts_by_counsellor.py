"""When a counsellor's last attempt ended is found by an index, and requests are counted by state from one.

Before: 0009.
"""

from __future__ import annotations

from alembic import op


revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('attempt_by_counsellor', 'attempt', ['counsellor_id', 'ended_at'])
    op.create_index('callback_by_status', 'callback', ['status'])


def downgrade() -> None:
    op.drop_index('callback_by_status', table_name='callback')
    op.drop_index('attempt_by_counsellor', table_name='attempt')
