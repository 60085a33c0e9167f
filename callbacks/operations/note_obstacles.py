"""Keep which rule stood between a request and each of those on shift, whenever it changes.

“Why did nobody ring?” is asked the day after, when nothing is left of the moment but what was kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain.absence import Absence
from callbacks.models import ObstacleRow
from callbacks.operations.explain import Standing

MOST_REQUESTS = 200
"""Of a longer queue only the first are looked at: those who are served next. The rest wait for these."""


def note_obstacles(session: Session, seen: Standing, *, now: datetime) -> int:
    """Add a line for each pair whose first rule is another than before; how many lines."""
    due = [request for request in seen.waiting if request.due_at <= now][:MOST_REQUESTS]
    known = queries.latest_obstacles(session, [request.callback_id for request in due])
    changed = [
        ObstacleRow(callback_id=callback_id, counsellor_id=counsellor_id, rule=rule, since=now)
        for callback_id, counsellor_id, rule in _rules(seen, {request.callback_id for request in due}, known)
        if known.get((callback_id, counsellor_id), _NEVER_SEEN) != rule
    ]
    session.add_all(changed)
    return len(changed)


_NEVER_SEEN = "never_seen"


Known = Mapping[tuple[int, int | None], str | None]


def _rules(seen: Standing, due: set[int], known: Known) -> Iterator[tuple[int, int | None, str | None]]:
    """For each request its own rule, then that of each counsellor on shift; None when nothing stands in the way.

    Whoever was on and is on no longer is told of once: the rota of that moment may be another one by the time it is
    asked. So is that nobody is on.
    """
    on = [line for line in seen.people if line.on_shift_until is not None]
    present = {line.counsellor.id for line in on}
    for request in seen.waiting:
        if request.callback_id in due:
            yield request.callback_id, None, seen.not_ready(request) or (None if on else Absence.NOT_ON_SHIFT)
            for line in on:
                yield request.callback_id, line.counsellor.id, seen.obstacle(request, line)
    for callback_id, counsellor_id in known:
        if counsellor_id is not None and counsellor_id not in present:
            yield callback_id, counsellor_id, Absence.NOT_ON_SHIFT
