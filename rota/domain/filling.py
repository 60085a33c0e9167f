"""What of a pattern can be planned for one person: each shift against which no rule stands, and why not the others.

Nothing is lost silently: each shift is kept or refused, and a refused one names the rule and its figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from rota.domain.rules import Finding, Limits, Terms
from rota.domain.shifts import Span
from rota.domain.working_time import new_findings


@dataclass(frozen=True, slots=True)
class Sifted:
    """Some shifts of one person, judged together with those that they have."""

    kept: tuple[Span, ...]
    refused: tuple[tuple[Span, Finding], ...]


def sift(
    planned: Iterable[Span],
    others: Sequence[Span],
    *,
    leave: Sequence[Span] = (),
    terms: Terms,
    limits: Limits,
    zone: ZoneInfo,
) -> Sifted:
    """Keep as many as the rules allow, the earlier before the later; a reason that once overrode a rule counts for
    nothing here.
    """
    kept = sorted(planned)
    refused: list[tuple[Span, Finding]] = []
    while True:
        found = new_findings(others, [*others, *kept], leave=leave, terms=terms, limits=limits, zone=zone)
        blamed = sorted(
            ((_latest(finding, kept), finding) for finding in found if kept and not finding.is_advice),
            key=lambda each: each[0],
        )
        if not blamed:
            return Sifted(tuple(kept), tuple(sorted(refused, key=lambda each: each[0])))
        refused.append(blamed[0])
        kept.remove(blamed[0][0])


def _latest(finding: Finding, kept: Sequence[Span]) -> Span:
    """The last of the planned shifts that a finding is about; a finding about others only is blamed on the last one."""
    return max((span for span in kept if span in finding.shifts), default=kept[-1])
