"""Take people and shifts in from a table, all of them or none, and give them out as one.

Every line is looked at, and every problem told with its line. A dry run does everything and then takes it back. Shifts
come in as one publication: each person is told once, and it can be undone like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from accounts import queries as accounts
from accounts.domain.passwords import PasswordNotAccepted
from accounts.operations.journal import note
from accounts.operations.staff import EmailNotUsable, EmailTaken, NameMissing, UnknownPassword, unknown_password
from foundation import phone as phones
from foundation.phone import NumberNotAllowed, Phone
from rota import queries
from rota.domain.counsellor import Gender, Skill
from rota.domain.rules import Site
from rota.domain.shifts import ShiftRefused, Span, check_new, entered
from rota.domain.table_files import Line, Problem, Remark, read_table
from rota.domain.typed import read_day, read_hours, read_number, read_time
from rota.domain.wording import LANGUAGES, SKILLS, clocks_words
from rota.models import SHORTEST_NOTICE, CounsellorRow, DraftRow
from rota.operations import drafts, judge_draft, publications
from rota.operations.drafts import DraftShift
from rota.operations.judge import RuleStandsAgainst
from rota.operations.shifts import check_person
from rota.operations.team import Details, PhoneTaken, add_counsellor, change_counsellor
from rota.operations.terms import Agreed, TermsRefused, set_terms, sign_opt_out

PEOPLE = ("email", "name", "phone")
PEOPLE_BESIDES = (
    "gender", "skills", "languages", "joined_on", "site", "works_as", "contract_hours", "cap_hours",
    "opted_out_from", "notice_days", "health_checked_until",
)  # fmt: skip
SHIFTS = ("email", "day", "starts", "ends")
SHIFTS_BESIDES = ("name", "reason")
T = TypeVar("T")
LONGEST_NAME = 100  # characters; fits every page and every badge
VOLUNTEER, WORKER = "volunteer", "staff"
_SKILLS = {word.casefold(): skill for skill, words in SKILLS.items() for word in (skill.value, words)}
_LANGUAGES = {word.casefold(): code for code, name in LANGUAGES.items() for word in (code, name)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a file: nothing of it is kept when there are problems, or when it was a dry run."""

    added: int = 0
    changed: int = 0
    same: int = 0
    told: int = 0
    """People whose shifts change, each of whom is told once."""
    problems: tuple[Problem, ...] = ()
    remarks: tuple[Remark, ...] = ()
    is_kept: bool = False


class CellsNotUnderstood(ValueError):
    """Cells of one line cannot be read; `words` has a sentence for each."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__("some cells could not be read")
        self.words = list(words)


@dataclass(frozen=True, slots=True)
class _Newcomers:
    """What all those who are new in one file have alike."""

    password: UnknownPassword
    today: date
    """When they join, unless their line says another day."""
    drama_allowed: bool


class _TakeBack(Exception):
    """Ends the savepoint: nothing of the file is kept."""


@dataclass
class _Reading:
    """One line's cells, and what is wrong with them."""

    cells: Mapping[str, str]
    wrong: list[str] = field(default_factory=list)

    def cell(self, column: str) -> str:
        return self.cells.get(column, "")

    def read(self, column: str, read: Callable[[str], T | None], words: str) -> T | None:
        """What a cell holds; None when it is empty. What cannot be read is noted."""
        typed = self.cell(column)
        found = read(typed) if typed else None
        if typed and found is None:
            self.wrong.append(f"{column}: {words}")
        return found


def import_people(
    session: Session, *, data: bytes, is_dry_run: bool, drama_allowed: bool, today: date, by: int | None, now: datetime
) -> Outcome:
    """Add people, and correct those who are here, by their e-mail address. An empty cell changes nothing.

    Somebody new gets a sign-in with a password that nobody knows: whoever looks after sign-ins sets one.
    """
    table = read_table(data, required=PEOPLE, optional=PEOPLE_BESIDES)
    problems = [*table.problems, *_repeated(table.lines, "email"), *_repeated(table.lines, "phone")]
    newcomers = _Newcomers(unknown_password(), today, drama_allowed)
    outcome = Outcome()
    with _kept(session, is_dry_run, problems):
        for line in sorted(
            table.lines, key=lambda each: each.cells["email"].casefold()
        ):  # two files at once: no deadlock
            try:
                with session.begin_nested():
                    outcome = _import_person(session, line, outcome, newcomers, by, now)
            except CellsNotUnderstood as refused:
                problems += [Problem(line.number, words) for words in refused.words]
            except (PhoneTaken, EmailNotUsable, EmailTaken, NameMissing, TermsRefused, PasswordNotAccepted) as refused:
                problems.append(Problem(line.number, str(refused)))
        if not problems:
            _note(session, "people_imported", outcome, by=by, now=now)
    return _finished(outcome, problems, is_dry_run)


