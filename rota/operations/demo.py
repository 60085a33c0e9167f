"""Demonstration data: a team, a week's demand, and a round-the-clock rota for this week and the next with two gaps.

Nobody in it exists; every number is one that Ofcom set aside for films. Safe to run twice: people are added once, a
day that has shifts is left as it is, and the rota grows into the current two weeks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts import queries as staff_queries
from accounts.domain.roles import Role
from accounts.operations.journal import note
from accounts.operations.staff import add_staff, set_phone
from foundation.phone import Phone
from rota import queries
from rota.domain.counsellor import Gender, Skill
from rota.domain.presence import PresenceState
from rota.domain.shifts import instant_of, planned
from rota.models import CounsellorRow, RequirementRow, ShiftRow, ShiftState, range_of
from rota.operations.breaks import plan_breaks
from rota.operations.presence import set_available
from rota.operations.team import Details, VerifiedHow, add_counsellor, verify_phone
from rota.operations.terms import Agreed, set_terms

PASSWORD = "ring-back-demo"  # noqa: S105 - documented on purpose: it opens made-up data on one machine
DOMAIN = "ringback.example"
FIRST_PHONE = 447700900101
DAY = timedelta(days=1)
DAYS = 15  # the Sunday before this week, whose night reaches into Monday, and two weeks


@dataclass(frozen=True, slots=True)
class DemoSignIn:
    """Somebody to sign in as."""

    role: Role
    name: str
    email: str
    password: str
    is_on_shift: bool = False
    handset: str = ""
    """A counsellor's number, as it is read out."""

    def __str__(self) -> str:
        """One line for a terminal."""
        on = ", on shift now" if self.is_on_shift else ""
        handset = f", handset {self.handset}" if self.handset else ""
        return f"{self.email:<32} {self.password:<16} {self.name} ({self.role}{on}{handset})"


STAFF: tuple[tuple[str, Role], ...] = (
    ("Tunde Bakare", Role.ADMIN),
    ("Priya Raman", Role.SUPERVISOR),
    ("Stephen Walsh", Role.SUPERVISOR),
)

W, M = Gender.FEMALE, Gender.MALE
S = Skill

LATE_AND_NIGHT: tuple[tuple[str, Gender | None, set[Skill], set[str]], ...] = (
    ("Amara Okafor", W, {S.CRISIS, S.OPIOIDS}, {"en"}),
    ("Bronwen Rees", W, {S.ALCOHOL, S.FAMILY}, {"en", "cy"}),
    ("Callum Fraser", M, {S.CRISIS, S.OPIOIDS, S.MAT}, {"en"}),
    ("Dominika Zielińska", None, {S.ALCOHOL}, {"en", "pl"}),
    ("Ewan Sinclair", M, {S.CRISIS, S.KETAMINE, S.YOUNG_PEOPLE}, {"en"}),
    ("Farah Siddiqui", W, {S.CRISIS, S.FAMILY, S.YOUNG_PEOPLE}, {"en", "ur", "pa"}),
    ("Gareth Bowen", M, {S.ALCOHOL, S.MAT}, {"en", "cy"}),
)
EARLY_AND_LATE: tuple[tuple[str, Gender | None, set[Skill], set[str]], ...] = (
    ("Harpreet Gill", M, {S.OPIOIDS, S.MAT, S.FAMILY}, {"en", "pa"}),
    ("Imogen Clarke", W, {S.CRISIS, S.KETAMINE, S.YOUNG_PEOPLE}, {"en"}),
    ("Jahanara Begum", W, {S.ALCOHOL, S.FAMILY}, {"en", "bn"}),
    ("Kwame Mensah", M, {S.CRISIS, S.OPIOIDS}, {"en"}),
    ("Lucy Adeyemi", None, {S.ALCOHOL, S.YOUNG_PEOPLE}, {"en"}),
    ("Marek Nowak", M, {S.CRISIS, S.ALCOHOL}, {"en", "pl"}),
    ("Niamh Doherty", W, {S.CRISIS, S.MAT, S.OPIOIDS}, {"en"}),
)
NEWCOMER: tuple[str, Gender | None, set[Skill], set[str]] = ("Owen Pritchard", M, set(), {"en", "cy"})
"""Has just joined: no shifts yet, and a phone that nobody has checked."""
PART_TIME: tuple[tuple[str, Gender | None, set[Skill], set[str]], ...] = (
    ("Parveen Akhtar", W, {S.CRISIS, S.FAMILY}, {"en", "ur"}),
    ("Quentin Hale", M, {S.CRISIS, S.ALCOHOL}, {"en"}),
    ("Rosa Lindqvist", W, {S.CRISIS}, {"en"}),
    ("Sefton Grant", M, {S.CRISIS, S.OPIOIDS}, {"en"}),
    ("Tamsin Reeve", W, {S.CRISIS, S.YOUNG_PEOPLE}, {"en"}),
    ("Uche Nwosu", M, {S.CRISIS, S.MAT}, {"en"}),
    ("Verity Cole", W, {S.CRISIS, S.ALCOHOL, S.FAMILY}, {"en"}),
)
VOLUNTEERS = frozenset({"Owen Pritchard", "Parveen Akhtar", "Quentin Hale", "Tamsin Reeve", "Verity Cole"})
CONTRACTS: dict[str, int] = {
    **{name: 30 for name, *_ in LATE_AND_NIGHT},
    **{name: 32 for name, *_ in EARLY_AND_LATE},
    **{name: 16 for name, *_ in PART_TIME},
    "Bronwen Rees": 28,
    "Gareth Bowen": 35,
    "Jahanara Begum": 30,
    "Marek Nowak": 36,
}
"""Hours a week: most work what they are contracted for, two work more, and two less."""
OFFERED = 16  # hours a week, of each volunteer
HERE_FOR = timedelta(days=200)
CHECKED_FOR = timedelta(days=330)  # a health assessment of whoever works nights
CHECKED_SOON = {"Gareth Bowen": timedelta(days=20)}
"""Whose runs out first."""
ALERTED = {"Priya Raman": Phone("+447700900181")}
"""Who hears of cover by text."""

