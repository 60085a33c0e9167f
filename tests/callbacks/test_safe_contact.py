"""What a visitor allows: the strictest by default, and asked again at the last moment."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.domain.lifecycle import Status
from callbacks.domain.safe_contact import (
    CALLABLE,
    CallerId,
    MessageRule,
    Refused,
    SafeContact,
    ThirdParty,
    may_call,
    may_text,
)
from callbacks.domain.window import Span, Wanted
from tests.conftest import NOON

LONDON = ZoneInfo("Europe/London")
HOUR = timedelta(hours=1)
NOW_IS_SAFE = Wanted(asked_at=NOON, when=Span(NOON, NOON + HOUR))
TEXTS = SafeContact(sms=MessageRule.NEUTRAL_MESSAGE)

permissions = st.builds(
    SafeContact,
    voicemail=st.sampled_from(MessageRule),
    sms=st.sampled_from(MessageRule),
    third_party=st.sampled_from(ThirdParty),
    caller_id=st.sampled_from(CallerId),
)


def laxness(contact: SafeContact) -> tuple[int, int, int, int]:
    """How much a set of permissions allows, answer by answer."""
    return (
        list(MessageRule).index(contact.voicemail),
        list(MessageRule).index(contact.sms),
        list(ThirdParty).index(contact.third_party),
        -list(CallerId).index(contact.caller_id),
    )


def test_nothing_is_left_behind_unless_it_was_allowed() -> None:
    nothing_said = SafeContact()

    assert nothing_said.voicemail is MessageRule.NO
    assert nothing_said.sms is MessageRule.NO
    assert nothing_said.third_party is ThirdParty.ASK_FOR_NAME_ONLY


@given(permissions, permissions)
def test_of_two_sets_of_permissions_the_stricter_answer_wins(one: SafeContact, other: SafeContact) -> None:
    both = one.strictest_with(other)

    assert laxness(both) == tuple(map(min, laxness(one), laxness(other)))
    assert laxness(both) == laxness(other.strictest_with(one))


@given(permissions)
def test_whoever_is_not_safe_at_home_is_left_no_trace_of(contact: SafeContact) -> None:
    strict = contact.made_strict()

    assert (strict.voicemail, strict.sms) == (MessageRule.NO, MessageRule.NO)
    assert strict.third_party is ThirdParty.SAY_WRONG_NUMBER


@pytest.mark.parametrize("status", list(Status))
def test_only_a_request_that_a_counsellor_holds_rings_the_visitor(status: Status) -> None:
    refused = may_call(status=status, barred=None, wanted=NOW_IS_SAFE, now=NOON, zone=LONDON)

    assert refused == (None if status in (Status.ASSIGNED, Status.IN_CALL) else Refused.CLOSED)


@pytest.mark.parametrize("status", sorted(CALLABLE))
def test_a_safe_time_that_is_over_is_over_for_a_call_that_is_under_way_too(status: Status) -> None:
    at_its_end = may_call(status=status, barred=None, wanted=NOW_IS_SAFE, now=NOON + HOUR, zone=LONDON)

    assert at_its_end is Refused.OUTSIDE_SAFE_TIMES


TEXT_CASES: dict[str, tuple[bool, SafeContact, bool, timedelta, Refused | None]] = {
    # case: closed, permissions, a mobile, how long after NOON, refused because
    "allowed": (False, TEXTS, True, timedelta(), None),
    "with a name": (False, SafeContact(sms=MessageRule.MESSAGE_WITH_NAME), True, timedelta(), None),
    "the request is over": (True, TEXTS, True, timedelta(), Refused.CLOSED),
    "not allowed": (False, SafeContact(), True, timedelta(), Refused.NO_TEXTS),
    "a landline": (False, TEXTS, False, timedelta(), Refused.LANDLINE),
    "a minute before they want no more": (
        False,
        SafeContact(sms=MessageRule.NEUTRAL_MESSAGE, do_not_contact_after=NOON + HOUR),
        True,
        timedelta(minutes=59),
        None,
    ),
    "at a time that was not named": (False, TEXTS, True, 3 * HOUR, Refused.OUTSIDE_SAFE_TIMES),
    "when they want no more": (
        False,
        SafeContact(sms=MessageRule.NEUTRAL_MESSAGE, do_not_contact_after=NOON + HOUR),
        True,
        HOUR,
        Refused.OUTSIDE_SAFE_TIMES,
    ),
}


@pytest.mark.parametrize("case", TEXT_CASES)
def test_a_text_is_sent_only_where_every_rule_allows_it(case: str) -> None:
    closed, contact, is_mobile, after, refused = TEXT_CASES[case]

    day = Wanted(asked_at=NOON, when=Span(NOON, NOON + 3 * HOUR), not_after=contact.do_not_contact_after)

    given = may_text(
        closed=closed, barred=None, contact=contact, is_mobile=is_mobile, wanted=day, now=NOON + after, zone=LONDON
    )

    assert given is refused