def import_shifts(
    session: Session, *, data: bytes, is_dry_run: bool, zone: ZoneInfo, by: int | None, now: datetime
) -> Outcome:
    """Publish shifts, as one publication. A reason in a line overrides a working-time rule, and is journalled."""
    table = read_table(data, required=SHIFTS, optional=SHIFTS_BESIDES)
    problems, wanted = list(table.problems), []
    people = {row.staff.email: row for row in queries.everybody(session)}
    seen: dict[tuple[int | None, Span | None], int] = {}
    remarks: list[Remark] = []
    for line in table.lines:
        try:
            shift = _wanted(line, people, zone, now)
        except CellsNotUnderstood as refused:
            problems += [Problem(line.number, words) for words in refused.words]
            continue
        before = seen.setdefault((shift.counsellor_id, shift.span), line.number)
        if before != line.number:
            problems.append(Problem(line.number, f"This is the same shift as in line {before}. Take one of them out"))
        else:
            wanted.append((line.number, shift))
            remarks += _clocks(line, zone)
    outcome = Outcome(added=len(wanted), remarks=tuple(remarks))
    with _kept(session, is_dry_run, problems):
        if wanted:
            outcome = replace(outcome, told=_publish(session, wanted, problems, zone, by, now))
    return _finished(outcome, problems, is_dry_run)


def people_table(session: Session, *, today: date) -> list[tuple[object, ...]]:
    """Everybody who works here, in the columns that an import takes."""
    return [_person_cells(row) for row in queries.team(session, today=today)]


def shifts_table(session: Session, *, span: Span, zone: ZoneInfo) -> list[tuple[object, ...]]:
    """Every published shift that begins in a span, in the columns that an import takes."""
    email = {row.id: row.staff.email for row in queries.everybody(session)}
    rows: list[tuple[object, ...]] = []
    for shift in queries.rostered(session, start=span.starts_at, end=span.ends_at):
        if shift.starts_at < span.starts_at:
            continue
        starts, ends = shift.starts_at.astimezone(zone), shift.ends_at.astimezone(zone)
        day, wall = starts.date().isoformat(), (f"{starts:%H:%M}", f"{ends:%H:%M}")
        rows.append((email[shift.counsellor_id], shift.name, day, *wall))
    return rows


def note_given_out(session: Session, *, what: str, number: int, by: int | None, now: datetime) -> None:
    """Write down that somebody took a table of staff away with them."""
    note(
        session,
        actor_id=by,
        action=f"{what}_exported",
        subject_kind="table",
        subject_id=what,
        after={"lines": number},
        now=now,
    )


@contextmanager
def _kept(session: Session, is_dry_run: bool, problems: Sequence[Problem]) -> Iterator[None]:
    """Keep what is done inside, unless it was a dry run or there are problems by its end."""
    try:
        with session.begin_nested():
            yield
            session.flush()
            _take_back(when=is_dry_run or bool(problems))
    except _TakeBack:
        session.expire_all()  # what the rows became is taken back with them


def _take_back(*, when: bool) -> None:
    """Raises _TakeBack, to end the savepoint around it."""
    if when:
        raise _TakeBack


def _finished(outcome: Outcome, problems: Sequence[Problem], is_dry_run: bool) -> Outcome:
    if problems:
        return Outcome(problems=tuple(sorted(problems)))
    return replace(outcome, is_kept=not is_dry_run)


def _repeated(lines: Sequence[Line], column: str) -> list[Problem]:
    """Lines that say something about the same person, or the same telephone, as one before."""
    first: dict[str, int] = {}
    found = []
    for line in lines:
        value = "".join(line.cells.get(column, "").casefold().split())
        if value and (before := first.setdefault(value, line.number)) != line.number:
            found.append(Problem(line.number, f"{column}: the same as in line {before}. Take one of them out"))
    return found


def _by_email(line: Line) -> str:
    return line.cells["email"].casefold()


