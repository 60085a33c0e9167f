"""Does anybody wait while somebody is free? Counted from rows and telephones, without the product's matching.

Everybody in the soak speaks one language and nobody has a wish, so whoever may be rung at this moment can be rung by
whoever is ready and not on the telephone. One such pair that lasts is starvation, whatever the product says of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.soak.week import Wish

STARVED_S = 8.0
"""Real seconds for which nothing may stand between somebody who waits and somebody who is free."""

PASSED_ON = timedelta(minutes=10)
"""Whoever did not take a request is not asked again so soon, if there is anybody else."""

Pair = tuple[int, int]
"""A request and a counsellor."""


@dataclass
class Starvation:
    """Remembers since when each pair stands idle."""

    starved: dict[int, str] = field(default_factory=dict)
    """By request: when it was seen."""
    _since: dict[Pair, float] = field(default_factory=dict)

    def see(self, idle: set[Pair], *, at_s: float, now: datetime) -> None:
        """Take in one look; `at_s` is real time."""
        self._since = {pair: self._since.get(pair, at_s) for pair in idle}
        for (callback_id, _), since in self._since.items():
            if at_s - since > STARVED_S:
                self.starved.setdefault(callback_id, f"{now:%a %H:%M:%S}")


def idle_pairs(session: Session, *, wishes: dict[str, Wish], on_the_line: set[str], now: datetime) -> set[Pair]:
    """Everybody who waits and may be rung now, with everybody who is free to ring them.

    `wishes` by number: what each visitor allows, as they said it. `on_the_line`: the telephones that are busy on the
    network. Nobody is held to starve while dialling pauses, because the telephone company fails.
    """
    from callbacks.models import AttemptRow, CallbackRow  # noqa: PLC0415 - as in place.py
    from notifications.domain.trouble import Trouble  # noqa: PLC0415
    from notifications.models import TroubleRow  # noqa: PLC0415
    from rota.models import CounsellorRow, PresenceRow  # noqa: PLC0415

    if session.get(TroubleRow, Trouble.DIALLING_FAILS) is not None:
        return set()
    due = session.execute(
        select(CallbackRow.id, CallbackRow.phone, CallbackRow.asked_at).where(
            CallbackRow.status.in_(["queued", "retry_due"]), CallbackRow.next_try_at <= now
        )
    )
    waiting = [id_ for id_, phone, asked_at in due if phone in wishes and wishes[phone].may_be_rung(now, asked_at)]
    if not waiting:
        return set()
    busy = set(session.scalars(select(AttemptRow.counsellor_id).where(AttemptRow.ended_at.is_(None))))
    ready = session.execute(
        select(CounsellorRow.id, CounsellorRow.phone)
        .join(PresenceRow, PresenceRow.counsellor_id == CounsellorRow.id)
        .where(PresenceRow.state == "available")
    )
    free = {id_ for id_, phone in ready if id_ not in busy and phone not in on_the_line}
    passed_on = select(AttemptRow.callback_id, AttemptRow.counsellor_id).where(
        AttemptRow.callback_id.in_(waiting), AttemptRow.ended_at > now - PASSED_ON
    )
    barred = {(callback_id, counsellor_id) for callback_id, counsellor_id in session.execute(passed_on)}
    return {(one, other) for one in waiting for other in free} - barred
