"""Say who is ready for a call: counsellors about themselves, and calls and missed offers about counsellors."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from accounts.operations.journal import note
from foundation.doorbell import Bell, ring_after_commit
from rota import queries
from rota.domain.presence import Presence, PresenceState, after_missed_offer


def set_available(session: Session, *, counsellor_id: int, by: int | None, now: datetime) -> Presence:
    """Ready for the next call; missed offers are forgotten, and whoever waits is matched after the commit."""
    presence = _become(session, counsellor_id, PresenceState.AVAILABLE, reason="", by=by, now=now, forgive=True)
    ring_after_commit(session, Bell.MATCH)
    return presence


def set_away(session: Session, *, counsellor_id: int, reason: str = "", by: int | None, now: datetime) -> Presence:
    """Not taking calls. A call that is running goes on."""
    return _become(session, counsellor_id, PresenceState.AWAY, reason=reason, by=by, now=now, forgive=True)


def start_wrapping_up(session: Session, *, counsellor_id: int, now: datetime) -> Presence:
    """A call has ended and its outcome is to be written down; ends when the counsellor is available again.

    Who said during the call that they would be away stays away.
    """
    row = queries.lock_presence(session, counsellor_id=counsellor_id)
    if row.state == PresenceState.AWAY:
        return row.as_presence()
    return _become(session, counsellor_id, PresenceState.WRAPPING_UP, reason="", by=None, now=now, forgive=True)


def finish_wrapping_up(session: Session, *, counsellor_id: int, by: int | None, now: datetime) -> Presence:
    """The outcome is written down: ready again, unless the person has said otherwise in the meantime."""
    row = queries.lock_presence(session, counsellor_id=counsellor_id)
    if row.state != PresenceState.WRAPPING_UP:
        return row.as_presence()
    return set_available(session, counsellor_id=counsellor_id, by=by, now=now)


def note_missed_offer(session: Session, *, counsellor_id: int, now: datetime) -> Presence:
    """An offered call was not taken; after the second in a row the person counts as absent.

    Who said while it rang that they are away stays away.
    """
    row = queries.lock_presence(session, counsellor_id=counsellor_id)
    row.counsellor.misses, is_absent = after_missed_offer(misses=row.counsellor.misses)
    if not is_absent or row.state == PresenceState.AWAY:
        return row.as_presence()
    return _become(session, counsellor_id, PresenceState.NOT_RESPONDING, reason="", by=None, now=now, forgive=False)


def note_taken_offer(session: Session, *, counsellor_id: int) -> None:
    """An offered call was taken: earlier misses were chance, and the telephone works."""
    counsellor = queries.lock_presence(session, counsellor_id=counsellor_id).counsellor
    counsellor.misses, counsellor.phone_fails_since = 0, None


def note_phone(session: Session, *, counsellor_id: int, fails: bool, now: datetime) -> None:
    """Whether the last call could be connected to this counsellor's telephone: the team page says when it could not."""
    counsellor = queries.lock_presence(session, counsellor_id=counsellor_id).counsellor
    counsellor.phone_fails_since = (counsellor.phone_fails_since or now) if fails else None


def _become(
    session: Session,
    counsellor_id: int,
    state: PresenceState,
    *,
    reason: str,
    by: int | None,
    now: datetime,
    forgive: bool,
) -> Presence:
    row = queries.lock_presence(session, counsellor_id=counsellor_id)
    if forgive:
        row.counsellor.misses = 0
    if (row.state, row.reason) == (state.value, reason):
        return row.as_presence()  # pressed twice: since when stays true, and there is nothing to note
    before = {"state": row.state, "since": row.since.isoformat()}
    row.state, row.since, row.reason = state.value, now, reason
    note(
        session,
        actor_id=by,
        action="presence_changed",
        subject_kind="counsellor",
        subject_id=counsellor_id,
        before=before,
        after={"state": state.value},
        now=now,
    )
    return row.as_presence()
