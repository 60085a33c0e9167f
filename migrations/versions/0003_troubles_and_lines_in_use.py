"""What is wrong with the service, who is ringing us, whether a counsellor was asked, and calls that failed in a row.

Before: 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('on_the_line',
    sa.Column('phone_digest', sa.LargeBinary(), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('phone_digest', name=op.f('on_the_line_key'))
    )
    op.create_table('trouble',
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind in ('dialling_fails', 'webhooks_refused', 'requests_unaccounted', 'starving')", name=op.f('a_trouble_is_of_a_known_kind')),
    sa.PrimaryKeyConstraint('kind', name=op.f('trouble_key'))
    )
    op.add_column('pace', sa.Column('failures', sa.Integer(), server_default='0', nullable=False))
    op.add_column('call', sa.Column('prompted_at', sa.DateTime(timezone=True), nullable=True))
    # calls under way at the release were asked for a key press if they were answered
    op.execute(
        "update call set prompted_at = leg.answered_at from leg"
        " where leg.call_id = call.id and leg.role = 'counsellor' and call.ended_at is null"
    )


def downgrade() -> None:
    op.drop_column('call', 'prompted_at')
    op.drop_column('pace', 'failures')
    op.drop_table('trouble')
    op.drop_table('on_the_line')
