"""What a counsellor has filled in of an outcome is kept until it is recorded.

Before: 0028.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0029'
down_revision = '0028'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('attempt', sa.Column('draft', sa.LargeBinary(), nullable=True))
    op.create_check_constraint(op.f('a_draft_is_kept_until_the_outcome_is_recorded'), 'attempt', 'draft is null or contact_outcome is null')


def downgrade() -> None:
    op.drop_constraint(op.f('a_draft_is_kept_until_the_outcome_is_recorded'), 'attempt', type_='check')
    op.drop_column('attempt', 'draft')
