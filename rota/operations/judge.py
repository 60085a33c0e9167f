"""Ask the working-time rules about one person and one more shift, and rank who could cover it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from accounts.operations.journal import note
from rota import queries
from rota.domain.counsellor import Skill
from rota.domain.rules import Finding, Rule, Site, Verdict
from rota.domain.shifts import ShiftRefused, Span
from rota.domain.wording import finding_words
from rota.domain.working_time import FAR, new_findings, verdict
from rota.models import CounsellorRow

FAIR_OVER = timedelta(days=28)  # whoever worked least in the four weeks before is asked first


class RuleStandsAgainst(ShiftRefused):
    """A working-time rule stands against this; with a reason, a supervisor can do it all the same."""

    field = "reason"

    def __init__(self, verdict: Verdict, words: Sequence[str]) -> None:
        super().__init__(". ".join(words))
        self.verdict = verdict
        self.words = tuple(words)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who could cover, or why not."""

    counsellor_id: int
    name: str
    blocked: Finding | None
    advice: Finding | None
    """Worth knowing before they are given it, and nothing that stops anybody."""
    lacks: Skill | None
    lately: timedelta
    """How much they worked in the four weeks before."""
    site: Site = Site.ENGLAND_AND_WALES
    will_have_left: bool = False
    is_verified: bool = True
    """Whether their phone was checked: until then they would count as absent."""

    @property
    def can(self) -> bool:
        """Whether nothing stands against it."""
        return self.blocked is None and self.lacks is None and self.is_verified and not self.will_have_left


def judge(
    session: Session, *, person: CounsellorRow, span: Span, zone: ZoneInfo, besides: Iterable[int] = ()
) -> Verdict:
    """What one more shift would break for somebody. `besides`: shifts that it would stand in for."""
    around = Span(span.starts_at - FAR, span.ends_at + FAR)
    own = queries.spans_of(session, counsellor_ids=[person.id], around=around, besides=besides)
    replaced = queries.spans_by_id(session, counsellor_id=person.id, shift_ids=besides)
    away = queries.leave_spans(session, counsellor_ids=[person.id], around=around, zone=zone)
    return verdict(
        span,
        own.get(person.id, []),
        instead_of=replaced,
        leave=away.get(person.id, []),
        terms=person.as_terms(),
        limits=queries.limits_at(session, person.site),
        zone=zone,
    )


def advice(
    session: Session, *, counsellor_id: int, span: Span, zone: ZoneInfo, besides: Iterable[int] = ()
) -> list[str]:
    """What is worth knowing about giving somebody a shift, and stops nobody; breaks have a page of their own."""
    person = queries.find_counsellor(session, counsellor_id=counsellor_id)
    if person is None:
        return []
    found = judge(session, person=person, span=span, zone=zone, besides=besides)
    limits = queries.limits_at(session, person.site)
    said = (each for each in found.findings if each.is_advice and each.rule is not Rule.BREAK)
    return [finding_words(each, limits, zone) for each in said]


def accept(
    session: Session,
    *,
    person: CounsellorRow,
    span: Span,
    besides: Iterable[int] = (),
    reason: str,
    zone: ZoneInfo,
    by: int | None,
    now: datetime,
) -> None:
    """Raises RuleStandsAgainst, unless a reason is given, which is journalled. Two shifts at once are left to the
    database, which no reason moves.
    """
    found = judge(session, person=person, span=span, zone=zone, besides=besides)
    override(session, found, person=person, reason=reason, zone=zone, by=by, now=now)


def override(
    session: Session,
    found: Verdict,
    *,
    person: CounsellorRow,
    reason: str,
    zone: ZoneInfo,
    by: int | None,
    now: datetime,
) -> None:
    """Set aside for a reason what stands against somebody's shifts; nothing to do when nothing does.

    Raises RuleStandsAgainst without a reason. Two shifts at once are left to the database.
    """
    against = [finding for finding in found.against if finding.rule is not Rule.ONE_AT_A_TIME]
    if not against:
        return
    limits = queries.limits_at(session, person.site)
    words = [finding_words(finding, limits, zone) for finding in against]
    if not reason.strip():
        raise RuleStandsAgainst(found, words)
    note_override(session, person=person, findings=against, words=words, reason=reason, by=by, now=now)


def note_override(
    session: Session,
    *,
    person: CounsellorRow,
    findings: Sequence[Finding],
    words: Sequence[str],
    reason: str,
    by: int | None,
    now: datetime,
) -> None:
    """Keep in the journal which rules were set aside for somebody, and why."""
    note(
        session,
        actor_id=by,
        action="rule_overridden",
        subject_kind="counsellor",
        subject_id=person.id,
        after={
            "rules": [finding.rule.value for finding in findings],
            "words": list(words),
            "reason": reason.strip(),
        },
        now=now,
    )


def judge_together(
    session: Session,
    *,
    people: Mapping[int, CounsellorRow],
    gone: Iterable[int],
    planned: Mapping[int, Sequence[Span]],
    zone: ZoneInfo,
) -> dict[int, tuple[Finding, ...]]:
    """What these planned spans would break together once the shifts in `gone` are out of the way, by person."""
    spans = [span for own in planned.values() for span in own]
    if not spans:
        return {}
    around = Span(min(spans).starts_at - FAR, max(span.ends_at for span in spans) + FAR)
    before = queries.spans_of(session, counsellor_ids=planned, around=around)
    left = queries.spans_of(session, counsellor_ids=planned, around=around, besides=gone)
    in_force = queries.limits(session)
    away = queries.leave_spans(session, counsellor_ids=planned, around=around, zone=zone)
    found = {
        person: new_findings(
            before.get(person, []),
            [*left.get(person, []), *own],
            leave=away.get(person, []),
            terms=people[person].as_terms(),
            limits=in_force[Site(people[person].site)],
            zone=zone,
        )
        for person, own in planned.items()
    }
    return {person: findings for person, findings in found.items() if findings}


def who_could_cover(
    session: Session, *, span: Span, skill: Skill | None = None, zone: ZoneInfo, now: datetime
) -> list[Candidate]:
    """Everybody: first those who may, whoever worked least lately first; then the others, each with the first rule."""
    team = queries.team(session, today=now.astimezone(zone).date())
    ids = [row.id for row in team]
    around, day = Span(span.starts_at - FAR, span.ends_at + FAR), span.starts_at.astimezone(zone).date()
    own = queries.spans_of(session, counsellor_ids=ids, around=around)
    away = queries.leave_spans(session, counsellor_ids=ids, around=around, zone=zone)
    in_force = queries.limits(session)
    found = []
    for row in team:
        judged = verdict(
            span,
            own.get(row.id, []),
            leave=away.get(row.id, []),
            terms=row.as_terms(),
            limits=in_force[Site(row.site)],
            zone=zone,
        )
        lately = (each.clipped(span.starts_at - FAIR_OVER, span.starts_at) for each in own.get(row.id, []))
        found.append(
            Candidate(
                row.id,
                row.staff.name,
                blocked=next(iter(judged.against), None),
                advice=next((each for each in judged.findings if each.is_advice and each.rule is not Rule.BREAK), None),
                lacks=skill if skill and skill not in row.skills else None,
                lately=sum((each.length for each in lately if each), timedelta()),
                site=Site(row.site),
                will_have_left=row.as_counsellor().has_left(today=day),
                is_verified=row.phone_verified_at is not None,
            )
        )
    return sorted(found, key=lambda each: (not each.can, each.lately, each.counsellor_id))
