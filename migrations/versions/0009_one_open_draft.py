"""A planner has one draft that is neither published nor discarded; of several, the older are discarded.

Before: 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "update draft set discarded_at = now() where published_at is null and discarded_at is null and exists "
        "(select 1 from draft later where later.id > draft.id and later.made_by is not distinct from draft.made_by "
        "and later.published_at is null and later.discarded_at is null)"
    )
    op.create_index(
        'one_open_draft_for_each_planner', 'draft', [sa.text('coalesce(made_by, 0)')], unique=True,
        postgresql_where=sa.text('published_at is null and discarded_at is null'),
    )


def downgrade() -> None:
    op.drop_index('one_open_draft_for_each_planner', table_name='draft')
