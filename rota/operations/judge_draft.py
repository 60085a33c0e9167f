"""Which rules a draft as a whole would break, and the refusal of those for which nobody gave a reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from rota import queries
from rota.domain.rules import Finding, Limits, Rule, Site, Verdict
from rota.domain.shifts import ShiftRefused, Span
from rota.domain.wording import finding_words
from rota.models import CounsellorRow, DraftLineRow, DraftRow, span_of
from rota.operations.judge import RuleStandsAgainst, judge_together
from rota.operations.shifts import AlreadyOnShift

MOST_NAMED = 3  # rules in one refusal; the draft's page has them all


class RulesStandAgainstDraft(ShiftRefused):
    """Rules stand against lines that have no reason; change the lines, or give each a reason."""

    field = "draft"


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a draft would break, and the lines that have a part in it."""

    counsellor_id: int
    name: str
    finding: Finding
    words: str
    line_ids: tuple[int, ...]
    reason: str
    """Why it is done all the same, as one of these lines says; empty: nobody has said."""

    @property
    def stands(self) -> bool:
        """Whether the draft cannot be published like this."""
        return not self.finding.is_advice and (not self.reason or self.finding.rule is Rule.ONE_AT_A_TIME)


def judged(session: Session, draft: DraftRow, *, zone: ZoneInfo, now: datetime) -> list[Broken]:
    """Every rule that the draft as a whole would break and the rota as it is does not, person by person."""
    own = _lines_by_person(line for line in draft.lines if not _is_over(line, now))
    people = {row.id: row for row in queries.people(session, ids=own)}
    planned = {person: [span_of(line.during) for line in lines if line.during] for person, lines in own.items()}
    in_force = queries.limits(session)
    found = judge_together(session, people=people, gone=draft.shift_ids, planned=planned, zone=zone)
    return [
        _broken(people[person], finding, own[person], in_force, zone)
        for person, findings in found.items()
        for finding in findings
        if finding.rule is not Rule.BREAK  # said of every long shift; breaks have a page of their own
    ]


def _lines_by_person(lines: Iterable[DraftLineRow]) -> dict[int, list[DraftLineRow]]:
    found: dict[int, list[DraftLineRow]] = {}
    for line in lines:
        if line.counsellor_id is not None and line.during is not None:
            found.setdefault(line.counsellor_id, []).append(line)
    return found


def _is_over(line: DraftLineRow, now: datetime) -> bool:
    """Whether what a line plans is over by now: it cannot be published, and no rule is asked about it."""
    return line.during is not None and span_of(line.during).ends_at <= now


def _broken(
    person: CounsellorRow,
    finding: Finding,
    lines: Iterable[DraftLineRow],
    in_force: Mapping[Site, Limits],
    zone: ZoneInfo,
    reason: str = "",
) -> Broken:
    """A finding with the lines that have a part in it; all of the person's, when it is about none of them alone."""
    own = list(lines)
    concerned = [line for line in own if line.during is not None and span_of(line.during) in finding.shifts] or own
    words = finding_words(finding, in_force[Site(person.site)], zone)
    said = reason or next((line.reason for line in concerned if line.reason), "")
    return Broken(person.id, person.staff.name, finding, words, tuple(line.id for line in concerned), said)


def refuse_rules(broken: Iterable[Broken], of: frozenset[int] | None = None) -> None:
    """Raises RulesStandAgainstDraft, or, for the lines that are being put, RuleStandsAgainst beside their reason.

    Two shifts at once may be put, because the line that makes room comes next; they are never published.
    """
    standing = [each for each in broken if each.stands]
    if of is None:
        clash = next((each for each in standing if each.finding.rule is Rule.ONE_AT_A_TIME), None)
        if clash:
            raise AlreadyOnShift(f"{clash.name}: {clash.words}. Look at the draft again")
        if standing:
            named = ". ".join(f"{each.name}: {each.words}" for each in standing[:MOST_NAMED])
            raise RulesStandAgainstDraft(f"{named}. Change these shifts, or give a reason")
        return
    now = [each for each in standing if each.finding.rule is not Rule.ONE_AT_A_TIME and of.intersection(each.line_ids)]
    if now:
        verdict = Verdict(tuple(each.finding for each in now))
        raise RuleStandsAgainst(verdict, [f"{each.name}: {each.words}" for each in now[:MOST_NAMED]])


def broken_by_undoing(
    session: Session, draft: DraftRow, people: dict[int, CounsellorRow], *, reason: str, zone: ZoneInfo
) -> list[Broken]:
    """Every rule that taking a publication back would break; leave stands against it whatever the reason."""
    back: dict[int, list[Span]] = {}
    for line in draft.lines:
        if line.before_counsellor_id is not None and line.before is not None:
            back.setdefault(line.before_counsellor_id, []).append(span_of(line.before))
    in_force = queries.limits(session)
    found = judge_together(session, people=people, gone=draft.shift_ids, planned=back, zone=zone)
    return [
        _broken(people[person], finding, [], in_force, zone, "" if finding.rule is Rule.LEAVE else reason.strip())
        for person, findings in found.items()
        for finding in findings
    ]
