"""Keep which rule stood between a request and each of those on shift, whenever it changes.

“Why did nobody ring?” is asked the day after, when nothing is left of the moment but what was kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.orm import Session

from callbacks import queries
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
        for callback_id, counsellor_id, rule in _rules(seen, {request.callback_id for request in due})
        if known.get((callback_id, counsellor_id), _NEVER_SEEN) != rule
    ]
    session.add_all(changed)
    return len(changed)


_NEVER_SEEN = "never_seen"


def _rules(seen: Standing, due: set[int]) -> Iterator[tuple[int, int | None, str | None]]:
    """For each request its own rule, then that of each counsellor on shift; None when nothing stands in the way."""
    on = [line for line in seen.people if line.on_shift_until is not None]
    for request in seen.waiting:
        if request.callback_id in due:
            yield request.callback_id, None, seen.not_ready(request)
            for line in on:
                yield request.callback_id, line.counsellor.id, seen.obstacle(request, line)