EARLY = (time(6), time(14))
LATE = (time(14), time(22))
EVENING = (time(17), time(23))
NIGHT = (time(22), time(6))

PATTERNS: dict[str, tuple[tuple[time, time] | None, ...]] = {
    "late and night": (LATE, EVENING, NIGHT, NIGHT, None, None, None),  # 30 h, 16 h of rest at least
    "early and late": (EARLY, EARLY, LATE, LATE, None, None, None),  # 32 h
    "part-time": (EARLY, None, None, NIGHT, None, None, None),  # 16 h
}
"""Seven people follow each pattern, each a day after the one before, so that every day has three people early, three
late, one in the evening and three at night: one more than needed, whenever somebody has a break.
"""

GROUPS = {"late and night": LATE_AND_NIGHT, "early and late": EARLY_AND_LATE, "part-time": PART_TIME}

BANDS: tuple[tuple[int, int, int], ...] = ((0, 14, 2), (14, 17, 3), (17, 22, 3), (22, 24, 2))
"""(From hour, to hour, people) on every day, one of them trained for crisis."""

ALONE_AFTER_DAYS = 2  # in this many days a night has one person only towards its end
NOBODY_AFTER_DAYS = 4  # in this many days a morning begins with nobody


def load_demo(session: Session, *, zone: ZoneInfo, now: datetime) -> list[DemoSignIn]:
    """Load whatever is missing; the sign-ins to print, those on shift now first."""
    _add_staff(session, now)
    people = _add_team(session, zone, now)
    _add_requirements(session)
    _add_shifts(session, people, zone, now)
    plan_breaks(session, start=now, end=now + DAYS * DAY, zone=zone, by=None, now=now)
    _make_available(session, now)
    on_now = {counsellor.id for counsellor in queries.on_shift(session, moment=now)}
    counsellors = [
        DemoSignIn(Role.COUNSELLOR, name, _email(name), PASSWORD, row.id in on_now, Phone(row.phone).spoken)
        for name, row in people.items()
    ]
    others = [DemoSignIn(role, name, _email(name), PASSWORD) for name, role in STAFF]
    return sorted(counsellors, key=lambda each: (not each.is_on_shift, each.name)) + others


def _email(name: str) -> str:
    return f"{name.split(maxsplit=1)[0].lower()}@{DOMAIN}"


def _add_staff(session: Session, now: datetime) -> None:
    for name, role in STAFF:
        if not staff_queries.staff_by_email(session, email=_email(name)):
            staff = add_staff(session, email=_email(name), name=name, password=PASSWORD, role=role, now=now)
            set_phone(session, staff=staff, phone=ALERTED.get(name), by=None, now=now)


def _add_team(session: Session, zone: ZoneInfo, now: datetime) -> dict[str, CounsellorRow]:
    """Everybody by name, in the order of the patterns."""
    people: dict[str, CounsellorRow] = {}
    today = now.astimezone(zone).date()
    for number, (name, gender, skills, languages) in enumerate(
        (*LATE_AND_NIGHT, *EARLY_AND_LATE, NEWCOMER, *PART_TIME)
    ):
        staff = staff_queries.staff_by_email(session, email=_email(name))
        row = queries.counsellor_of(session, staff_id=staff.id) if staff else None
        if row is None:
            phone = Phone(f"+{FIRST_PHONE + number}")
            since = today if name == NEWCOMER[0] else today - HERE_FOR
            details = Details(name, phone, gender, frozenset(skills), frozenset(languages))
            row = add_counsellor(
                session,
                email=_email(name),
                password=PASSWORD,
                details=details,
                joined_on=since,
                by=None,
                now=now,
            )
            set_terms(session, counsellor_id=row.id, agreed=_agreed(name, today), by=None, now=now)
            if name != NEWCOMER[0]:
                verify_phone(session, counsellor_id=row.id, how=VerifiedHow.RUNG_BY_SUPERVISOR, by=None, now=now)
        people[name] = row
    return people


