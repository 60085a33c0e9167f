"""What the telephone network saw, held against what visitors were told and what the tables say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select, text

from benchmarks.soak.people import Asked, Desk
from benchmarks.soak.place import CALLS_PER_SECOND, SPEED, Place
from benchmarks.soak.watcher import Ring, Watcher
from tests import judge

_CLOCKS_APART = timedelta(seconds=1)
"""The network's clock and the service's are set one after the other, and run fast."""

_ON_ITS_WAY = timedelta(seconds=SPEED)
"""A second of real work, which the fast clock makes long: what was decided before it may still happen within it."""

_INBOUND_LASTS = timedelta(seconds=60)
"""Whoever rings us is not rung by us for so long."""

_STRETCH_S = 60
"""The pace is judged over so many seconds."""

_LATE_BY = 2
"""Calls that may be let through late: the line never runs more than a second behind."""


# A silence (I3) is shown and not judged: it is as long as a busy machine takes to answer, processes that were killed in
# the middle of it included. So is a counsellor who is rung anew while hearing the last words of the call before: on the
# fast clock these are late. The tests judge both, where time stands still while the service works.


@dataclass
class Verdict:
    """The table, and whether what must be zero is."""

    rows: list[tuple[str, int | str]] = field(default_factory=list)
    must_be_zero: list[tuple[str, int, str]] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not any(count for _, count, _ in self.must_be_zero)

    def zero(self, what: str, found: Sequence[str], *, besides: int = 0) -> None:
        """Something that must not have happened; `besides` counts what has no example."""
        self.must_be_zero.append((what, len(found) + besides, ", ".join(found[:3])))


def verdict(here: Place, asked: list[Asked], refused: int, watcher: Watcher, desk: Desk) -> Verdict:
    """Hold everything against everything. The run has come to rest."""
    from callbacks import queries  # noqa: PLC0415 - as in place.py
    from callbacks.models import CallbackRow  # noqa: PLC0415
    from foundation.database import transaction  # noqa: PLC0415

    assert here.app is not None
    found = Verdict()
    by_number = {one.wish.number: one for one in asked}
    with here.app.app_context(), transaction() as session:
        session.execute(text("set local idle_in_transaction_session_timeout = 0"))  # the reckoning takes its time
        rows = session.execute(select(CallbackRow.phone, CallbackRow.reference, CallbackRow.rings_made))
        kept = {phone: (reference, rings) for phone, reference, rings in rows}
        _counts(found, here, asked, watcher)
        more = [number for number, at in watcher.rang.items() if len(at) > kept.get(number, ("", 0))[1]]
        found.zero("rung twice", watcher.rung_twice + more)
        lost = [one.reference for one in asked if kept.get(one.wish.number, ("", 0))[0] != one.reference]
        found.zero("lost", lost, besides=queries.unaccounted_for(session))
        found.zero("turned away by our own form", [], besides=refused)
        _rings(found, watcher, by_number)
        _texts(found, watcher, by_number)
        found.zero("bridged without press-1", watcher.without_press)
        found.zero("starved while someone was free", [f"{one} {at}" for one, at in desk.starvation.starved.items()])
        found.zero("calls beyond the pace", _too_fast(_handed_over()))
        found.zero("trouble at the desk", desk.troubled)
        breaches = here.broken | judge.tables_verdict(
            session, watcher.legs, our_number=here.app.config["TWILIO_CALLER_ID"]
        )
        found.rows.append(("visitors who heard nothing for two seconds", len(breaches.pop("I3", []))))
        twice = breaches.pop("I2", [])  # a visitor's second call counts as "rung twice" above
        found.rows.append(("counsellors rung over their last words", len(twice)))
        found.zero(
            "breaches of the other invariants", [f"{which}: {one}" for which in breaches for one in breaches[which]]
        )
    return found


def _counts(found: Verdict, here: Place, asked: list[Asked], watcher: Watcher) -> None:
    from callbacks.domain.lifecycle import CLOSED  # noqa: PLC0415 - as in place.py
    from callbacks.models import AttemptRow, CallbackRow  # noqa: PLC0415
    from foundation.database import db  # noqa: PLC0415

    statuses = Counter(db.session.scalars(select(CallbackRow.status)))
    closed = {status: count for status, count in sorted(statuses.items()) if status in {str(one) for one in CLOSED}}
    found.rows += [
        ("received", len(asked)),
        ("open", sum(statuses.values()) - sum(closed.values())),
        *((f"closed: {status.replace('_', ' ')}", count) for status, count in closed.items()),
        ("visitors rung", len(watcher.rang)),
        ("rings of visitors", len(watcher.rings)),
        ("attempts", db.session.scalar(select(func.count()).select_from(AttemptRow)) or 0),
        ("texts", sum(len(moments) for moments in watcher.texts.values())),
        ("replied STOP", len(watcher.stopped)),
        ("rang us", len(watcher.rang_us)),
        *((f"killed: {what}", count) for what, count in sorted(here.kills.items())),
    ]


def _rings(found: Verdict, watcher: Watcher, by_number: dict[str, Asked]) -> None:
    rings = [(ring, by_number[ring.to]) for ring in watcher.rings if ring.to in by_number]
    after_no = [ring for ring, one in rings if one.withdrawn_at is not None and ring.at > one.withdrawn_at]
    unsafe = [ring for ring, one in rings if not _was_safe(one, ring)]
    into = [ring for ring, _ in rings if _was_ringing_us(watcher.rang_us.get(ring.to, []), ring)]
    found.zero("rung after a withdrawal was confirmed", _told(after_no))
    found.zero("dialled outside safe times", _told(unsafe))
    found.zero("rung while they were ringing us", _told(into))


def _told(rings: list[Ring]) -> list[str]:
    return [f"{ring.to} at {ring.at:%a %H:%M:%S}" for ring in rings]


def _was_safe(one: Asked, ring: Ring) -> bool:
    """Whether the visitor could be rung at some moment between the press of 1 and the answer to it.

    That is when the service looks for the last time. What comes after is the sentence to the counsellor and the way
    to the visitor's telephone, as in real life.
    """
    first = (ring.pressed_at or ring.at) - _CLOCKS_APART
    last = (ring.ordered_at or ring.at) + _CLOCKS_APART
    while first <= last:
        if one.wish.may_be_rung(first, one.asked_at):
            return True
        first += timedelta(seconds=0.5)
    return False


def _was_ringing_us(heard_us_at: list[datetime], ring: Ring) -> bool:
    """Whether a ring was ordered after the visitor had heard our greeting, and before their call could be over."""
    decided = ring.pressed_at or ring.at
    return any(at + _CLOCKS_APART < decided < at + _INBOUND_LASTS - _ON_ITS_WAY for at in heard_us_at)


def _texts(found: Verdict, watcher: Watcher, by_number: dict[str, Asked]) -> None:
    sent = [
        (by_number[number], at) for number, moments in watcher.texts.items() for at in moments if number in by_number
    ]
    against = [one for one, at in sent if not _text_was_allowed(one, at)]
    found.zero("texts against consent", [one.wish.number for one in against])
    tried = [number for number, at in watcher.refused_texts if _had_stopped(watcher, number, at)]
    found.zero("texts tried after STOP", tried)


def _text_was_allowed(one: Asked, at: datetime) -> bool:
    """Whether texts were allowed at all, at this hour, and not after everything had been withdrawn."""
    if not one.wish.allows_texts:
        return False
    if one.withdrawn_at is not None and at > one.withdrawn_at + _ON_ITS_WAY:
        return False
    return any(one.wish.may_be_rung(moment, one.asked_at) for moment in (at, at - _ON_ITS_WAY))


def _had_stopped(watcher: Watcher, number: str, at: datetime) -> bool:
    return number in watcher.stopped and at > watcher.stopped[number] + _ON_ITS_WAY


def _handed_over() -> list[datetime]:
    from foundation.database import db  # noqa: PLC0415 - as in place.py
    from notifications.models import CallRow  # noqa: PLC0415

    moments = db.session.scalars(select(CallRow.handed_over_at).where(CallRow.handed_over_at.is_not(None)))
    return sorted(moment for moment in moments if moment is not None)


def _too_fast(handed_over: list[datetime]) -> list[str]:
    """Stretches of a minute in which more calls were handed over than the account's pace allows."""
    most = _STRETCH_S * CALLS_PER_SECOND + _LATE_BY
    stretch = timedelta(seconds=_STRETCH_S)
    return [
        f"{most + 1} from {first:%a %H:%M:%S}"
        for first, last in zip(handed_over, handed_over[most:], strict=False)
        if last - first < stretch
    ]
