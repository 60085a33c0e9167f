"""Calls and texts are counted by the day.

Before: 0023.
"""

from __future__ import annotations

from alembic import op


revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('call_by_created_at', 'call', ['created_at'])
    op.create_index('text_by_created_at', 'text_message', ['created_at'])


def downgrade() -> None:
    op.drop_index('text_by_created_at', table_name='text_message')
    op.drop_index('call_by_created_at', table_name='call')
