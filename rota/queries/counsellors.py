"""Who there is, what they can do and what they are called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import StaffRow
from rota.domain.counsellor import Skill
from rota.domain.rules import Site
from rota.models import CounsellorRow
from rota.queries.selects import all_counsellors, counsellors_here


def able_ids(
    session: Session, *, language: str, skills: frozenset[str] = frozenset(), gender: str | None = None, today: date
) -> frozenset[int]:
    """Who works here, speaks a language, has all these skills and, when one is given, is of this gender."""
    wanted = counsellors_here(today).where(
        CounsellorRow.languages.contains([language]), CounsellorRow.skills.contains(sorted(skills))
    )
    if gender is not None:
        wanted = wanted.where(CounsellorRow.gender == gender)
    return frozenset(session.scalars(wanted.with_only_columns(CounsellorRow.id).order_by(None)))


def languages_spoken(session: Session, *, today: date) -> frozenset[str]:
    """The codes of the languages that somebody who works here speaks; English always."""
    lists = session.scalars(counsellors_here(today).with_only_columns(CounsellorRow.languages).order_by(None))
    return frozenset({"en"}).union(*lists)


def abilities(session: Session) -> tuple[dict[int, frozenset[Skill]], dict[int, frozenset[str]]]:
    """Everybody's skills, and everybody's languages, by id."""
    rows = session.execute(select(CounsellorRow.id, CounsellorRow.skills, CounsellorRow.languages)).all()
    skills = {person: frozenset(Skill(skill) for skill in own) for person, own, _ in rows}
    return skills, {person: frozenset(spoken) for person, _, spoken in rows}


def able(session: Session) -> dict[int, frozenset[str]]:
    """What each person can do, by id: skills and languages have no word in common."""
    skills, languages = abilities(session)
    return {person: frozenset(map(str, own)) | languages[person] for person, own in skills.items()}


def team(session: Session, *, today: date) -> Sequence[CounsellorRow]:
    """Everybody who works here today, by name."""
    return session.scalars(counsellors_here(today)).all()


def everybody(session: Session) -> Sequence[CounsellorRow]:
    """Everybody who works here or has, by name."""
    return session.scalars(all_counsellors()).all()


def former_team(session: Session, *, today: date) -> Sequence[CounsellorRow]:
    """Everybody who has left, by name."""
    return session.scalars(all_counsellors().where(CounsellorRow.left_on <= today)).all()


def people(session: Session, *, ids: Iterable[int]) -> Sequence[CounsellorRow]:
    """These people, whether they still work here or not, by name."""
    return session.scalars(all_counsellors().where(CounsellorRow.id.in_(list(ids)))).all()


def counsellors_by_id(session: Session, *, counsellor_ids: Iterable[int]) -> dict[int, CounsellorRow]:
    """These counsellors, by id."""
    rows = session.scalars(all_counsellors().where(CounsellorRow.id.in_(list(counsellor_ids))))
    return {row.id: row for row in rows}


def counsellor_of(session: Session, *, staff_id: int) -> CounsellorRow | None:
    """The counsellor who signs in as this member of staff."""
    return session.scalar(all_counsellors().where(CounsellorRow.staff_id == staff_id))


def find_counsellor(session: Session, *, counsellor_id: int) -> CounsellorRow | None:
    """The counsellor with this id."""
    return session.get(CounsellorRow, counsellor_id)


def lock_counsellors(session: Session, *, ids: Iterable[int]) -> dict[int, CounsellorRow]:
    """These people, locked in the order of their ids until the transaction ends: what is judged about them stays true.

    They are locked before any shift, everywhere, so that no two transactions wait for each other.
    """
    wanted = (
        select(CounsellorRow)
        .where(CounsellorRow.id.in_(sorted(set(ids))))
        .order_by(CounsellorRow.id)
        .with_for_update(of=CounsellorRow, key_share=True)  # rows that only point at somebody need not wait
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in session.scalars(wanted)}


def names(session: Session) -> dict[int, str]:
    """Everybody's name, by id, those who have left included."""
    wanted = select(CounsellorRow.id, StaffRow.name).join(StaffRow, StaffRow.id == CounsellorRow.staff_id)
    return dict(session.execute(wanted).all())


def name_of(session: Session, *, counsellor_id: int) -> str:
    """One person's name, whether they still work here or not."""
    wanted = select(StaffRow.name).join(CounsellorRow, CounsellorRow.staff_id == StaffRow.id)
    return session.scalars(wanted.where(CounsellorRow.id == counsellor_id)).one()


def sites(session: Session) -> dict[int, Site]:
    """Where each person works, by id."""
    return {person: Site(site) for person, site in session.execute(select(CounsellorRow.id, CounsellorRow.site))}


def staff_name(session: Session, *, staff_id: int | None) -> str:
    """The name of a member of staff; nobody's, when the service itself acted."""
    return session.scalar(select(StaffRow.name).where(StaffRow.id == staff_id)) or ""
