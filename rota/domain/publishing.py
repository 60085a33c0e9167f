"""What publishing a draft changes, person by person, so that each hears once, of their own shifts only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rota.domain.resolution import PersonSpan, merged
from rota.domain.shifts import Shift, Span


@dataclass(frozen=True, slots=True)
class PersonChange:
    """One person's shifts that come and that go; a shift that moves is one of each."""

    counsellor_id: int
    gained: tuple[Span, ...]
    lost: tuple[Span, ...]


def difference(before: Iterable[Shift], after: Iterable[Shift]) -> list[PersonChange]:
    """Everybody for whom something changes, by id. Two shifts that touch, or one that is cut in two, change nothing."""
    old, new = _by_person(before), _by_person(after)
    changes = (
        PersonChange(
            person,
            tuple(sorted(new.get(person, set()) - old.get(person, set()))),
            tuple(sorted(old.get(person, set()) - new.get(person, set()))),
        )
        for person in sorted({*old, *new})
    )
    return [change for change in changes if change.gained or change.lost]


def _by_person(shifts: Iterable[Shift]) -> dict[int, set[Span]]:
    found: dict[int, set[Span]] = {}
    for span in merged(PersonSpan(each.counsellor_id, each.span.starts_at, each.span.ends_at) for each in shifts):
        found.setdefault(span.counsellor_id, set()).add(Span(span.starts_at, span.ends_at))
    return found