def _import_person(
    session: Session, line: Line, outcome: Outcome, newcomers: _Newcomers, by: int | None, now: datetime
) -> Outcome:
    """Raises CellsNotUnderstood, or what adding and changing somebody raises."""
    staff = accounts.staff_by_email(session, email=line.cells["email"])
    row = queries.counsellor_of(session, staff_id=staff.id) if staff else None
    if staff and row is None:
        raise CellsNotUnderstood(["email: this person signs in and is not a counsellor. Use another address"])
    before = _person_cells(row) if row else None
    reading = _Reading(line.cells)
    details, joined_on = _details(reading, row, newcomers.drama_allowed), reading.read("joined_on", read_day, _A_DAY)
    agreed, signed_on, notice_days = _terms(reading, row)
    if reading.wrong:
        raise CellsNotUnderstood(reading.wrong)
    if row is None:
        row = add_counsellor(
            session,
            email=line.cells["email"],
            password=newcomers.password,
            details=details,
            joined_on=joined_on or newcomers.today,
            by=by,
            now=now,
        )
    else:
        change_counsellor(session, counsellor_id=row.id, details=details, by=by, now=now)
    set_terms(session, counsellor_id=row.id, agreed=agreed, by=by, now=now)
    if signed_on and (signed_on, notice_days) != (row.opted_out_from, row.opt_out_notice_days):
        sign_opt_out(
            session,
            counsellor_id=row.id,
            signed_on=signed_on,
            notice_days=notice_days,
            today=newcomers.today,
            by=by,
            now=now,
        )
    if before is None:
        return replace(outcome, added=outcome.added + 1)
    if before == _person_cells(row):
        return replace(outcome, same=outcome.same + 1)
    return replace(outcome, changed=outcome.changed + 1)


_A_DAY = "enter a day, like 2026-11-24"
_SOME_HOURS = "enter hours of a week, like 37.5 or 37:30"


def _details(reading: _Reading, row: CounsellorRow | None, drama_allowed: bool) -> Details:
    name = reading.cell("name")
    if not name or len(name) > LONGEST_NAME:
        reading.wrong.append(f"name: enter the person's name, {LONGEST_NAME} characters at most")
    try:
        number = phones.parse(reading.cell("phone"), drama_allowed=drama_allowed)
    except NumberNotAllowed as refused:
        number = Phone("")
        reading.wrong.append(f"phone: {refused.detail}")
    genders = {gender.value: gender for gender in Gender}
    gender = reading.read("gender", lambda typed: genders.get(typed.casefold()), "enter female, male or nothing")
    old = row.as_counsellor() if row else None
    return Details(
        name=name,
        phone=number,
        gender=gender or (old.gender if old else None),
        skills=_each(reading, "skills", _SKILLS, old.skills if old else frozenset[Skill]()),
        languages=_each(reading, "languages", _LANGUAGES, old.languages if old else frozenset[str]()) | {"en"},
    )


def _each(reading: _Reading, column: str, known: Mapping[str, T], otherwise: frozenset[T]) -> frozenset[T]:
    """A list in one cell, parted by semicolons; the words it may hold are told when one of them is another."""
    words = [word.strip() for word in reading.cell(column).split(";") if word.strip()]
    unknown = [word for word in words if word.casefold() not in known]
    if unknown:
        may = ", ".join(sorted({str(value) for value in known.values()}))
        reading.wrong.append(f"{column}: {', '.join(unknown)} is not known. Use {may}, with semicolons between")
    return frozenset(known[word.casefold()] for word in words if word.casefold() in known) or otherwise


def _terms(reading: _Reading, row: CounsellorRow | None) -> tuple[Agreed, date | None, int]:
    sites = {site.value: site for site in Site}
    kinds = {VOLUNTEER: True, WORKER: False}
    site = reading.read("site", lambda typed: sites.get(typed.casefold()), f"use {', '.join(sites)}")
    works_as = reading.cell("works_as").casefold()
    if works_as and works_as not in kinds:
        reading.wrong.append(f"works_as: use {WORKER} or {VOLUNTEER}")
    contract = reading.read("contract_hours", read_hours, _SOME_HOURS)
    cap = reading.read("cap_hours", read_hours, _SOME_HOURS)
    checked = reading.read("health_checked_until", read_day, _A_DAY)
    signed_on = reading.read("opted_out_from", read_day, _A_DAY)
    notice = reading.read("notice_days", read_number, "enter days of notice, like 7")
    old = Agreed() if row is None else _agreed(row)
    agreed = Agreed(
        site or old.site,
        kinds.get(works_as, old.is_volunteer),
        old.contract_minutes if contract is None else contract,
        old.cap_minutes if cap is None else cap,
        checked or old.health_checked_until,
    )
    return agreed, signed_on, SHORTEST_NOTICE if notice is None else notice


