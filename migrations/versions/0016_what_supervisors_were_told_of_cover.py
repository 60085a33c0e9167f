"""What supervisors were last told of cover, so that only another state is told.

Before: 0015.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('cover_alert',
    sa.Column('scope', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state in ('covered', 'understaffed', 'critical', 'uncovered')", name=op.f('a_cover_alert_has_a_known_state')),
    sa.PrimaryKeyConstraint('scope', name=op.f('cover_alert_key'))
    )


def downgrade() -> None:
    op.drop_table('cover_alert')
