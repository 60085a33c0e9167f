"""People and shifts in and out as tables: every wrong line named, all of a file or nothing, and a dry run first."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from lxml import html
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts import queries as journal
from accounts.domain.roles import Role
from accounts.models import JournalRow, StaffRow
from accounts.operations.staff import set_password
from foundation.database import transaction
from notifications.models import TextRow
from rota import queries
from rota.domain.counsellor import Skill
from rota.domain.shifts import Span
from rota.models import CounsellorRow, DraftRow, ShiftRow
from rota.operations.exchange import Outcome, import_people, import_shifts, people_table
from tests.rota.planning import LONDON, NOON, Browser, Team, hours, london

SignIn = Callable[..., Browser]

PAGE = "/staff/team/tables"
HEAD = "email,name,phone,skills,languages,works_as,contract_hours,cap_hours,site,opted_out_from,notice_days\n"
ANA = "ana@example.org,Ana Example,07700 900101,crisis;alcohol,Welsh,staff,37.5,,scotland,2026-11-02,28\n"
BEN = "ben@example.org,Ben Example,07700 900102,,,volunteer,,8,,,\n"
SHIFTS = "email,day,starts,ends\n"


def people(session: Session, text: str, *, is_dry_run: bool = False) -> Outcome:
    return import_people(
        session, data=text.encode(), is_dry_run=is_dry_run, drama_allowed=True, today=NOON.date(), by=None, now=NOON
    )


def shifts(session: Session, text: str, *, is_dry_run: bool = False) -> Outcome:
    return import_shifts(session, data=text.encode(), is_dry_run=is_dry_run, zone=LONDON, by=None, now=NOON)


def told(outcome: Outcome) -> list[tuple[int, str]]:
    return [(problem.line, problem.words) for problem in outcome.problems]


def everything(session: Session) -> list[int]:
    """How many rows there are of whatever an import could leave behind."""
    session.expire_all()
    kinds: tuple[Any, ...] = (StaffRow, CounsellorRow, ShiftRow, DraftRow, TextRow, JournalRow)
    return [session.scalar(select(func.count()).select_from(kind)) or 0 for kind in kinds]


def test_people_come_in_with_all_that_is_known_of_them(session: Session) -> None:
    outcome = people(session, HEAD + ANA + BEN)

    ana, ben = queries.team(session, today=NOON.date())
    assert (outcome.added, outcome.problems, outcome.is_kept) == (2, (), True)
    assert (ana.staff.name, set(ana.skills), ana.languages, ana.site) == (
        "Ana Example", {Skill.CRISIS, Skill.ALCOHOL}, ["cy", "en"], "scotland",
    )  # fmt: skip
    assert (ana.contract_minutes, ana.opted_out_from, ana.opt_out_notice_days) == (2250, date(2026, 11, 2), 28)
    assert (ben.is_volunteer, ben.cap_minutes, ben.phone_verified_at) == (True, 480, None)


def test_the_same_file_twice_changes_nothing_and_an_empty_cell_neither(session: Session) -> None:
    people(session, HEAD + ANA + BEN)

    again = people(session, HEAD + ANA + BEN)
    fewer = people(session, "email,name,phone\nana@example.org,Ana Example,07700 900101\n")
    corrected = people(session, "email,name,phone\nana@example.org,Ana Sample,07700 900109\n")

    assert [(one.added, one.changed, one.same) for one in (again, fewer, corrected)] == [
        (0, 0, 2), (0, 0, 1), (0, 1, 0),
    ]  # fmt: skip


def test_what_goes_out_comes_in_again_unchanged(team: Team, signed_in: SignIn, session: Session) -> None:
    team.counsellor("Ana Example", Skill.CRISIS)
    people(session, HEAD + BEN)
    session.commit()
    text = signed_in().get(f"{PAGE}/people.csv").text

    outcome = people(session, text)

    assert told(outcome) == []
    assert (outcome.added, outcome.changed, outcome.same) == (0, 0, 2)


def test_every_wrong_line_of_people_is_named_and_nothing_is_kept(session: Session, team: Team) -> None:
    team.counsellor("Zoe Example")  # has 07700 900101
    before = everything(session)

    outcome = people(
        session,
        HEAD
        + "cai@example.org,Cai,07700 900105,,,,,,,,\n"
        + "not-an-address,Di,07700 900106,juggling,,waiter,much,,wales,soon,\n"
        + "ed@example.org,,0906 1234567,,,,,,,,\n"
        + "flo@example.org,Flo,07700 900101,,,,,,,,\n"
        + "cai@example.org,Cai,07700 900107,,,,,,,,\n"
        + "gus@example.org,Gus,07700 900108,,,volunteer,10,,,,\n",
    )

    lines = {line: [words for at, words in told(outcome) if at == line] for line, _ in told(outcome)}
    assert sorted(lines) == [3, 4, 5, 6, 7]
    assert {words.partition(":")[0] for words in lines[3]} == {
        "skills", "works_as", "contract_hours", "site", "opted_out_from",
    }  # fmt: skip
    assert any(words.startswith("phone: We cannot ring premium") for words in lines[4])
    assert lines[5] == ["Another counsellor has this number. Enter a number that only this person answers"]
    assert "the same as in line 2" in lines[6][0]
    assert "A volunteer has no contract" in lines[7][0]
    assert everything(session) == before


def test_somebody_who_signs_in_as_something_else_is_not_made_a_counsellor(session: Session, signed_in: SignIn) -> None:
    signed_in(Role.SUPERVISOR)

    outcome = people(session, "email,name,phone\nsupervisor@example.org,Sue,07700 900101\n")

    assert told(outcome) == [(2, "email: this person signs in and is not a counsellor. Use another address")]


def test_a_dry_run_says_what_would_happen_and_keeps_nothing(session: Session, team: Team) -> None:
    team.counsellor("Zoe Example")
    before = everything(session)

    looked = people(session, HEAD + "ana@example.org,Ana Example,07700 900111,,,,,,,,\n", is_dry_run=True)
    planned = shifts(session, SHIFTS + "zoe@example.org,2026-11-27,22:00,06:00\n", is_dry_run=True)

    assert (looked.added, looked.is_kept) == (1, False)
    assert (planned.added, planned.told, planned.is_kept) == (1, 1, False)
    assert everything(session) == before


def test_shifts_come_in_as_one_publication_and_each_person_hears_once(session: Session, team: Team) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")

    outcome = shifts(
        session,
        SHIFTS
        + "ana@example.org,2026-11-27,22:00,06:00\n"
        + "ana@example.org,30/11/2026,08:00,16:00\n"
        + "BEN@example.org,2026-11-27,9,17\n",
    )

    rows = queries.rostered(session, start=NOON, end=NOON + timedelta(days=9))
    assert (outcome.added, outcome.told, outcome.is_kept) == (3, 2, True)
    assert [(row.counsellor_id, row.span) for row in rows] == [
        (ben, Span(london("2026-11-27", "09:00"), london("2026-11-27", "17:00"))),
        (ana, Span(london("2026-11-27", "22:00"), london("2026-11-28", "06:00"))),
        (ana, Span(london("2026-11-30", "08:00"), london("2026-11-30", "16:00"))),
    ]
    assert session.scalar(select(func.count()).select_from(TextRow)) == 2
    assert len(queries.publications(session)) == 1


def test_every_wrong_line_of_shifts_is_named_and_nothing_is_kept(session: Session, team: Team) -> None:
    ana = team.counsellor("Ana Example")
    team.shift(ana, Span(london("2026-12-01", "10:00"), london("2026-12-01", "12:00")))
    before = everything(session)

    outcome = shifts(
        session,
        SHIFTS
        + "ana@example.org,2026-11-27,22:00,06:00\n"
        + "who@example.org,2026-11-27,22:00,06:00\n"
        + "ana@example.org,31/02/2026,25:00,\n"
        + "ana@example.org,2026-11-20,08:00,16:00\n"
        + "ana@example.org,2026-11-27,22:00,06:00\n"
        + "ana@example.org,2026-11-28,08:00,16:00\n"
        + "ana@example.org,2026-12-01,11:00,15:00\n",
    )

    found = told(outcome)
    assert (3, "email: nobody on the team has this address. Add the person first") in found
    assert {words.partition(":")[0] for line, words in found if line == 4} == {"day", "starts", "ends"}
    assert any(line == 5 and "in the past" in words for line, words in found)
    assert any(line == 6 and "same shift as in line 2" in words for line, words in found)
    assert any(line == 2 and "Only 2 h of rest" in words for line, words in found)
    assert any(line == 8 and "Two shifts at once" in words for line, words in found)
    assert everything(session) == before


def test_a_reason_in_the_line_plans_against_a_rule_and_is_journalled(session: Session, team: Team) -> None:
    team.counsellor("Ana Example")

    outcome = shifts(
        session,
        "email,day,starts,ends,reason\n"
        "ana@example.org,2026-11-27,22:00,06:00,\n"
        "ana@example.org,2026-11-28,12:00,16:00,nobody else for the night\n",
    )

    noted = session.scalars(select(JournalRow).where(JournalRow.action == "rule_overridden")).all()
    assert (told(outcome), outcome.is_kept) == ([], True)
    assert "nobody else for the night" in str([line.after for line in noted])


def test_a_line_says_what_the_clocks_do_to_its_times(
    session: Session, team: Team, signed_in: Callable[..., Browser]
) -> None:
    team.counsellor("Ana Example")
    table = SHIFTS + "".join(
        f"ana@example.org,{line}\n"
        for line in ("2027-03-28,01:30,08:00", "2027-05-01,01:30,08:00", "2027-10-30,22:00,01:30")
    )

    looked = shifts(session, table, is_dry_run=True)
    page = signed_in().send(f"{PAGE}/shifts", page=PAGE, file=(io.BytesIO(table.encode()), "shifts.csv"))

    assert [(remark.line, remark.words) for remark in looked.remarks] == [
        (2, "01:30 does not exist on Sunday 28 March, because the clocks go forward: moved to 02:00"),
        (4, "01:30 comes twice on Sunday 31 October, because the clocks go back: the first 01:30 is taken"),
    ]
    assert (looked.problems, page.status_code) == ((), 200)
    assert "moved to 02:00" in page.text


def test_the_page_shows_the_wrong_lines_then_takes_the_checked_file_in(
    team: Team, signed_in: SignIn, session: Session
) -> None:
    team.counsellor("Ana Example")
    supervisor = signed_in()

    def send(text: str) -> Any:
        return supervisor.send(f"{PAGE}/shifts", page=PAGE, file=(io.BytesIO(text.encode()), "shifts.csv"))

    wrong = send(SHIFTS + "who@example.org,2026-11-27,22:00,06:00\n")
    right = send(SHIFTS + "ana@example.org,2026-11-27,22:00,06:00\n")
    checked = html.fromstring(right.text).cssselect("input[name=table]")[0].get("value")
    kept = supervisor.send(f"{PAGE}/shifts", page=PAGE, table=str(checked), answer="keep")

    assert (wrong.status_code, right.status_code, kept.status_code) == (422, 200, 303)
    assert "Line 2" in wrong.text
    assert "nobody on the team has this address" in wrong.text
    assert "1 shift; one person is told. Nothing is kept yet." in right.text
    assert len(queries.rostered(session, start=NOON, end=NOON + timedelta(days=9))) == 1
    assert "Taken in. 1 shift; one person is told." in supervisor.get(PAGE).text


def test_no_file_is_a_plain_sentence(signed_in: SignIn) -> None:
    answer = signed_in().send(f"{PAGE}/people", page=PAGE)

    assert answer.status_code == 422
    assert "Choose a file that is not empty" in answer.text


def test_a_large_file_is_taken_where_other_forms_would_be_too_large(signed_in: SignIn, session: Session) -> None:
    lines = "".join(f"nobody{n}@example.org,2026-11-27,22:00,06:00\n" for n in range(3_000))

    answer = signed_in().send(f"{PAGE}/shifts", page=PAGE, file=(io.BytesIO((SHIFTS + lines).encode()), "s.csv"))

    assert answer.status_code == 422
    assert "There are 3000 problems" in answer.text
    assert "And 2800 more." in answer.text


def test_who_took_a_table_away_is_in_the_journal(team: Team, signed_in: SignIn, session: Session) -> None:
    ana = team.counsellor("Ana Example")
    team.shift(ana, hours(10, 18))
    supervisor = signed_in()

    text = supervisor.get(f"{PAGE}/shifts.csv?first=2026-11-24&last=2026-11-24").text
    supervisor.get(f"{PAGE}/people.csv")

    assert text.splitlines() == ["email,name,day,starts,ends", "ana@example.org,Ana Example,2026-11-24,22:00,06:00"]
    actions = [line.action for what in ("people", "shifts")
               for line in journal.journal_of(session, subject_kind="table", subject_id=what)]  # fmt: skip
    assert actions == ["people_exported", "shifts_exported"]


def test_tables_are_for_planners(signed_in: SignIn) -> None:
    assert signed_in(Role.COUNSELLOR).get(f"{PAGE}/people.csv").status_code == 403


def test_the_commands_take_in_give_out_and_name_wrong_lines(app: Flask, team: Team, tmp_path: Path) -> None:
    team.counsellor("Ana Example")
    run = app.test_cli_runner().invoke
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(SHIFTS + "ana@example.org,2026-11-27,22:00,06:00\n", encoding="utf-8")
    bad.write_text(SHIFTS + "ana@example.org,2026-11-27,22:00,\n", encoding="utf-8")

    dry = run(args=["rota", "import-shifts", str(good), "--dry-run"])
    wrong = run(args=["rota", "import-shifts", str(bad)])
    done = run(args=["rota", "import-shifts", str(good)])
    out = run(args=["rota", "export-shifts", "--first", "2026-11-27", "--last", "2026-11-27"])
    team_out = run(args=["rota", "export-people"])
    never = run(args=["rota", "export-shifts", "--first", "soon", "--last", "later"])

    assert (dry.exit_code, dry.output) == (0, "1 shifts, 1 people told. Nothing is kept: this was a dry run.\n")
    assert wrong.exit_code == 1
    assert "line 2: ends: enter something here" in wrong.output
    assert (done.exit_code, done.output) == (0, "1 shifts, 1 people told.\n")
    assert "ana@example.org,Ana Example,2026-11-27,22:00,06:00" in out.output
    assert re.search(r"^ana@example.org,Ana Example,07700 900101", team_out.output, re.MULTILINE)
    assert never.exit_code == 2


@pytest.mark.parametrize("command", ["import-people", "import-shifts"])
def test_a_file_that_is_no_table_is_refused_by_the_commands(command: str, app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "picture.csv"
    file.write_bytes(b"\x89PNG\0\1\2")

    answer = app.test_cli_runner().invoke(args=["rota", command, str(file)])

    assert answer.exit_code == 1
    assert "not a CSV file" in answer.output
    assert "Traceback" not in answer.output


def test_nobody_s_table_holds_a_password_or_whoever_left(session: Session, team: Team) -> None:
    ana = team.counsellor("Ana Example")
    row = queries.find_counsellor(session, counsellor_id=ana)
    assert row
    row.left_on = NOON.date()
    session.flush()

    assert people_table(session, today=NOON.date()) == []


def test_a_period_that_cannot_be_is_said(signed_in: SignIn) -> None:
    supervisor = signed_in()

    backwards = supervisor.get(f"{PAGE}/shifts.csv?first=2026-11-24&last=2026-11-01")
    endless = supervisor.get(f"{PAGE}/shifts.csv?first=2026-11-24&last=2036-11-01")

    assert (backwards.status_code, endless.status_code) == (422, 422)
    assert "Enter a later last day" in backwards.text
    assert "at most a year" in endless.text


def test_somebody_new_signs_in_only_once_a_password_is_set(app: Flask, signed_in: SignIn) -> None:
    with app.app_context(), transaction() as session:
        people(session, HEAD + ANA + BEN)
        hashes = set(session.scalars(select(StaffRow.password)))

    refused = Browser(app.test_client()).send(
        "/staff/sign-in", page="/staff/sign-in", email="ana@example.org", password="correct horse battery"
    )
    with app.app_context(), transaction() as later:
        set_password(later, email="ana@example.org", password="correct horse battery", by=None, now=NOON)

    assert all(each.startswith("$argon2") for each in hashes)
    assert refused.status_code == 200
    assert "do not belong together" in refused.text
    assert signed_in(email="ana@example.org").get("/staff/rota").status_code == 200
