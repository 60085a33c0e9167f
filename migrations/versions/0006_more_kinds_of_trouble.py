"""More kinds of trouble can be said, and what more is known of one.

Before: 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

BEFORE = ('dialling_fails', 'webhooks_refused', 'requests_unaccounted', 'starving')
ADDED = (
    'nobody_on', 'blocked', 'counsellor_silent', 'number_fails', 'answers_drop', 'spending', 'settling_fails',
    'orphans', 'credentials_refused', 'texts_fail', 'alarm_unheard', 'records_remain',
)


def known(kinds: tuple[str, ...]) -> None:
    op.drop_constraint('a_trouble_is_of_a_known_kind', 'trouble', type_='check')
    op.create_check_constraint(
        'a_trouble_is_of_a_known_kind', 'trouble', f"kind in ({', '.join(repr(kind) for kind in kinds)})"
    )


def upgrade() -> None:
    op.add_column('trouble', sa.Column('because', sa.Text(), nullable=True))
    known(BEFORE + ADDED)


def downgrade() -> None:
    op.execute(f"delete from trouble where kind not in ({', '.join(repr(kind) for kind in BEFORE)})")
    known(BEFORE)
    op.drop_column('trouble', 'because')
