"""A leg of a call that is over has a deadline of its own until word of its end has come.

Before: 0025.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('leg', sa.Column('deadline_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index('leg_by_deadline_at_while_open', 'leg', ['deadline_at'], unique=False, postgresql_where=sa.text('deadline_at is not null'))
    op.execute(
        "update leg set deadline_at = now() from call where call.id = leg.call_id and call.ended_at is not null"
        " and leg.provider_id is not null and leg.ended_at is null"
    )


def downgrade() -> None:
    op.drop_index('leg_by_deadline_at_while_open', table_name='leg')
    op.drop_column('leg', 'deadline_at')