def _agreed(row: CounsellorRow) -> Agreed:
    return Agreed(Site(row.site), row.is_volunteer, row.contract_minutes, row.cap_minutes, row.health_checked_until)


def _person_cells(row: CounsellorRow) -> tuple[object, ...]:
    has_opted_out = row.opted_out_from is not None and row.opted_out_until is None
    return (
        row.staff.email,
        row.staff.name,
        Phone(row.phone).spoken,
        row.gender or "",
        ";".join(row.skills),
        ";".join(row.languages),
        row.joined_on.isoformat(),
        row.site,
        VOLUNTEER if row.is_volunteer else WORKER,
        _hours(row.contract_minutes),
        _hours(row.cap_minutes),
        row.opted_out_from.isoformat() if row.opted_out_from and has_opted_out else "",
        row.opt_out_notice_days if has_opted_out else "",
        row.health_checked_until.isoformat() if row.health_checked_until else "",
    )


def _hours(number: int | None) -> str:
    return "" if number is None else f"{number // 60}:{number % 60:02d}"


def _wanted(line: Line, people: Mapping[str, CounsellorRow], zone: ZoneInfo, now: datetime) -> DraftShift:
    """The shift that a line asks for. Raises CellsNotUnderstood."""
    reading = _Reading(line.cells)
    person = people.get(reading.cell("email").casefold())
    if person is None:
        reading.wrong.append("email: nobody on the team has this address. Add the person first")
    day = reading.read("day", read_day, _A_DAY)
    starts = reading.read("starts", read_time, "enter a time, like 14:00")
    ends = reading.read("ends", read_time, "enter a time, like 22:00")
    empty = [column for column in ("day", "starts", "ends") if not reading.cell(column)]
    reading.wrong += [f"{column}: enter something here" for column in empty]
    if person is None or day is None or starts is None or ends is None or reading.wrong:
        raise CellsNotUnderstood(reading.wrong)
    try:
        span = entered(day, starts, ends, zone)
        check_new(span, zone=zone, now=now)
        check_person(person, span, zone)
    except ShiftRefused as refused:
        raise CellsNotUnderstood([str(refused)]) from None
    return DraftShift(None, 0, person.id, span, reading.cell("reason"))


def _clocks(line: Line, zone: ZoneInfo) -> list[Remark]:
    """Which wall times of a line are there twice or not at all, and what they were taken for."""
    day, starts, ends = read_day(line.cells["day"]), read_time(line.cells["starts"]), read_time(line.cells["ends"])
    if day is None or starts is None or ends is None:
        return []  # told as problems already
    return [Remark(line.number, words) for words in clocks_words(day, starts, ends, zone)]


def _publish(
    session: Session,
    wanted: Sequence[tuple[int, DraftShift]],
    problems: list[Problem],
    zone: ZoneInfo,
    by: int | None,
    now: datetime,
) -> int:
    """Publish the shifts, unless there are problems; how many people are told. What stands against it is noted."""
    draft = drafts.begin(session, by=None, now=now)
    try:
        drafts.put(session, draft_id=draft.id, changes=[shift for _, shift in wanted], zone=zone, now=now)
    except RuleStandsAgainst:
        problems += _rules(session, draft, wanted, zone, now)
        return 0
    except ShiftRefused as refused:
        problems.append(Problem(1, str(refused)))
        return 0
    try:
        with session.begin_nested():
            return len(publications.publish(session, draft_id=draft.id, zone=zone, by=by, now=now))
    except ShiftRefused as refused:  # two shifts at once may be drafted, and are never published
        problems += _rules(session, draft, wanted, zone, now) or [Problem(1, str(refused))]
        return 0


def _rules(
    session: Session, draft: DraftRow, wanted: Sequence[tuple[int, DraftShift]], zone: ZoneInfo, now: datetime
) -> list[Problem]:
    """Each rule that stands against the file, with the first line that has a part in it."""
    numbers = {row.id: number for row, (number, _) in zip(draft.lines, wanted, strict=True)}
    return [
        Problem(min(numbers[line_id] for line_id in broken.line_ids), f"{broken.name}: {broken.words}")
        for broken in judge_draft.judged(session, draft, zone=zone, now=now)
        if broken.stands
    ]


def _note(session: Session, action: str, outcome: Outcome, *, by: int | None, now: datetime) -> None:
    note(
        session,
        actor_id=by,
        action=action,
        subject_kind="table",
        subject_id="people",
        after={"added": outcome.added, "changed": outcome.changed, "same": outcome.same},
        now=now,
    )
