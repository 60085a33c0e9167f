"""Calendar feeds that calendars accept, evidence of cover, and hours per person."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import JournalRow
from foundation.database import transaction
from rota.domain.calendar_feed import FeedEvent, calendar
from rota.domain.coverage import Coverage, CoverState, cover
from rota.domain.evidence import evidence, ready_spans, stretches
from rota.domain.presence import PresenceState
from rota.domain.resolution import PersonSpan, merged
from rota.operations import demand, feed, swaps
from rota.operations.presence import set_available, set_away
from rota.operations.shifts import move_shift, remove_shift, split_shift
from tests.rota.planning import LONDON, NOON, Browser, Team, hours

HOUR = timedelta(hours=1)


def a_feed(app: Flask, person: int) -> str:
    with app.app_context(), transaction() as session:
        return feed.renew(session, counsellor_id=person, by=None, now=NOON)


def read(feed: bytes | str) -> list[Any]:
    """The events of a feed, as the library reads them."""
    found: Any = Calendar.from_ical(feed)
    return list(found.walk("VEVENT"))


def events(client: FlaskClient, token: str) -> dict[str, tuple[str, int, datetime]]:
    """UID → (status, sequence, last modified), as another program reads the feed."""
    answer = client.get(f"/feeds/{token}.ics")
    assert answer.mimetype == "text/calendar"
    return {
        str(event["uid"]): (str(event["status"]), int(event["sequence"]), event["last-modified"].dt)
        for event in read(answer.data)
    }


def test_names_and_notes_are_escaped_and_folded() -> None:
    """ICS01."""
    event = FeedEvent(1, 2, hours(0, 8), 0, NOON, note="door code; ring, wait " + "é" * 60)

    text = calendar([event], name="Siân O'Brien", summary="Shift", domain="example.org").decode()

    assert "X-WR-CALNAME:Siân O'Brien" in text
    assert "door code\\; ring\\, wait" in text
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert read(text)[0]["description"] == event.note


def test_a_shift_that_is_cancelled_keeps_its_uid_and_says_so(app: Flask, client: FlaskClient, team: Team) -> None:
    """ICS03."""
    ana = team.counsellor()
    shift = team.shift(ana, hours(20, 28))
    token = a_feed(app, ana)
    before = events(client, token)

    with app.app_context(), transaction() as session:
        remove_shift(session, shift_id=shift, version=1, by=None, now=NOON + HOUR)

    uid = f"shift-{shift}-{ana}@127.0.0.1"
    assert before == {uid: ("CONFIRMED", 0, NOON)}
    assert events(client, token) == {uid: ("CANCELLED", 1, NOON + HOUR)}


def test_a_shift_that_goes_to_a_colleague_is_cancelled_in_the_one_calendar_and_new_in_the_other(
    app: Flask, client: FlaskClient, team: Team
) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    shift = team.shift(ana, hours(20, 28))
    tokens = [a_feed(app, person) for person in (ana, ben)]

    for person, version in ((ben, 1), (ana, 2)):
        with app.app_context(), transaction() as session:
            move_shift(
                session,
                shift_id=shift,
                counsellor_id=person,
                span=hours(20, 28),
                version=version,
                zone=LONDON,
                by=None,
                now=NOON,
            )
        found = [next(iter(events(client, token).values()))[:2] for token in tokens]
        expected = ("CANCELLED", version), ("CONFIRMED", version)
        assert sorted(found) == sorted(expected)


def test_no_two_events_of_a_feed_share_a_uid_however_often_shifts_were_cut_and_handed_on(
    app: Flask, client: FlaskClient, team: Team
) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    first, second = team.shift(ana, hours(20, 28)), team.shift(ana, hours(44, 52))
    team.shift(ana, hours(68, 76))
    tokens = [a_feed(app, person) for person in (ana, ben)]
    with app.app_context(), transaction() as session:
        split_shift(session, shift_id=second, at=hours(48, 52).starts_at, version=1, by=None, now=NOON)
        offered = swaps.offer(session, shift_id=first, owner_id=ana, part=hours(22, 26), by=None, now=NOON)
        swaps.take(session, swap_id=offered.id, taker_id=ben, zone=LONDON, by=None, now=NOON)
        swaps.approve(session, swap_id=offered.id, reason="a test", zone=LONDON, by=None, now=NOON)

    found = [read(client.get(f"/feeds/{token}.ics").data) for token in tokens]

    uids = [[str(event["uid"]) for event in events] for events in found]
    assert [len(own) for own in uids] == [5, 1]
    assert all(len(own) == len(set(own)) for own in uids)


def test_a_shift_keeps_its_uid_by_whatever_address_the_feed_is_reached(
    app: Flask, client: FlaskClient, team: Team
) -> None:
    ana = team.counsellor()
    team.shift(ana, hours(20, 28))
    token = a_feed(app, ana)

    bodies = [client.get(f"/feeds/{token}.ics", base_url=base).data for base in ("http://localhost", "http://10.0.0.5")]

    assert bodies[0] == bodies[1]


def test_a_feed_that_was_renewed_or_ended_is_not_found_under_its_old_address(
    app: Flask, client: FlaskClient, team: Team
) -> None:
    ana = team.counsellor()
    old = a_feed(app, ana)
    new = a_feed(app, ana)

    assert client.get(f"/feeds/{old}.ics").status_code == 404
    assert client.get(f"/feeds/{new}.ics").status_code == 200
    with app.app_context(), transaction() as session:
        feed.end(session, counsellor_id=ana, by=None, now=NOON)
    assert client.get(f"/feeds/{new}.ics").status_code == 404


def test_the_journal_says_which_address_a_feed_had_before_and_gives_none_away(
    app: Flask, session: Session, team: Team
) -> None:
    ana = team.counsellor()
    tokens = [a_feed(app, ana), a_feed(app, ana)]
    with app.app_context(), transaction() as ending:
        feed.end(ending, counsellor_id=ana, by=None, now=NOON)

    noted = session.scalars(
        select(JournalRow).where(JournalRow.action.in_(["feed_renewed", "feed_ended"])).order_by(JournalRow.id)
    ).all()

    sides = [((line.before or {})["feed"], (line.after or {})["feed"]) for line in noted]
    assert sides[0][0] is sides[2][1] is None
    assert (sides[0][1], sides[1][1]) == (sides[1][0], sides[2][0])
    assert sides[1][0] != sides[1][1]
    assert not [token for token in tokens if token in str(sides)]


def on(person: int, starts: float, ends: float) -> PersonSpan:
    return PersonSpan(person, NOON + starts * HOUR, NOON + ends * HOUR)


def a_week(*spans: PersonSpan, minimum: int = 1) -> Coverage:
    return cover(spans, [], skills={}, start=NOON, end=NOON + 168 * HOUR, zone=LONDON, minimum=minimum)


def test_half_empty_is_fifty_percent_and_eighty_four_hours_of_gaps() -> None:
    """COV01."""
    days = [on(person, 24 * day, 24 * day + 12) for person in (1, 2) for day in range(7)]

    found = a_week(*days)

    assert (found.percent, found.gap_minutes) == (50, 84 * 60)
    assert not evidence(found).is_round_the_clock
    assert evidence(found).in_state[CoverState.UNCOVERED] == 84 * HOUR


def test_a_gap_at_the_end_of_each_week_is_found_twice_in_two() -> None:
    """BND05."""
    monday = datetime(2026, 11, 23, tzinfo=UTC)
    weeks = [PersonSpan(1, monday + week * 168 * HOUR, monday + (week * 168 + 167) * HOUR) for week in range(2)]

    found = cover(weeks, [], skills={}, start=monday, end=monday + 336 * HOUR, zone=LONDON, minimum=1)

    assert [(gap.span.starts_at - monday, gap.span.length) for gap in found.gaps] == [
        (167 * HOUR, HOUR), (335 * HOUR, HOUR),
    ]  # fmt: skip


def test_the_evidence_adds_up_to_the_whole_period() -> None:
    found = evidence(a_week(on(1, 0, 100), on(2, 50, 168), minimum=2))

    assert found.length == 168 * HOUR
    assert found.is_round_the_clock
    assert not found.is_never_alone


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


TODAY = "first=2026-11-24&last=2026-11-24"


def is_ready(app: Flask, person: int, *changes: tuple[float, bool]) -> None:
    """Somebody said so, or the opposite, so many hours from NOON."""
    with app.app_context(), transaction() as session:
        for after, ready in changes:
            say = set_available if ready else set_away
            say(session, counsellor_id=person, by=None, now=NOON + after * HOUR)


def evidence_rows(browser: Browser, period: str = TODAY) -> list[tuple[str, ...]]:
    rows = table(browser.get(f"/staff/rota/evidence.csv?{period}").text)
    return [
        (
            row["starts_at"][11:16],
            row["when"],
            row["on_rota"],
            row["state_by_rota"],
            row["ready"],
            row["state_by_ready"],
        )
        for row in rows
    ]


def test_what_is_over_is_proven_only_by_people_who_were_on_and_ready(
    app: Flask, team: Team, signed_in: Callable[..., Browser]
) -> None:
    ana, ben = (team.counsellor(name, is_available=False) for name in ("Ana Example", "Ben Example"))
    for person in (ana, ben):
        team.shift(person, hours(-12, 12))
    is_ready(app, ben, (-13, True))
    is_ready(app, ana, (-13, True), (-3, False), (-1, True))
    browser = signed_in()

    proven = browser.get(f"/staff/rota/evidence?{TODAY}").text
    rows = evidence_rows(browser)
    is_ready(app, ben, (-0.5, False))
    is_ready(app, ana, (-0.25, False))
    not_proven = browser.get(f"/staff/rota/evidence?{TODAY}").text

    assert "is true of it" in proven
    assert "For some of it, only one person was" in proven
    assert rows == [
        ("00:00", "over", "2", "covered", "2", "covered"),
        ("09:00", "over", "2", "covered", "1", "critical"),
        ("11:00", "over", "2", "covered", "2", "covered"),
        ("12:00", "planned", "2", "covered", "", ""),
    ]
    assert "for 15 min nobody of them was ready" in not_proven
    assert "is not proven of this period" in not_proven


def test_minutes_without_anybody_on_the_rota_disprove_the_claim(
    app: Flask, team: Team, signed_in: Callable[..., Browser]
) -> None:
    ana = team.counsellor("Ana Example")
    team.shift(ana, hours(-12, -1))
    is_ready(app, ana, (-20, True))
    browser = signed_in()

    page = browser.get(f"/staff/rota/evidence?{TODAY}").text

    assert "is not true of this period" in page
    assert [row[3] for row in evidence_rows(browser)] == ["critical", "uncovered", "uncovered"]


def test_a_period_that_is_to_come_is_a_plan_and_never_evidence(team: Team, signed_in: Callable[..., Browser]) -> None:
    people = [team.counsellor(name) for name in ("Ana Example", "Ben Example")]
    for person in people:
        team.shift(person, hours(12, 36))
    browser = signed_in()

    page = browser.get("/staff/rota/evidence?first=2026-11-25&last=2026-11-25").text

    assert "Nothing of this period is over yet" in page
    assert "Somebody is planned in every minute that is still to come" in page
    assert "true of" not in page
    assert evidence_rows(browser, "first=2026-11-25&last=2026-11-25") == [("00:00", "planned", "2", "covered", "", "")]


def test_evidence_of_the_past_keeps_the_demand_of_its_day(
    team: Team, signed_in: Callable[..., Browser], session: Session
) -> None:
    people = [team.counsellor(name) for name in ("Ana Example", "Ben Example")]
    for person in people:
        team.shift(person, hours(-36, -12))
    demand.set_minimum(session, people=3, first_day=NOON.date(), today=NOON.date(), by=None, now=NOON)
    session.commit()

    rows = evidence_rows(signed_in(), "first=2026-11-23&last=2026-11-23")

    assert [row[3] for row in rows] == ["covered"]


def test_ready_or_not_is_read_as_people_said_it() -> None:
    said = [
        (NOON - HOUR, PresenceState.AVAILABLE),
        (NOON + HOUR, PresenceState.WRAPPING_UP),
        (NOON + 2 * HOUR, PresenceState.NOT_RESPONDING),
        (NOON + 3 * HOUR, PresenceState.AVAILABLE),
    ]

    found = ready_spans([on(1, 0, 4), on(2, 0, 4)], {1: said})

    assert found == [on(1, 0, 2), on(1, 3, 4)]


@given(st.lists(st.integers(0, 47), max_size=6), st.lists(st.integers(0, 47), max_size=6))
def test_the_stretches_of_both_fill_the_period_without_a_hole(starts: list[int], ready: list[int]) -> None:
    def covered(hour_list: list[int]) -> Coverage:
        spans = merged(on(person, hour, hour + 3) for person, hour in enumerate(hour_list))
        return cover([span for span in spans if span.starts_at < NOON + 48 * HOUR], [], skills={}, start=NOON,
                     end=NOON + 48 * HOUR, zone=LONDON)  # fmt: skip

    found = stretches(covered(starts), covered(ready))

    assert found[0].span.starts_at == NOON
    assert found[-1].span.ends_at == NOON + 48 * HOUR
    assert all(one.span.ends_at == two.span.starts_at for one, two in pairwise(found))


def test_the_hours_page_lists_those_without_any(team: Team, signed_in: Callable[..., Browser]) -> None:
    ana = team.counsellor("Ana Example")
    team.counsellor("Zoe Example")
    team.shift(ana, hours(10, 20))
    browser = signed_in()

    page = browser.get("/staff/rota/hours?first=2026-11-23&last=2026-11-29")
    rows = table(browser.get("/staff/rota/hours.csv?first=2026-11-23&last=2026-11-29").text)

    assert "Zoe Example" in page.text
    assert "No shifts" in page.text
    assert [(row["name"], row["minutes"], row["night_minutes"]) for row in rows] == [
        ("Ana Example", "600", "420"), ("Zoe Example", "0", "0"),
    ]  # fmt: skip


def test_a_period_that_cannot_be_is_refused_with_words(signed_in: Callable[..., Browser]) -> None:
    browser = signed_in()

    assert "Enter a later last day" in browser.get("/staff/rota/hours?first=2026-11-23&last=2026-11-01").text
    assert "at most a year" in browser.get("/staff/rota/evidence?first=2026-01-01&last=2036-01-01").text
    assert "Enter the first day" in browser.get("/staff/rota/evidence?first=never&last=2036-01-01").text
