"""An emergency that could be given to nobody is a trouble of its own, and each is told once.

Before: 0030.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0031'
down_revision = '0030'
branch_labels = None
depends_on = None

BEFORE = (
    'dialling_fails',
    'webhooks_refused',
    'requests_unaccounted',
    'starving',
    'nobody_on',
    'blocked',
    'counsellor_silent',
    'number_fails',
    'answers_drop',
    'spending',
    'settling_fails',
    'orphans',
    'credentials_refused',
    'texts_fail',
    'alarm_unheard',
    'records_remain',
)


def known(kinds: tuple[str, ...]) -> None:
    op.drop_constraint('a_trouble_is_of_a_known_kind', 'trouble', type_='check')
    op.create_check_constraint(
        'a_trouble_is_of_a_known_kind', 'trouble', f"kind in ({', '.join(repr(kind) for kind in kinds)})"
    )


def upgrade() -> None:
    op.add_column('callback', sa.Column('lead_told_at', sa.DateTime(timezone=True), nullable=True))
    known(('emergency_waits', *BEFORE))


def downgrade() -> None:
    op.execute("delete from trouble where kind = 'emergency_waits'")
    known(BEFORE)
    op.drop_column('callback', 'lead_told_at')
