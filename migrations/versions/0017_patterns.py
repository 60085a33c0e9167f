"""Patterns of work: grids of weeks and people who take turns.

Before: 0016.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('pattern',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('first_day', sa.Date(), nullable=False),
    sa.Column('weeks', sa.Integer(), nullable=False),
    sa.Column('starts', sa.Time(), nullable=True),
    sa.Column('ends', sa.Time(), nullable=True),
    sa.Column('turn', sa.Text(), nullable=True),
    sa.Column('interval', sa.Integer(), nullable=False),
    sa.Column('weekdays', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('month_day', sa.Integer(), nullable=True),
    sa.Column('until', sa.Date(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("kind in ('grid', 'rotation')", name=op.f('a_pattern_is_of_a_known_kind')),
    sa.CheckConstraint('weeks between 1 and 53', name=op.f('a_grid_is_at_most_a_year_of_weeks')),
    sa.CheckConstraint("kind <> 'grid' or extract(isodow from first_day) = 1", name=op.f('a_grid_begins_on_a_monday')),
    sa.CheckConstraint("(kind = 'rotation') = (starts is not null and ends is not null and turn is not null)", name=op.f('a_rotation_has_hours_and_turns')),
    sa.CheckConstraint("turn in ('hour', 'day', 'week', 'month')", name=op.f('a_turn_is_of_a_known_length')),
    sa.CheckConstraint('"interval" between 1 and 366', name=op.f('turns_follow_at_a_positive_interval')),
    sa.CheckConstraint('month_day between 1 and 31', name=op.f('a_monthly_turn_begins_on_a_day_of_the_month')),
    sa.CheckConstraint('until > first_day', name=op.f('a_pattern_ends_after_it_begins')),
    sa.ForeignKeyConstraint(['made_by'], ['staff.id'], name=op.f('pattern_belongs_to_staff_by_made_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pattern_key'))
    )
    op.create_table('pattern_slot',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('pattern_id', sa.Integer(), nullable=False),
    sa.Column('counsellor_id', sa.Integer(), nullable=False),
    sa.Column('week', sa.Integer(), nullable=False),
    sa.Column('weekday', sa.Integer(), nullable=False),
    sa.Column('starts', sa.Time(), nullable=False),
    sa.Column('ends', sa.Time(), nullable=False),
    sa.CheckConstraint('weekday between 0 and 6', name=op.f('a_slot_is_on_a_weekday_from_monday_0')),
    sa.CheckConstraint('week between 0 and 52', name=op.f('a_slot_is_in_a_week_of_the_cycle')),
    sa.ForeignKeyConstraint(['counsellor_id'], ['counsellor.id'], name=op.f('pattern_slot_belongs_to_counsellor_by_counsellor_id')),
    sa.ForeignKeyConstraint(['pattern_id'], ['pattern.id'], name=op.f('pattern_slot_belongs_to_pattern_by_pattern_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pattern_slot_key')),
    sa.UniqueConstraint('pattern_id', 'counsellor_id', 'week', 'weekday', 'starts', name='nobody_has_the_same_slot_twice')
    )
    op.create_table('pattern_turn',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('pattern_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('counsellor_id', sa.Integer(), nullable=False),
    sa.CheckConstraint('position >= 0', name=op.f('turns_are_counted_from_zero')),
    sa.ForeignKeyConstraint(['counsellor_id'], ['counsellor.id'], name=op.f('pattern_turn_belongs_to_counsellor_by_counsellor_id')),
    sa.ForeignKeyConstraint(['pattern_id'], ['pattern.id'], name=op.f('pattern_turn_belongs_to_pattern_by_pattern_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pattern_turn_key')),
    sa.UniqueConstraint('pattern_id', 'position', 'counsellor_id', name='nobody_is_twice_in_one_turn')
    )


def downgrade() -> None:
    op.drop_table('pattern_turn')
    op.drop_table('pattern_slot')
    op.drop_table('pattern')
