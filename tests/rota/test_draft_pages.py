"""Draft, difference, publication and undoing over the pages, in a browser without scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.domain.roles import Role
from accounts.models import JournalRow
from rota.domain.shifts import Span
from rota.operations.shifts import move_shift
from tests.rota.planning import LONDON, NOON, Browser, Team, hours
from tests.rota.test_planning_rows import rota, texts

DRAFT = "/staff/rota/draft"
SignIn = Callable[..., Browser]
THURSDAY = {"day": "2026-11-26", "starts": "12:00", "ends": "20:00"}


def test_a_draft_shows_what_each_would_be_told_and_publishing_tells_them_just_that(
    session: Session, team: Team, signed_in: SignIn
) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    shift = team.shift(ana, hours(20, 28))
    supervisor = signed_in()

    supervisor.send(
        f"{DRAFT}/shifts/{shift}", page=DRAFT, counsellor=ben, day="2026-11-25", starts="08:00", ends="16:00", version=1
    )
    supervisor.send(f"{DRAFT}/shifts", page=DRAFT, counsellor=ana, **THURSDAY)
    page = supervisor.get(DRAFT).text
    before, told_before = rota(session), texts(session)
    session.commit()
    supervisor.send(f"{DRAFT}/publication", page=DRAFT)

    assert "Moved from Ana Example, Wednesday 25 November, 08:00 to 16:00, to Ben Example, Wednesday 25 Nov" in page
    assert "New: Ana Example, Thursday 26 November, 12:00 to 20:00" in page
    assert (before, told_before) == ([("Ana Example", hours(20, 28))], [])
    assert rota(session) == [("Ben Example", hours(20, 28)), ("Ana Example", hours(48, 56))]
    assert len(texts(session)) == 2
    for _, body in texts(session):
        assert body in page


def test_a_publication_is_undone_from_the_page_and_those_who_were_told_are_told_again(
    session: Session, team: Team, signed_in: SignIn
) -> None:
    ana = team.counsellor()
    shift = team.shift(ana, hours(20, 28))
    supervisor = signed_in()
    supervisor.send(f"{DRAFT}/shifts/{shift}/removal", page=DRAFT, version=1)
    supervisor.send(f"{DRAFT}/publication", page=DRAFT)
    gone = rota(session)
    session.commit()

    supervisor.send(f"{DRAFT}/publications/1/undoing", page=DRAFT)

    page = supervisor.get(DRAFT).text
    assert (gone, rota(session)) == ([], [("Ana Example", hours(20, 28))])
    assert [body.partition(":")[0] for _, body in texts(session)] == [
        "This shift is no longer yours",
        "You have a new shift",
    ]
    assert "by A supervisor: 1 change" in page
    assert "Undone" in page


def test_a_rule_is_said_before_anything_is_drafted_and_a_reason_is_shown_and_journalled_on_publication(
    session: Session, team: Team, signed_in: SignIn
) -> None:
    ana = team.counsellor()
    team.shift(ana, hours(40, 46))
    supervisor = signed_in()

    refused = supervisor.send(f"{DRAFT}/shifts", page=DRAFT, counsellor=ana, **THURSDAY)
    supervisor.send(f"{DRAFT}/shifts", page=DRAFT, counsellor=ana, reason="Flood", **THURSDAY)
    page = supervisor.get(DRAFT).text
    supervisor.send(f"{DRAFT}/publication", page=DRAFT)

    assert refused.status_code == 422
    assert "Only 2 h of rest" in refused.text
    assert "Choose a later start, an earlier end or somebody else" in refused.text
    assert 'name="reason"' in refused.text
    assert "Against a rule, with a reason" in page
    assert "Only 2 h of rest" in page
    noted = session.scalars(select(JournalRow).where(JournalRow.action == "rule_overridden")).one()
    assert (noted.after or {})["reason"] == "Flood"


def test_a_planned_shift_gets_other_times_and_another_person_and_stays_the_same_line(
    session: Session, team: Team, signed_in: SignIn
) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    shift = team.shift(ana, hours(20, 28))
    supervisor = signed_in()
    early = {"day": "2026-11-25", "starts": "07:00", "ends": "15:00"}
    supervisor.send(f"{DRAFT}/shifts/{shift}", page=DRAFT, counsellor=ana, version=1, **early)
    supervisor.send(f"{DRAFT}/shifts", page=DRAFT, counsellor=ana, **THURSDAY)

    form = supervisor.get(f"{DRAFT}?line=2").text
    for line in (1, 2):
        supervisor.send(f"{DRAFT}/lines/{line}", page=DRAFT, counsellor=ben, **early | {"day": f"2026-11-2{4 + line}"})
    page = supervisor.get(DRAFT).text
    supervisor.send(f"{DRAFT}/publication", page=DRAFT)

    assert ("Change what is planned" in form, 'value="2026-11-26"' in form) == (True, True)
    assert "Moved from Ana Example, Wednesday 25 November, 08:00 to 16:00, to Ben Example, Wednesday 25 Nov" in page
    assert "New: Ben Example, Thursday 26 November, 07:00 to 15:00" in page
    assert ("/lines/1/removal" in page, "/lines/2/removal" in page, "/lines/3/removal" in page) == (True, True, False)
    assert rota(session) == [("Ben Example", hours(19, 27)), ("Ben Example", hours(43, 51))]


def test_a_planned_shift_that_becomes_what_it_is_anyhow_is_no_change(
    session: Session, team: Team, signed_in: SignIn
) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    shift = team.shift(ana, hours(20, 28))
    supervisor, as_it_is = signed_in(), {"day": "2026-11-25", "starts": "08:00", "ends": "16:00"}
    nothing = supervisor.send(f"{DRAFT}/shifts/{shift}", page=DRAFT, counsellor=ana, version=1, **as_it_is)
    supervisor.send(f"{DRAFT}/shifts/{shift}", page=DRAFT, counsellor=ben, version=1, **as_it_is)

    supervisor.send(f"{DRAFT}/lines/1", page=DRAFT, counsellor=ana, **as_it_is)
    gone = supervisor.send(f"{DRAFT}/lines/1", page=DRAFT, counsellor=ben, **as_it_is)

    assert (nothing.status_code, "This is how the shift is already" in nothing.text) == (422, True)
    assert "No change yet" in supervisor.get(DRAFT).text
    assert (gone.status_code, "not in the draft any more" in gone.text) == (422, True)


def test_a_planned_shift_is_judged_anew_when_it_is_changed_and_what_was_typed_stays(
    session: Session, team: Team, signed_in: SignIn
) -> None:
    ana = team.counsellor("Ana Example")
    team.shift(ana, hours(40, 46))
    supervisor = signed_in()
    friday = THURSDAY | {"day": "2026-11-27"}
    supervisor.send(f"{DRAFT}/shifts", page=DRAFT, counsellor=ana, **friday)

    refused = supervisor.send(f"{DRAFT}/lines/1", page=DRAFT, counsellor=ana, **THURSDAY)

    assert (refused.status_code, "Only 2 h of rest" in refused.text) == (422, True)
    assert f'action="{DRAFT}/lines/1?week=' in refused.text
    assert "New: Ana Example, Friday 27 November" in supervisor.get(DRAFT).text


def test_a_change_is_taken_out_and_a_draft_is_thrown_away(session: Session, team: Team, signed_in: SignIn) -> None:
    ana = team.counsellor()
    supervisor = signed_in()
    supervisor.send(f"{DRAFT}/shifts", page=DRAFT, counsellor=ana, **THURSDAY)

    supervisor.send(f"{DRAFT}/lines/1/removal", page=DRAFT)
    empty = supervisor.get(DRAFT).text
    supervisor.send(f"{DRAFT}/shifts", page=DRAFT, counsellor=ana, **THURSDAY)
    supervisor.send(f"{DRAFT}/discarding", page=DRAFT)

    assert "No change yet" in empty
    assert "No change yet" in supervisor.get(DRAFT).text
    assert (rota(session), texts(session)) == ([], [])


def test_a_shift_that_somebody_changed_since_is_marked_and_nothing_of_the_draft_is_published(
    session: Session, team: Team, signed_in: SignIn
) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    shift = team.shift(ana, hours(20, 28))
    supervisor = signed_in()
    supervisor.send(f"{DRAFT}/shifts/{shift}/removal", page=DRAFT, version=1)
    supervisor.send(f"{DRAFT}/shifts", page=DRAFT, counsellor=ben, **THURSDAY)
    move_shift(
        session, shift_id=shift, counsellor_id=ana, span=hours(21, 28), version=1, zone=LONDON, by=None, now=NOON
    )
    session.commit()

    page = supervisor.get(DRAFT).text
    refused = supervisor.send(f"{DRAFT}/publication", page=DRAFT)

    assert "Out of date" in page
    assert refused.status_code == 409
    assert "Somebody else changed a shift of this draft" in refused.text
    assert rota(session) == [("Ana Example", hours(21, 28))]


def test_the_page_says_how_many_gaps_the_week_has_with_the_draft_and_without(team: Team, signed_in: SignIn) -> None:
    team.need(1)
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    for person in (ana, ben):
        team.shift(person, hours(40, 48))
    supervisor = signed_in()
    without = supervisor.get(DRAFT).text

    for person in (ana, ben):
        supervisor.send(
            f"{DRAFT}/shifts", page=DRAFT, counsellor=person, day="2026-11-27", starts="12:00", ends="20:00"
        )

    assert "2 gaps with this draft, 2 without it" in without
    assert "3 gaps with this draft, 2 without it" in supervisor.get(DRAFT).text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"counsellor": ""}, "Choose a counsellor"),
        ({"day": "31/02/2026"}, "Enter the day on which the shift starts"),
        ({"day": "2026-11-20"}, "in the past, which is never rewritten"),
        ({"ends": "12:00"}, "The shift ends when it starts"),
    ],
)
def test_what_cannot_be_drafted_is_said_and_nothing_typed_is_lost(
    typed: dict[str, str], words: str, team: Team, signed_in: SignIn
) -> None:
    fields = {"counsellor": str(team.counsellor()), **THURSDAY} | typed

    answer = signed_in().send(f"{DRAFT}/shifts", page=DRAFT, **fields)

    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{fields["day"]}"' in answer.text
    assert f'value="{fields["ends"]}"' in answer.text


def test_a_draft_is_for_planners_and_each_has_their_own(team: Team, signed_in: SignIn) -> None:
    ana = team.counsellor("Ana Example")
    supervisor, admin = signed_in(), signed_in(Role.ADMIN)

    supervisor.send(f"{DRAFT}/shifts", page=DRAFT, counsellor=ana, **THURSDAY)

    assert signed_in(email="ana@example.org").get(DRAFT).status_code == 403
    assert "No change yet" in admin.get(DRAFT).text
    assert supervisor.get(f"{DRAFT}?week=2026-W99").status_code == 404


def test_a_publication_that_began_is_not_undone(session: Session, team: Team, signed_in: SignIn) -> None:
    ana = team.counsellor()
    supervisor = signed_in()
    supervisor.send(f"{DRAFT}/shifts", page=DRAFT, counsellor=ana, day="2026-11-24", starts="12:00", ends="20:00")
    supervisor.send(f"{DRAFT}/publication", page=DRAFT)

    answer = supervisor.send(f"{DRAFT}/publications/1/undoing", page=DRAFT)

    assert answer.status_code == 422
    assert "has begun" in answer.text
    assert rota(session) == [("Ana Example", Span(NOON, hours(0, 8).ends_at))]
