"""What strangers may send: every field empty, too long, of the wrong kind; and what we say about it."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from callbacks.domain.asking import CONSENT_VERSION, Anybody, Gender, GenderWish, Strength
from callbacks.domain.safe_contact import MessageRule, SafeContact, ThirdParty
from callbacks.domain.window import Asap, Span
from callbacks.web import typed
from callbacks.web.schemas.reading import NotJson, Unacceptable, canonical, read
from callbacks.web.schemas.requests import CallbackRequest, ChangeRequest

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CONSENT = {"version": CONSENT_VERSION, "given": True}
LEAST = {"phone": "07700 900982", "consent": CONSENT}


def span(starts: datetime, ends: datetime) -> dict[str, str]:
    return {"from": starts.isoformat(), "to": ends.isoformat()}


def reading(**fields: Any) -> CallbackRequest:
    body = json.dumps(LEAST | fields).encode()
    return read(CallbackRequest, body, now=NOON, drama_allowed=True)


def refusals(**fields: Any) -> dict[str, str]:
    with pytest.raises(Unacceptable) as refused:
        reading(**fields)
    return {error.field: error.code for error in refused.value.errors}


def test_a_number_and_consent_are_enough() -> None:
    ask = reading().as_ask(channel="api")

    assert (ask.phone.e164, ask.when, ask.safe_contact, ask.flags) == ("+447700900982", Asap(), SafeContact(), {})


def test_everything_arrives_where_it_belongs() -> None:
    tomorrow = NOON + timedelta(days=1)

    ask = reading(
        name="Sam",
        when=span(tomorrow, tomorrow + timedelta(hours=1)),
        for_whom="partner",
        substances=["alcohol", "alcohol", "not_sure"],
        message="I do not know where to start.\r\n\r\n\r\n\r\nCan you help?",
        counsellor_gender={"value": "female", "strength": "only"},
        safe_contact={"sms": "neutral_message", "third_party": "hang_up", "safe_word": " blue  door "},
        flags={"pregnant": "not_sure", "withdrawal_red_flag": ["fit"]},
    ).as_ask(channel="api")

    assert ask.when == Span(tomorrow, tomorrow + timedelta(hours=1))
    assert ask.substances == ("alcohol", "not_sure")
    assert ask.message == "I do not know where to start.\n\nCan you help?"
    assert ask.gender == GenderWish(Gender.FEMALE, Strength.ONLY)
    assert ask.safe_contact == SafeContact(
        sms=MessageRule.NEUTRAL_MESSAGE, third_party=ThirdParty.HANG_UP, safe_word="blue door"
    )
    assert ask.flags == {"pregnant": "not_sure", "withdrawal_red_flag": ["fit"]}


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"phone": "999"}, {"phone": "phone_not_ringable"}),
        ({"phone": 7700900982}, {"phone": "wrong_type"}),
        ({"consent": {"version": CONSENT_VERSION, "given": False}}, {"consent.given": "not_on_list"}),
        ({"consent": {"version": "2019-01", "given": True}}, {"consent": "consent_outdated"}),
        ({"consent": {"given": True}}, {"consent.version": "missing"}),
        ({"name": "x" * 81}, {"name": "too_long"}),
        ({"name": None}, {"name": "wrong_type"}),
        ({"message": "x" * 1001}, {"message": "too_long"}),
        ({"surname": "Smith"}, {"surname": "unknown_field"}),
        ({"safe_contact": {"email": "no"}}, {"safe_contact.email": "unknown_field"}),
        ({"when": "tomorrow"}, {"when": "not_on_list"}),
        ({"when": 5}, {"when": "not_on_list"}),
        ({"when": {"from": "2026-11-24T18:00:00", "to": "2026-11-24T19:00:00Z"}}, {"when.from": "time_without_offset"}),
        ({"when": {"from": "six", "to": "2026-11-24T19:00:00Z"}}, {"when.from": "time_malformed"}),
        ({"when": {"from": 1, "to": "2026-11-24T19:00:00Z"}}, {"when.from": "time_malformed"}),
        ({"when": {"from": "2026-11-24T09:00:00Z", "to": "2026-11-24T10:00:00Z"}}, {"when.to": "time_in_past"}),
        ({"when": {"from": "2026-11-24T11:00:00Z", "to": "2026-11-24T13:00:00Z"}}, {"when": "time_in_past"}),
        ({"when": {"from": "2026-11-24T19:00:00Z", "to": "2026-11-24T18:00:00Z"}}, {"when": "time_backwards"}),
        ({"when": {"from": "2027-11-24T18:00:00Z", "to": "2027-11-24T19:00:00Z"}}, {"when.to": "time_too_far"}),
        ({"substances": ["tea"]}, {"substances.0": "not_on_list"}),
        ({"flags": {"pregnant": "perhaps"}}, {"flags.pregnant": "not_on_list"}),
        ({"flags": {"withdrawal_red_flag": ["fit", "hiccups"]}}, {"flags.withdrawal_red_flag.1": "not_on_list"}),
        ({"flags": {"hoax_history": "yes"}}, {"flags.hoax_history": "unknown_field"}),
        ({"locale": "EN!"}, {"locale": "malformed"}),
    ],
)
def test_what_cannot_be_taken_is_named_by_field_and_code(fields: dict[str, Any], refused: dict[str, str]) -> None:
    assert refusals(**fields) == refused


def test_what_a_field_must_be_is_said_as_it_is_written_in_json() -> None:
    with pytest.raises(Unacceptable) as refused:
        reading(consent={"version": CONSENT_VERSION, "given": False}, when="tomorrow")

    assert {error.field: error.detail for error in refused.value.errors} == {
        "consent.given": "This must be true.",
        "when": "Write “asap”, or a time with “from” and “to”.",
    }


def test_every_mistake_is_named_at_once() -> None:
    assert set(refusals(phone="", name="x" * 81, when="never")) == {"phone", "name", "when"}


def test_a_refusal_never_repeats_what_was_sent() -> None:
    with pytest.raises(Unacceptable) as refused:
        reading(phone="07700 90098 my number", name="Zebedee" * 20)

    said = repr(refused.value) + "".join(error.detail for error in refused.value.errors)
    assert "Zebedee" not in said
    assert "90098" not in said


@pytest.mark.parametrize("body", [b"", b"{", b"phone=1", b"\xff\xfe"])
def test_what_is_not_json_is_told_apart(body: bytes) -> None:
    with pytest.raises(NotJson):
        read(CallbackRequest, body, now=NOON, drama_allowed=True)


@pytest.mark.parametrize("body", [b"[]", b"1", b"null", b'"asap"'])
def test_json_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Unacceptable):
        read(CallbackRequest, body, now=NOON, drama_allowed=True)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_nothing_that_json_can_say_breaks_the_reader(anything: Any) -> None:
    for body in (anything, LEAST | {"when": anything, "flags": anything, "safe_contact": anything, "phone": anything}):
        with suppress(Unacceptable):
            read(CallbackRequest, json.dumps(body).encode(), now=NOON, drama_allowed=True).as_ask(channel="api")


INSTANTS = st.datetimes(timezones=st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours))))


@given(INSTANTS, INSTANTS)
@example(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), NOON + timedelta(hours=1))
@example(NOON, datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-14))))
def test_no_instant_of_any_age_breaks_the_reader(starts: datetime, ends: datetime) -> None:
    for times in ({"when": span(starts, ends)}, {"safe_times": [span(starts, ends)]}):
        with suppress(Unacceptable):
            reading(**times).as_ask(channel="api")
        with suppress(Unacceptable):
            wish = read(ChangeRequest, json.dumps(times).encode(), now=NOON, drama_allowed=True)
            assert wish.as_when() or wish.as_safe_times()


@pytest.mark.parametrize("wall", ["2026-10-25T01:30:00+01:00", "2026-10-25T01:30:00+00:00"])
def test_each_half_past_one_of_a_long_night_is_its_own_instant(wall: str) -> None:
    now = datetime(2026, 10, 24, 12, tzinfo=UTC)
    ends = datetime.fromisoformat(wall) + timedelta(minutes=30)
    body = json.dumps(LEAST | {"when": {"from": wall, "to": ends.isoformat()}}).encode()

    when = read(CallbackRequest, body, now=now, drama_allowed=True).as_ask(channel="api").when

    assert isinstance(when, Span)
    assert when.starts_at == datetime.fromisoformat(wall)


@pytest.mark.parametrize("body", [b"{}", b'{"when": null}', b'{"phone": null}', b'{"safe_times": null}'])
def test_a_change_that_changes_nothing_is_refused(body: bytes) -> None:
    with pytest.raises(Unacceptable):
        read(ChangeRequest, body, now=NOON, drama_allowed=True)


def test_a_wish_about_the_counsellor_can_be_taken_back() -> None:
    taken_back = read(ChangeRequest, b'{"counsellor_gender": null}', now=NOON, drama_allowed=True)
    left_alone = read(ChangeRequest, b'{"name": "Sam"}', now=NOON, drama_allowed=True)

    assert (taken_back.as_gender(), left_alone.as_gender()) == (Anybody(), None)


def test_a_change_of_one_permission_leaves_the_others() -> None:
    wish = read(ChangeRequest, b'{"safe_contact": {"sms": "no"}}', now=NOON, drama_allowed=True)
    present = SafeContact(voicemail=MessageRule.NEUTRAL_MESSAGE, sms=MessageRule.NEUTRAL_MESSAGE, safe_word="door")

    assert wish.safe_contact is not None
    assert wish.safe_contact.over(present) == SafeContact(voicemail=MessageRule.NEUTRAL_MESSAGE, safe_word="door")


def test_the_same_body_in_another_order_is_the_same_body() -> None:
    assert canonical(b'{"a": 1, "b": [2]}') == canonical(b'{"b":[2],\n"a":1}')


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [
        ("  Sam  ", "Sam"),
        ("Sa\u200bm\ufeff", "Sam"),
        ("\u202eSam\u202c", "Sam"),
        ("Sam\x00\x07", "Sam"),
        ("Sam\nJo\tAnn", "Sam Jo Ann"),
        ("\u200b\u2800\u3164", ""),
        ("Siân", "Siân"),
        ("Sia\u0302n", "Siân"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("Sam\u200d", "Sam"),
        ("Mary-Jane O’Neill", "Mary-Jane O’Neill"),
    ],
)
def test_invisible_characters_go_and_letters_stay(pasted: str, kept: str) -> None:
    assert typed.line(pasted.replace("\n", " ")) == kept


@given(st.text())
def test_cleaning_twice_is_cleaning_once(pasted: str) -> None:
    assert typed.line(typed.line(pasted)) == typed.line(pasted)
    assert typed.lines(typed.lines(pasted)) == typed.lines(pasted)
