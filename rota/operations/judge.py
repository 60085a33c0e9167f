"""Ask the working-time rules about one person and one more shift, and rank who could cover it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from accounts.operations.journal import note
from rota import queries
from rota.domain.counsellor import Skill
from rota.domain.shifts import ShiftRefused, Span
from rota.domain.wording import finding_words
from rota.domain.working_time import FAR, Finding, Site, Verdict, verdict
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
    lacks: Skill | None
    lately: timedelta
    """How much they worked in the four weeks before."""

    @property
    def can(self) -> bool:
        """Whether nothing stands against it."""
        return self.blocked is None and self.lacks is None


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
    against = [finding for finding in found.against if finding.rule != "one_at_a_time"]
    if not against:
        return
    words = [finding_words(finding, queries.limits_at(session, person.site), zone) for finding in against]
    if not reason.strip():
        raise RuleStandsAgainst(found, words)
    note(
        session,
        actor_id=by,
        action="rule_overridden",
        subject_kind="counsellor",
        subject_id=person.id,
        after={"rules": [finding.rule.value for finding in against], "words": words, "reason": reason.strip()},
        now=now,
    )


def who_could_cover(
    session: Session, *, span: Span, skill: Skill | None = None, zone: ZoneInfo, now: datetime
) -> list[Candidate]:
    """Everybody: first those who may, whoever worked least lately first; then the others, each with the first rule."""
    team = queries.team(session, today=now.astimezone(zone).date())
    ids = [row.id for row in team]
    around = Span(span.starts_at - FAR, span.ends_at + FAR)
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
                lacks=skill if skill and skill not in row.skills else None,
                lately=sum((each.length for each in lately if each), timedelta()),
            )
        )
    return sorted(found, key=lambda each: (not each.can, each.lately, each.counsellor_id))
