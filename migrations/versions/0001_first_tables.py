"""The first tables: requests, calls, texts, staff, the rota and the journal.

Before: nothing.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


JOURNAL_IS_APPEND_ONLY = """
CREATE OR REPLACE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is append-only' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER journal_is_append_only BEFORE UPDATE OR DELETE ON journal
    FOR EACH ROW EXECUTE FUNCTION journal_is_append_only();
"""


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")  # a number and a range in one exclusion constraint
    op.create_table('call',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('purpose', sa.Text(), nullable=False),
    sa.Column('counsellor_phone', sa.LargeBinary(), nullable=False),
    sa.Column('visitor_phone', sa.LargeBinary(), nullable=False),
    sa.Column('whisper', sa.LargeBinary(), nullable=False),
    sa.Column('shows_number', sa.Boolean(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('state_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('give_up_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('deadline_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('asked_provider', sa.Integer(), nullable=False),
    sa.Column('rings', sa.Integer(), nullable=False),
    sa.Column('handed_over_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('no_word_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('taken_on_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withheld', sa.Text(), nullable=True),
    sa.Column('refused', sa.Text(), nullable=True),
    sa.Column('never_sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('cancelled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('press', sa.Text(), nullable=True),
    sa.Column('pressed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('greeted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('bridged_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('dial_over_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('dial_bridged', sa.Boolean(), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state in ('abandoned', 'busy', 'cancelled', 'finished', 'hung_up', 'lost', 'no_answer', 'not_taken', 'refused', 'unreached', 'visitor_failed', 'withheld')) = (ended_at is not null)", name=op.f('a_call_has_ended_exactly_when_its_state_is_final')),
    sa.CheckConstraint("state in ('waiting', 'placing', 'unknown', 'placed', 'ringing', 'prompted', 'connecting', 'visitor_ringing', 'visitor_answered', 'bridged', 'closing', 'withheld', 'refused', 'lost', 'cancelled', 'unreached', 'not_taken', 'abandoned', 'busy', 'no_answer', 'visitor_failed', 'hung_up', 'finished')", name=op.f('a_call_has_a_known_state')),
    sa.CheckConstraint('ended_at is not null or deadline_at is not null', name=op.f('an_open_call_has_a_deadline')),
    sa.CheckConstraint('rings <= 1', name=op.f('a_call_is_placed_at_most_once')),
    sa.PrimaryKeyConstraint('id', name=op.f('call_key'))
    )
    op.create_index('call_by_deadline_at_while_open', 'call', ['deadline_at'], unique=False, postgresql_where=sa.text('ended_at is null'))
    op.create_index('call_by_due_at_while_waiting', 'call', ['priority', 'due_at'], unique=False, postgresql_where=sa.text("state = 'waiting'"))
    op.create_table('issued_instructions',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('provider_id', sa.Text(), nullable=False),
    sa.Column('step', sa.Text(), nullable=False),
    sa.Column('xml', sa.LargeBinary(), nullable=False),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('issued_instructions_key')),
    sa.UniqueConstraint('provider_id', 'step', name='a_step_of_a_leg_is_answered_one_way')
    )
    op.create_table('opt_out',
    sa.Column('phone_digest', sa.LargeBinary(), nullable=False),
    sa.Column('opted_out_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('phone_digest', name=op.f('opt_out_key'))
    )
    op.create_table('pace',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('there_is_one_pace')),
    sa.PrimaryKeyConstraint('id', name=op.f('pace_key'))
    )
    op.create_table('report',
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=True),
    sa.Column('provider_id', sa.Text(), nullable=True),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('facts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.PrimaryKeyConstraint('digest', name=op.f('report_key'))
    )
    op.create_index('report_by_received_at', 'report', ['received_at'], unique=False)
    op.create_table('requirement',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('weekday', sa.Integer(), nullable=False),
    sa.Column('starts', sa.Integer(), nullable=False),
    sa.Column('ends', sa.Integer(), nullable=False),
    sa.Column('at_least', sa.Integer(), nullable=False),
    sa.Column('skill', sa.Text(), nullable=True),
    sa.Column('with_skill', sa.Integer(), nullable=False),
    sa.CheckConstraint("skill in ('crisis', 'young_people', 'family', 'alcohol', 'opioids', 'ketamine', 'mat')", name=op.f('a_requirement_has_a_known_skill_or_none')),
    sa.CheckConstraint('(skill is null and with_skill = 0) or (with_skill between 1 and at_least)', name=op.f('a_requirement_asks_for_no_more_skilled_people_than_people')),
    sa.CheckConstraint('at_least >= 0', name=op.f('a_requirement_asks_for_people')),
    sa.CheckConstraint('starts >= 0 and starts < ends and ends <= 1440', name=op.f('a_requirement_lies_inside_one_day')),
    sa.CheckConstraint('weekday between 0 and 6', name=op.f('a_requirement_is_on_a_weekday_from_monday_0')),
    sa.PrimaryKeyConstraint('id', name=op.f('requirement_key'))
    )
    op.create_table('role',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('role_key')),
    sa.UniqueConstraint('name', name=op.f('role_has_one_name'))
    )
    op.create_table('staff',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('email', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('password', sa.Text(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('fs_uniquifier', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('signed_in_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('email = lower(email)', name=op.f('staff_email_is_in_lower_case')),
    sa.PrimaryKeyConstraint('id', name=op.f('staff_key')),
    sa.UniqueConstraint('email', name=op.f('staff_has_one_email')),
    sa.UniqueConstraint('fs_uniquifier', name=op.f('staff_has_one_fs_uniquifier'))
    )
    op.create_table('text_message',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('purpose', sa.Text(), nullable=False),
    sa.Column('reason_key', sa.Text(), nullable=False),
    sa.Column('phone', sa.LargeBinary(), nullable=False),
    sa.Column('phone_digest', sa.LargeBinary(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('state_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('give_up_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('deadline_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('provider_id', sa.Text(), nullable=True),
    sa.Column('withheld', sa.Text(), nullable=True),
    sa.Column('refused', sa.Text(), nullable=True),
    sa.CheckConstraint("(state in ('delivered', 'lost', 'refused', 'undelivered', 'withheld')) or deadline_at is not null", name=op.f('an_open_text_has_a_deadline')),
    sa.CheckConstraint("state in ('waiting', 'sending', 'sent', 'delivered', 'undelivered', 'withheld', 'refused', 'lost')", name=op.f('a_text_has_a_known_state')),
    sa.PrimaryKeyConstraint('id', name=op.f('text_message_key')),
    sa.UniqueConstraint('provider_id', name=op.f('text_message_has_one_provider_id')),
    sa.UniqueConstraint('reason_key', name='a_text_is_sent_once_for_each_reason')
    )
    op.create_index('text_by_deadline_at_while_open', 'text_message', ['deadline_at'], unique=False, postgresql_where=sa.text('deadline_at is not null'))
    op.create_index('text_by_due_at_while_waiting', 'text_message', ['due_at'], unique=False, postgresql_where=sa.text("state = 'waiting'"))
    op.create_table('counsellor',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('phone', sa.LargeBinary(), nullable=False),
    sa.Column('phone_digest', sa.LargeBinary(), nullable=False),
    sa.Column('phone_verified_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('gender', sa.Text(), nullable=True),
    sa.Column('skills', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('languages', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('joined_on', sa.Date(), nullable=False),
    sa.Column('left_on', sa.Date(), nullable=True),
    sa.Column('misses', sa.Integer(), nullable=False),
    sa.CheckConstraint("gender in ('female', 'male')", name=op.f('a_counsellor_has_a_known_gender_or_none')),
    sa.CheckConstraint('left_on >= joined_on', name=op.f('a_counsellor_leaves_after_joining')),
    sa.CheckConstraint('misses >= 0', name=op.f('misses_are_counted_from_zero')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('counsellor_belongs_to_staff_by_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('counsellor_key')),
    sa.UniqueConstraint('staff_id', name=op.f('counsellor_has_one_staff_id'))
    )
    op.create_index('one_counsellor_for_each_phone', 'counsellor', ['phone_digest'], unique=True, postgresql_where=sa.text('left_on is null'))
    op.create_table('journal',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_id', sa.Integer(), nullable=True),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('subject_kind', sa.Text(), nullable=False),
    sa.Column('subject_id', sa.Text(), nullable=False),
    sa.Column('before', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('after', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.ForeignKeyConstraint(['actor_id'], ['staff.id'], name=op.f('journal_belongs_to_staff_by_actor_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('journal_key'))
    )
    op.create_index('journal_by_at', 'journal', ['at'], unique=False)
    op.create_index('journal_by_subject', 'journal', ['subject_kind', 'subject_id', 'at'], unique=False)
    op.create_table('leg',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('call_id', sa.Uuid(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('provider_id', sa.Text(), nullable=True),
    sa.Column('status', sa.Text(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('duration_s', sa.Integer(), nullable=False),
    sa.Column('sip_code', sa.Text(), nullable=True),
    sa.CheckConstraint("role in ('counsellor', 'visitor')", name=op.f('a_leg_is_the_counsellors_or_the_visitors')),
    sa.CheckConstraint("status is null or status in ('queued', 'initiated', 'ringing', 'in-progress', 'completed', 'busy', 'no-answer', 'failed', 'canceled')", name=op.f('a_leg_has_a_known_status')),
    sa.ForeignKeyConstraint(['call_id'], ['call.id'], name=op.f('leg_belongs_to_call_by_call_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('leg_key')),
    sa.UniqueConstraint('call_id', 'role', name='a_call_has_one_leg_of_each_role'),
    sa.UniqueConstraint('provider_id', name=op.f('leg_has_one_provider_id'))
    )
    op.create_table('staff_role',
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('role_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['role_id'], ['role.id'], name=op.f('staff_role_belongs_to_role_by_role_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('staff_role_belongs_to_staff_by_staff_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('staff_id', 'role_id', name=op.f('staff_role_key'))
    )
    op.create_table('callback',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('reference', sa.Text(), nullable=False),
    sa.Column('token', sa.LargeBinary(), nullable=False),
    sa.Column('token_digest', sa.LargeBinary(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('status_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_by', sa.DateTime(timezone=True), nullable=True),
    sa.Column('review_reason', sa.Text(), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('case_outcome', sa.Text(), nullable=True),
    sa.Column('name', sa.LargeBinary(), nullable=False),
    sa.Column('phone', sa.LargeBinary(), nullable=False),
    sa.Column('phone_digest', sa.LargeBinary(), nullable=False),
    sa.Column('message', sa.LargeBinary(), nullable=False),
    sa.Column('safe_word', sa.LargeBinary(), nullable=True),
    sa.Column('urgency', sa.Text(), nullable=False),
    sa.Column('triage_rules', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('wants_review', sa.Boolean(), nullable=False),
    sa.Column('flags', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('for_whom', sa.Text(), nullable=False),
    sa.Column('substances', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('language', sa.Text(), nullable=False),
    sa.Column('gender_value', sa.Text(), nullable=True),
    sa.Column('gender_strength', sa.Text(), nullable=True),
    sa.Column('needs_skills', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('voicemail', sa.Text(), nullable=False),
    sa.Column('sms', sa.Text(), nullable=False),
    sa.Column('third_party', sa.Text(), nullable=False),
    sa.Column('caller_id', sa.Text(), nullable=False),
    sa.Column('do_not_contact_after', sa.DateTime(timezone=True), nullable=True),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('wanted_from', sa.DateTime(timezone=True), nullable=True),
    sa.Column('wanted_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('safe_times', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('next_try_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('never_after', sa.DateTime(timezone=True), nullable=False),
    sa.Column('promised_from', sa.DateTime(timezone=True), nullable=True),
    sa.Column('promised_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('rings_made', sa.Integer(), nullable=False),
    sa.Column('goes_first', sa.Boolean(), nullable=False),
    sa.Column('counsellor_id', sa.Integer(), nullable=True),
    sa.Column('possible_duplicate_of', sa.BigInteger(), nullable=True),
    sa.Column('consent_version', sa.Text(), nullable=False),
    sa.Column('consent_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('locale', sa.Text(), nullable=False),
    sa.CheckConstraint("(status in ('closed_no_contact', 'completed', 'erased', 'expired', 'rejected', 'withdrawn')) = (closed_at is not null)", name=op.f('a_callback_is_closed_exactly_when_its_status_is')),
    sa.CheckConstraint("status <> 'needs_review' or review_reason is not null", name=op.f('a_callback_in_review_says_why')),
    sa.CheckConstraint("status in ('assigned', 'closed_no_contact', 'completed', 'erased', 'expired', 'in_call', 'needs_review', 'queued', 'rejected', 'retry_due', 'submitted', 'withdrawn')", name=op.f('a_callback_has_a_known_status')),
    sa.CheckConstraint('closed_at is not null or due_by is not null', name=op.f('an_open_callback_has_a_deadline')),
    sa.CheckConstraint('rings_made between 0 and 4', name=op.f('a_visitor_is_rung_at_most_four_times')),
    sa.ForeignKeyConstraint(['counsellor_id'], ['counsellor.id'], name=op.f('callback_belongs_to_counsellor_by_counsellor_id')),
    sa.ForeignKeyConstraint(['possible_duplicate_of'], ['callback.id'], name=op.f('callback_belongs_to_callback_by_possible_duplicate_of'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('callback_key')),
    sa.UniqueConstraint('reference', name=op.f('callback_has_one_reference')),
    sa.UniqueConstraint('token_digest', name=op.f('callback_has_one_token_digest'))
    )
    op.create_index('callback_by_asked_at', 'callback', ['asked_at'], unique=False)
    op.create_index('callback_by_deadline_while_open', 'callback', ['due_by'], unique=False, postgresql_where=sa.text('closed_at is null'))
    op.create_index('callback_by_next_try_while_waiting', 'callback', ['next_try_at'], unique=False, postgresql_where=sa.text("status in ('queued', 'retry_due')"))
    op.create_index('callback_by_phone_while_open', 'callback', ['phone_digest'], unique=False, postgresql_where=sa.text('closed_at is null'))
    op.create_table('presence',
    sa.Column('counsellor_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.CheckConstraint("state in ('available', 'away', 'wrapping_up', 'not_responding')", name=op.f('a_presence_has_a_known_state')),
    sa.ForeignKeyConstraint(['counsellor_id'], ['counsellor.id'], name=op.f('presence_belongs_to_counsellor_by_counsellor_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('counsellor_id', name=op.f('presence_key'))
    )
    op.create_index('presence_by_state', 'presence', ['state'], unique=False)
    op.create_table('shift',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('counsellor_id', sa.Integer(), nullable=False),
    sa.Column('during', postgresql.TSTZRANGE(), nullable=False),
    sa.Column('zone', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('changed_after_publish', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    postgresql.ExcludeConstraint((sa.column('counsellor_id'), '='), (sa.column('during'), '&&'), where=sa.text("state = 'published'"), using='gist', name='nobody_works_two_shifts_at_once'),
    sa.CheckConstraint("(state = 'draft') = (published_at is null)", name=op.f('a_published_shift_says_since_when')),
    sa.CheckConstraint("state in ('draft', 'published', 'removed')", name=op.f('a_shift_has_a_known_state')),
    sa.CheckConstraint("upper(during) - lower(during) <= interval '25 hours'", name=op.f('a_shift_is_at_most_a_day')),
    sa.CheckConstraint('mod(extract(epoch from lower(during)), 60) = 0 and mod(extract(epoch from upper(during)), 60) = 0', name=op.f('a_shift_begins_and_ends_on_a_whole_minute')),
    sa.CheckConstraint('not isempty(during) and lower_inc(during) and not upper_inc(during) and not lower_inf(during) and not upper_inf(during)', name=op.f('a_shift_starts_before_it_ends')),
    sa.ForeignKeyConstraint(['counsellor_id'], ['counsellor.id'], name=op.f('shift_belongs_to_counsellor_by_counsellor_id')),
    sa.ForeignKeyConstraint(['created_by'], ['staff.id'], name=op.f('shift_belongs_to_staff_by_created_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('shift_key'))
    )
    op.create_index('shift_by_counsellor', 'shift', ['counsellor_id'], unique=False)
    op.create_index('shift_by_during', 'shift', ['during'], unique=False, postgresql_using='gist')
    op.create_table('attempt',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('callback_id', sa.BigInteger(), nullable=False),
    sa.Column('counsellor_id', sa.Integer(), nullable=False),
    sa.Column('call_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('because', sa.Text(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('rang_visitor_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('bridged_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('result', sa.Text(), nullable=True),
    sa.Column('talked_s', sa.Integer(), nullable=False),
    sa.Column('owes_outcome', sa.Boolean(), nullable=False),
    sa.Column('contact_outcome', sa.Text(), nullable=True),
    sa.Column('outcome_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('outcome_by', sa.Integer(), nullable=True),
    sa.Column('note', sa.LargeBinary(), nullable=True),
    sa.CheckConstraint('(ended_at is null) = (result is null)', name=op.f('an_attempt_that_ended_has_a_result')),
    sa.ForeignKeyConstraint(['call_id'], ['call.id'], name=op.f('attempt_belongs_to_call_by_call_id')),
    sa.ForeignKeyConstraint(['callback_id'], ['callback.id'], name=op.f('attempt_belongs_to_callback_by_callback_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['counsellor_id'], ['counsellor.id'], name=op.f('attempt_belongs_to_counsellor_by_counsellor_id')),
    sa.ForeignKeyConstraint(['outcome_by'], ['staff.id'], name=op.f('attempt_belongs_to_staff_by_outcome_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('attempt_key')),
    sa.UniqueConstraint('call_id', name=op.f('attempt_has_one_call_id')),
    sa.UniqueConstraint('callback_id', 'number', name='attempts_are_numbered')
    )
    op.create_index('a_counsellor_has_one_open_attempt', 'attempt', ['counsellor_id'], unique=True, postgresql_where=sa.text('ended_at is null'))
    op.create_index('a_request_has_one_open_attempt', 'attempt', ['callback_id'], unique=True, postgresql_where=sa.text('ended_at is null'))
    op.create_table('booking',
    sa.Column('callback_id', sa.BigInteger(), nullable=False),
    sa.Column('hour_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seat', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['callback_id'], ['callback.id'], name=op.f('booking_belongs_to_callback_by_callback_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('callback_id', name=op.f('booking_key')),
    sa.UniqueConstraint('hour_at', 'seat', name='a_place_in_an_hour_is_given_once')
    )
    op.create_table('callback_text',
    sa.Column('text_id', sa.Uuid(), nullable=False),
    sa.Column('callback_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['callback_id'], ['callback.id'], name=op.f('callback_text_belongs_to_callback_by_callback_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['text_id'], ['text_message.id'], name=op.f('callback_text_belongs_to_text_message_by_text_id')),
    sa.PrimaryKeyConstraint('text_id', name=op.f('callback_text_key'))
    )
    op.create_index(op.f('callback_text_by_callback_id'), 'callback_text', ['callback_id'], unique=False)
    op.create_table('history',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('callback_id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('actor_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['actor_id'], ['staff.id'], name=op.f('history_belongs_to_staff_by_actor_id')),
    sa.ForeignKeyConstraint(['callback_id'], ['callback.id'], name=op.f('history_belongs_to_callback_by_callback_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('history_key'))
    )
    op.create_index('history_by_callback', 'history', ['callback_id', 'id'], unique=False)
    op.create_table('idempotency',
    sa.Column('key_digest', sa.LargeBinary(), nullable=False),
    sa.Column('body_digest', sa.LargeBinary(), nullable=False),
    sa.Column('callback_id', sa.BigInteger(), nullable=True),
    sa.Column('answer', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['callback_id'], ['callback.id'], name=op.f('idempotency_belongs_to_callback_by_callback_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('key_digest', name=op.f('idempotency_key'))
    )
    op.create_table('referral',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('callback_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('provider', sa.LargeBinary(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('consent_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('note', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['callback_id'], ['callback.id'], name=op.f('referral_belongs_to_callback_by_callback_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['made_by'], ['staff.id'], name=op.f('referral_belongs_to_staff_by_made_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('referral_key'))
    )
    op.create_index(op.f('referral_by_callback_id'), 'referral', ['callback_id'], unique=False)
    op.execute(JOURNAL_IS_APPEND_ONLY)


def downgrade() -> None:
    op.execute("DROP TRIGGER IF EXISTS journal_is_append_only ON journal")
    op.execute("DROP FUNCTION IF EXISTS journal_is_append_only()")
    op.drop_index(op.f('referral_by_callback_id'), table_name='referral')
    op.drop_table('referral')
    op.drop_table('idempotency')
    op.drop_index('history_by_callback', table_name='history')
    op.drop_table('history')
    op.drop_index(op.f('callback_text_by_callback_id'), table_name='callback_text')
    op.drop_table('callback_text')
    op.drop_table('booking')
    op.drop_index('a_request_has_one_open_attempt', table_name='attempt', postgresql_where=sa.text('ended_at is null'))
    op.drop_index('a_counsellor_has_one_open_attempt', table_name='attempt', postgresql_where=sa.text('ended_at is null'))
    op.drop_table('attempt')
    op.drop_index('shift_by_during', table_name='shift', postgresql_using='gist')
    op.drop_index('shift_by_counsellor', table_name='shift')
    op.drop_table('shift')
    op.drop_index('presence_by_state', table_name='presence')
    op.drop_table('presence')
    op.drop_index('callback_by_phone_while_open', table_name='callback', postgresql_where=sa.text('closed_at is null'))
    op.drop_index('callback_by_next_try_while_waiting', table_name='callback', postgresql_where=sa.text("status in ('queued', 'retry_due')"))
    op.drop_index('callback_by_deadline_while_open', table_name='callback', postgresql_where=sa.text('closed_at is null'))
    op.drop_index('callback_by_asked_at', table_name='callback')
    op.drop_table('callback')
    op.drop_table('staff_role')
    op.drop_table('leg')
    op.drop_index('journal_by_subject', table_name='journal')
    op.drop_index('journal_by_at', table_name='journal')
    op.drop_table('journal')
    op.drop_index('one_counsellor_for_each_phone', table_name='counsellor', postgresql_where=sa.text('left_on is null'))
    op.drop_table('counsellor')
    op.drop_index('text_by_due_at_while_waiting', table_name='text_message', postgresql_where=sa.text("state = 'waiting'"))
    op.drop_index('text_by_deadline_at_while_open', table_name='text_message', postgresql_where=sa.text('deadline_at is not null'))
    op.drop_table('text_message')
    op.drop_table('staff')
    op.drop_table('role')
    op.drop_table('requirement')
    op.drop_index('report_by_received_at', table_name='report')
    op.drop_table('report')
    op.drop_table('pace')
    op.drop_table('opt_out')
    op.drop_table('issued_instructions')
    op.drop_index('call_by_due_at_while_waiting', table_name='call', postgresql_where=sa.text("state = 'waiting'"))
    op.drop_index('call_by_deadline_at_while_open', table_name='call', postgresql_where=sa.text('ended_at is null'))
    op.drop_table('call')