def _agreed(name: str, today: date) -> Agreed:
    is_volunteer, works_nights = name in VOLUNTEERS, name in {each for each, *_ in (*LATE_AND_NIGHT, *PART_TIME)}
    return Agreed(
        is_volunteer=is_volunteer,
        contract_minutes=None if is_volunteer else CONTRACTS[name] * 60,
        cap_minutes=OFFERED * 60 if is_volunteer else None,
        health_checked_until=today + CHECKED_SOON.get(name, CHECKED_FOR) if works_nights else None,
    )


def _add_requirements(session: Session) -> None:
    if session.scalar(select(func.count()).select_from(RequirementRow)):
        return  # a demand is there already, perhaps somebody's own
    for weekday in range(7):
        for starts, ends, people in BANDS:
            session.add(
                RequirementRow(
                    weekday=weekday,
                    starts=starts * 60,
                    ends=ends * 60,
                    at_least=people,
                    skill=Skill.CRISIS.value,
                    with_skill=1,
                )
            )


def _add_shifts(session: Session, people: dict[str, CounsellorRow], zone: ZoneInfo, now: datetime) -> None:
    today = now.astimezone(zone).date()
    sunday = today - timedelta(days=today.weekday() + 1)
    empty = [day for n in range(DAYS) if not _has_shifts(session, day := sunday + timedelta(days=n), zone)]
    alone, nobody = _gap_days(empty, today)
    for day in empty:
        _fill_day(session, day, people, zone, alone=day == alone, nobody=day == nobody, now=now)
    if empty:
        note(session, actor_id=None, action="demo_rota_loaded", subject_kind="rota", subject_id=str(empty[0]), now=now)
    session.flush()


def _has_shifts(session: Session, day: date, zone: ZoneInfo) -> bool:
    starts, ends = instant_of(day, time(), zone), instant_of(day + timedelta(days=1), time(), zone)
    begun = select(ShiftRow.id).where(func.lower(ShiftRow.during) >= starts, func.lower(ShiftRow.during) < ends)
    return session.scalar(begun.limit(1)) is not None


def _gap_days(empty: list[date], today: date) -> tuple[date | None, date | None]:
    """The days that get a gap: soon, and among the days that are being filled."""
    soon = [day for day in empty if day >= today + timedelta(days=ALONE_AFTER_DAYS)]
    if not soon:
        return None, None
    nobody = soon[0] + timedelta(days=NOBODY_AFTER_DAYS - ALONE_AFTER_DAYS)
    return soon[0], nobody if nobody in soon else None


def _fill_day(
    session: Session,
    day: date,
    people: dict[str, CounsellorRow],
    zone: ZoneInfo,
    *,
    alone: bool,
    nobody: bool,
    now: datetime,
) -> None:
    for pattern, group in GROUPS.items():
        for place, (name, *_) in enumerate(group):
            position = (day.weekday() - place) % 7
            hours = PATTERNS[pattern][position]
            if hours is None:
                continue
            is_first_of_two = PATTERNS[pattern][(position + 1) % 7] == NIGHT
            if alone and hours == NIGHT and not is_first_of_two:
                hours = (NIGHT[0], time(4))  # one person is left until 06:00
            if nobody and hours == EARLY:
                hours = (time(8), EARLY[1])
            _publish(session, people[name], day, hours, zone, now)


def _publish(
    session: Session, person: CounsellorRow, day: date, hours: tuple[time, time], zone: ZoneInfo, now: datetime
) -> None:
    span = planned(day, *hours, zone)
    if span is None:  # the clocks skip all of it
        return
    session.add(
        ShiftRow(
            counsellor_id=person.id,
            during=range_of(span),
            zone=zone.key,
            state=ShiftState.PUBLISHED.value,
            published_at=now,
            created_at=now,
        )
    )


def _make_available(session: Session, now: datetime) -> None:
    """Whoever is on now or within a day is ready, so that the service works while somebody looks at it."""
    soon = {shift.counsellor_id for shift in queries.published_shifts(session, start=now, end=now + timedelta(days=1))}
    for line in queries.presence_board(session, moment=now):
        if line.counsellor.id in soon and line.presence.state is PresenceState.AWAY:
            set_available(session, counsellor_id=line.counsellor.id, by=None, now=now)
