"""Terms of work, leave, swaps, open shifts, drafts, and asking for cover; what a calendar must keep as cancelled.

Before: 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('local_holiday',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('day', name=op.f('local_holiday_key'))
    )
    op.create_table('draft',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=True),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('published_by', sa.Integer(), nullable=True),
    sa.Column('undone_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('discarded_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('published_at is null or discarded_at is null', name=op.f('a_draft_is_published_or_discarded_and_never_both')),
    sa.CheckConstraint('undone_at is null or published_at is not null', name=op.f('only_what_was_published_is_undone')),
    sa.ForeignKeyConstraint(['made_by'], ['staff.id'], name=op.f('draft_belongs_to_staff_by_made_by')),
    sa.ForeignKeyConstraint(['published_by'], ['staff.id'], name=op.f('draft_belongs_to_staff_by_published_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('draft_key'))
    )
    op.create_table('leave',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('counsellor_id', sa.Integer(), nullable=False),
    sa.Column('first_day', sa.Date(), nullable=False),
    sa.Column('last_day', sa.Date(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.Integer(), nullable=True),
    postgresql.ExcludeConstraint((sa.column('counsellor_id'), '='), (sa.text("daterange(first_day, last_day, '[]')"), '&&'), where=sa.text("state in ('asked', 'approved')"), using='gist', name='leave_is_asked_for_once'),
    sa.CheckConstraint("(state in ('approved', 'refused')) = (decided_at is not null)", name=op.f('decided_leave_says_since_when')),
    sa.CheckConstraint("state in ('asked', 'approved', 'refused', 'withdrawn')", name=op.f('leave_has_a_known_state')),
    sa.CheckConstraint('first_day <= last_day', name=op.f('leave_begins_before_it_ends')),
    sa.CheckConstraint('last_day - first_day < 366', name=op.f('leave_is_at_most_a_year')),
    sa.ForeignKeyConstraint(['counsellor_id'], ['counsellor.id'], name=op.f('leave_belongs_to_counsellor_by_counsellor_id')),
    sa.ForeignKeyConstraint(['decided_by'], ['staff.id'], name=op.f('leave_belongs_to_staff_by_decided_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('leave_key'))
    )
    op.create_table('rota_text',
    sa.Column('text_id', sa.Uuid(), nullable=False),
    sa.Column('counsellor_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['counsellor_id'], ['counsellor.id'], name=op.f('rota_text_belongs_to_counsellor_by_counsellor_id')),
    sa.ForeignKeyConstraint(['text_id'], ['text_message.id'], name=op.f('rota_text_belongs_to_text_message_by_text_id')),
    sa.PrimaryKeyConstraint('text_id', name=op.f('rota_text_key'))
    )
    op.create_table('cover_request',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('absent_id', sa.Integer(), nullable=False),
    sa.Column('during', postgresql.TSTZRANGE(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('opened_by', sa.Integer(), nullable=True),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('shift_id', sa.BigInteger(), nullable=True),
    sa.CheckConstraint("(state = 'asking') = (next_at is not null)", name=op.f('a_cover_request_that_asks_has_a_deadline')),
    sa.CheckConstraint("(state = 'filled') = (shift_id is not null)", name=op.f('a_filled_cover_request_is_a_shift')),
    sa.CheckConstraint("state in ('asking', 'filled', 'exhausted', 'called_off')", name=op.f('a_cover_request_has_a_known_state')),
    sa.ForeignKeyConstraint(['absent_id'], ['counsellor.id'], name=op.f('cover_request_belongs_to_counsellor_by_absent_id')),
    sa.ForeignKeyConstraint(['opened_by'], ['staff.id'], name=op.f('cover_request_belongs_to_staff_by_opened_by')),
    sa.ForeignKeyConstraint(['shift_id'], ['shift.id'], name=op.f('cover_request_belongs_to_shift_by_shift_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('cover_request_key'))
    )
    op.create_index('cover_request_by_next_at', 'cover_request', ['next_at'], unique=False, postgresql_where=sa.text("state = 'asking'"))
    op.create_table('draft_line',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('draft_id', sa.Integer(), nullable=False),
    sa.Column('shift_id', sa.BigInteger(), nullable=True),
    sa.Column('counsellor_id', sa.Integer(), nullable=True),
    sa.Column('during', postgresql.TSTZRANGE(), nullable=True),
    sa.Column('zone', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('before_counsellor_id', sa.Integer(), nullable=True),
    sa.Column('before', postgresql.TSTZRANGE(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('(counsellor_id is null) = (during is null)', name=op.f('a_draft_line_has_a_person_and_times_or_neither')),
    sa.CheckConstraint('shift_id is not null or during is not null', name=op.f('a_draft_line_changes_something')),
    sa.ForeignKeyConstraint(['before_counsellor_id'], ['counsellor.id'], name=op.f('draft_line_belongs_to_counsellor_by_before_counsellor_id')),
    sa.ForeignKeyConstraint(['counsellor_id'], ['counsellor.id'], name=op.f('draft_line_belongs_to_counsellor_by_counsellor_id')),
    sa.ForeignKeyConstraint(['draft_id'], ['draft.id'], name=op.f('draft_line_belongs_to_draft_by_draft_id')),
    sa.ForeignKeyConstraint(['shift_id'], ['shift.id'], name=op.f('draft_line_belongs_to_shift_by_shift_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('draft_line_key')),
    sa.UniqueConstraint('draft_id', 'shift_id', name='a_draft_changes_each_shift_once')
    )
    op.create_table('handed_over',
    sa.Column('shift_id', sa.BigInteger(), nullable=False),
    sa.Column('counsellor_id', sa.Integer(), nullable=False),
    sa.Column('during', postgresql.TSTZRANGE(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['counsellor_id'], ['counsellor.id'], name=op.f('handed_over_belongs_to_counsellor_by_counsellor_id')),
    sa.ForeignKeyConstraint(['shift_id'], ['shift.id'], name=op.f('handed_over_belongs_to_shift_by_shift_id')),
    sa.PrimaryKeyConstraint('shift_id', 'counsellor_id', name=op.f('handed_over_key'))
    )
    op.create_table('open_shift',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('during', postgresql.TSTZRANGE(), nullable=False),
    sa.Column('skill', sa.Text(), nullable=True),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('shift_id', sa.BigInteger(), nullable=True),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('opened_by', sa.Integer(), nullable=True),
    sa.CheckConstraint("(state = 'taken') = (shift_id is not null)", name=op.f('a_taken_open_shift_is_a_shift')),
    sa.CheckConstraint("skill in ('crisis', 'young_people', 'family', 'alcohol', 'opioids', 'ketamine', 'mat')", name=op.f('an_open_shift_asks_for_a_known_skill_or_none')),
    sa.CheckConstraint("state in ('open', 'taken', 'closed')", name=op.f('an_open_shift_has_a_known_state')),
    sa.CheckConstraint('not isempty(during) and lower_inc(during) and not upper_inc(during) and not lower_inf(during) and not upper_inf(during)', name=op.f('an_open_shift_starts_before_it_ends')),
    sa.ForeignKeyConstraint(['opened_by'], ['staff.id'], name=op.f('open_shift_belongs_to_staff_by_opened_by')),
    sa.ForeignKeyConstraint(['shift_id'], ['shift.id'], name=op.f('open_shift_belongs_to_shift_by_shift_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('open_shift_key'))
    )
    op.create_index('open_shift_by_state', 'open_shift', ['state'], unique=False)
    op.create_table('swap',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('shift_id', sa.BigInteger(), nullable=False),
    sa.Column('owner_id', sa.Integer(), nullable=False),
    sa.Column('taker_id', sa.Integer(), nullable=True),
    sa.Column('part', postgresql.TSTZRANGE(), nullable=True),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('offered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('before', postgresql.TSTZRANGE(), nullable=True),
    sa.Column('made', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    postgresql.ExcludeConstraint((sa.column('shift_id'), '='), (sa.text('coalesce(part, tstzrange(null, null))'), '&&'), where=sa.text("state in ('offered', 'taken')"), using='gist', name='a_part_of_a_shift_is_offered_once'),
    sa.CheckConstraint("state in ('offered', 'taken', 'approved', 'withdrawn', 'lapsed')", name=op.f('a_swap_has_a_known_state')),
    sa.CheckConstraint("state not in ('taken', 'approved') or taker_id is not null", name=op.f('a_taken_swap_says_who_took_it')),
    sa.CheckConstraint('taker_id <> owner_id', name=op.f('nobody_takes_their_own_offer')),
    sa.ForeignKeyConstraint(['owner_id'], ['counsellor.id'], name=op.f('swap_belongs_to_counsellor_by_owner_id')),
    sa.ForeignKeyConstraint(['shift_id'], ['shift.id'], name=op.f('swap_belongs_to_shift_by_shift_id')),
    sa.ForeignKeyConstraint(['taker_id'], ['counsellor.id'], name=op.f('swap_belongs_to_counsellor_by_taker_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('swap_key'))
    )
    op.create_index('swap_by_state', 'swap', ['state'], unique=False)
    op.create_table('cover_ask',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('request_id', sa.Integer(), nullable=False),
    sa.Column('counsellor_id', sa.Integer(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answer', sa.Text(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['counsellor_id'], ['counsellor.id'], name=op.f('cover_ask_belongs_to_counsellor_by_counsellor_id')),
    sa.ForeignKeyConstraint(['request_id'], ['cover_request.id'], name=op.f('cover_ask_belongs_to_cover_request_by_request_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('cover_ask_key')),
    sa.UniqueConstraint('request_id', 'counsellor_id', name='nobody_is_asked_twice_for_the_same_cover')
    )
    op.add_column('counsellor', sa.Column('site', sa.Text(), server_default='england_and_wales', nullable=False))
    op.add_column('counsellor', sa.Column('is_volunteer', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('counsellor', sa.Column('contract_minutes', sa.Integer(), nullable=True))
    op.add_column('counsellor', sa.Column('cap_minutes', sa.Integer(), nullable=True))
    op.add_column('counsellor', sa.Column('opted_out_from', sa.Date(), nullable=True))
    op.add_column('counsellor', sa.Column('opted_out_until', sa.Date(), nullable=True))
    op.add_column('counsellor', sa.Column('feed_digest', sa.LargeBinary(), nullable=True))
    op.create_unique_constraint(op.f('counsellor_has_one_feed_digest'), 'counsellor', ['feed_digest'])
    op.create_check_constraint(op.f('a_counsellor_works_at_a_known_site'), 'counsellor', "site in ('england_and_wales', 'scotland', 'northern_ireland')")
    op.create_check_constraint(op.f('a_contract_is_of_minutes_in_a_week'), 'counsellor', "contract_minutes between 0 and 10080")
    op.create_check_constraint(op.f('a_cap_is_of_minutes_in_a_week'), 'counsellor', "cap_minutes between 0 and 10080")
    op.create_check_constraint(op.f('an_opt_out_ends_after_it_begins'), 'counsellor', "opted_out_until >= opted_out_from")


def downgrade() -> None:
    op.drop_constraint(op.f('a_counsellor_works_at_a_known_site'), 'counsellor', type_='check')
    op.drop_constraint(op.f('a_contract_is_of_minutes_in_a_week'), 'counsellor', type_='check')
    op.drop_constraint(op.f('a_cap_is_of_minutes_in_a_week'), 'counsellor', type_='check')
    op.drop_constraint(op.f('an_opt_out_ends_after_it_begins'), 'counsellor', type_='check')
    op.drop_constraint(op.f('counsellor_has_one_feed_digest'), 'counsellor', type_='unique')
    op.drop_column('counsellor', 'feed_digest')
    op.drop_column('counsellor', 'opted_out_until')
    op.drop_column('counsellor', 'opted_out_from')
    op.drop_column('counsellor', 'cap_minutes')
    op.drop_column('counsellor', 'contract_minutes')
    op.drop_column('counsellor', 'is_volunteer')
    op.drop_column('counsellor', 'site')
    op.drop_table('cover_ask')
    op.drop_index('swap_by_state', table_name='swap')
    op.drop_table('swap')
    op.drop_index('open_shift_by_state', table_name='open_shift')
    op.drop_table('open_shift')
    op.drop_table('handed_over')
    op.drop_table('draft_line')
    op.drop_index('cover_request_by_next_at', table_name='cover_request', postgresql_where=sa.text("state = 'asking'"))
    op.drop_table('cover_request')
    op.drop_table('rota_text')
    op.drop_table('leave')
    op.drop_table('draft')
    op.drop_table('local_holiday')
