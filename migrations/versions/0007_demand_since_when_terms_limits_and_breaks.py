"""Demand that holds from a day on, languages in it, the minimum on duty; terms, limits of a site, breaks; ended access.

Before: 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

SITES = "site in ('england_and_wales', 'scotland', 'northern_ireland')"
WHOLE = 'not isempty(during) and lower_inc(during) and not upper_inc(during) and not lower_inf(during) and not upper_inf(during)'


def upgrade() -> None:
    _widen_what_is_there()
    op.create_table('minimum_on_duty',
    sa.Column('first_day', sa.Date(), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.CheckConstraint('people between 1 and 50', name=op.f('a_minimum_is_of_people')),
    sa.PrimaryKeyConstraint('first_day', name=op.f('minimum_on_duty_key'))
    )
    op.create_table('shift_break',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('shift_id', sa.BigInteger(), nullable=False),
    sa.Column('during', postgresql.TSTZRANGE(), nullable=False),
    postgresql.ExcludeConstraint((sa.column('shift_id'), '='), (sa.column('during'), '&&'), using='gist', name='breaks_of_a_shift_do_not_overlap'),
    sa.CheckConstraint(WHOLE, name=op.f('a_break_starts_before_it_ends')),
    sa.ForeignKeyConstraint(['shift_id'], ['shift.id'], name=op.f('shift_break_belongs_to_shift_by_shift_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('shift_break_key'))
    )
    op.create_table('site_limits',
    sa.Column('site', sa.Text(), nullable=False),
    sa.Column('daily_rest', sa.Integer(), nullable=False),
    sa.Column('weekly_rest', sa.Integer(), nullable=False),
    sa.Column('fortnight_rest', sa.Integer(), nullable=False),
    sa.Column('average_hours', sa.Integer(), nullable=False),
    sa.Column('reference_weeks', sa.Integer(), nullable=False),
    sa.Column('night_starts', sa.Time(), nullable=False),
    sa.Column('night_ends', sa.Time(), nullable=False),
    sa.Column('night_work', sa.Integer(), nullable=False),
    sa.Column('night_hours', sa.Integer(), nullable=False),
    sa.Column('is_hazardous', sa.Boolean(), nullable=False),
    sa.Column('consecutive_days', sa.Integer(), nullable=False),
    sa.Column('break_after', sa.Integer(), nullable=False),
    sa.Column('break_length', sa.Integer(), nullable=False),
    sa.CheckConstraint(SITES, name=op.f('limits_are_of_a_known_site')),
    sa.CheckConstraint('daily_rest between 660 and 1440', name=op.f('a_daily_rest_is_no_shorter_than_the_law_has_it')),
    sa.CheckConstraint('weekly_rest between 2100 and 10080', name=op.f('a_weekly_rest_is_no_shorter_than_the_law_has_it')),
    sa.CheckConstraint('fortnight_rest between 3540 and 20160', name=op.f('a_fortnight_rest_is_no_shorter_than_the_law')),
    sa.CheckConstraint('average_hours between 0 and 2880', name=op.f('an_average_week_is_no_longer_than_the_law_has_it')),
    sa.CheckConstraint('reference_weeks between 1 and 26', name=op.f('a_reference_period_is_at_most_26_weeks')),
    sa.CheckConstraint('night_work between 1 and 180', name=op.f('night_work_counts_from_three_hours_at_the_latest')),
    sa.CheckConstraint('night_hours between 0 and 480', name=op.f('night_hours_are_no_more_than_the_law_has_them')),
    sa.CheckConstraint('consecutive_days between 1 and 12', name=op.f('days_in_a_row_leave_two_rests_in_a_fortnight')),
    sa.CheckConstraint('break_after between 1 and 360', name=op.f('a_break_is_due_after_six_hours_at_the_latest')),
    sa.CheckConstraint('break_length between 20 and 120', name=op.f('a_break_is_no_shorter_than_the_law_has_it')),
    sa.CheckConstraint("night_starts >= '20:00' and night_ends between '05:00' and '10:00'", name=op.f('night_time_holds_the_hours_from_midnight_to_five')),
    sa.CheckConstraint("night_ends >= night_starts - interval '17 hours'", name=op.f('night_time_is_at_least_seven_hours')),
    sa.PrimaryKeyConstraint('site', name=op.f('site_limits_key'))
    )


def _widen_what_is_there() -> None:
    op.add_column('requirement', sa.Column('language', sa.Text(), nullable=True))
    op.add_column('requirement', sa.Column('with_language', sa.Integer(), server_default=sa.text('0'), nullable=False))
    op.add_column('requirement', sa.Column('first_day', sa.Date(), nullable=True))
    op.add_column('requirement', sa.Column('until_day', sa.Date(), nullable=True))
    op.create_check_constraint(op.f('a_requirement_asks_for_no_more_speakers_than_people'), 'requirement', "(language is null) = (with_language = 0) and with_language between 0 and at_least")
    op.create_check_constraint(op.f('a_requirement_ends_after_it_begins'), 'requirement', "until_day >= first_day")
    op.add_column('counsellor', sa.Column('opt_out_notice_days', sa.Integer(), server_default=sa.text('7'), nullable=False))
    op.add_column('counsellor', sa.Column('opt_out_withdrawn_on', sa.Date(), nullable=True))
    op.add_column('counsellor', sa.Column('health_checked_until', sa.Date(), nullable=True))
    op.create_check_constraint(op.f('an_opt_out_has_a_week_to_three_months_of_notice'), 'counsellor', "opt_out_notice_days between 7 and 92")
    op.create_check_constraint(op.f('only_an_opt_out_that_was_signed_is_withdrawn'), 'counsellor', "opt_out_withdrawn_on is null or (opted_out_from is not null and opted_out_until is not null)")
    # A holiday that held everywhere is one at each of the three sites.
    op.add_column('local_holiday', sa.Column('site', sa.Text(), server_default='england_and_wales', nullable=False))
    op.drop_constraint(op.f('local_holiday_key'), 'local_holiday', type_='primary')
    op.create_primary_key(op.f('local_holiday_key'), 'local_holiday', ['day', 'site'])
    op.execute("insert into local_holiday (day, site, name) select day, other, name from local_holiday cross join (values ('scotland'), ('northern_ireland')) as sites (other)")
    op.alter_column('local_holiday', 'site', server_default=None)
    op.create_check_constraint(op.f('a_local_holiday_is_at_a_known_site'), 'local_holiday', SITES)
    op.add_column('staff', sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True))
    op.execute("update staff set ended_at = coalesce((select max(at) from journal where action = 'access_ended' and subject_kind = 'staff' and subject_id = staff.id::text), created_at) where not active")
    op.create_check_constraint(op.f('ended_access_says_since_when'), 'staff', "active = (ended_at is null)")


def downgrade() -> None:
    op.drop_constraint(op.f('ended_access_says_since_when'), 'staff', type_='check')
    op.drop_column('staff', 'ended_at')
    op.execute("delete from local_holiday one where exists (select from local_holiday other where other.day = one.day and other.site < one.site)")
    op.drop_constraint(op.f('a_local_holiday_is_at_a_known_site'), 'local_holiday', type_='check')
    op.drop_constraint(op.f('local_holiday_key'), 'local_holiday', type_='primary')
    op.drop_column('local_holiday', 'site')
    op.create_primary_key(op.f('local_holiday_key'), 'local_holiday', ['day'])
    for name in ('only_an_opt_out_that_was_signed_is_withdrawn', 'an_opt_out_has_a_week_to_three_months_of_notice'):
        op.drop_constraint(op.f(name), 'counsellor', type_='check')
    for column in ('health_checked_until', 'opt_out_withdrawn_on', 'opt_out_notice_days'):
        op.drop_column('counsellor', column)
    op.execute("delete from requirement where until_day is not null")  # without their days they would come back
    for name in ('a_requirement_ends_after_it_begins', 'a_requirement_asks_for_no_more_speakers_than_people'):
        op.drop_constraint(op.f(name), 'requirement', type_='check')
    for column in ('until_day', 'first_day', 'with_language', 'language'):
        op.drop_column('requirement', column)
    op.drop_table('site_limits')
    op.drop_table('shift_break')
    op.drop_table('minimum_on_duty')
