"""The one arrow against the imports: what notifications asks of, and tells to, whoever ordered a call or text.

`app.py` names the follower. A worker or a webhook that runs without one is a mistake of assembly, and says so.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from notifications.domain.call import CallState


class Follower(Protocol):
    """Whoever knows why a call or text was ordered. All are called inside the transaction at hand."""

    def permits_call(self, session: Session, *, call_id: UUID, purpose: str, now: datetime) -> str | None:
        """None when the visitor of this call may be rung at this moment, else why not, in one word."""

    def permits_offer(self, session: Session, *, call_id: UUID, purpose: str, now: datetime) -> str | None:
        """None when the counsellor of this call still takes calls, else why not, in one word."""

    def permits_text(self, session: Session, *, text_id: UUID, now: datetime) -> str | None:
        """None when this text may be sent at this moment, else why not, in one word."""

    def call_moved(
        self, session: Session, *, call_id: UUID, purpose: str, state: CallState, talked_s: int, now: datetime
    ) -> None:
        """A call has reached a further state."""

    def screens_call(self, session: Session, *, call_id: UUID) -> bool:
        """Whether whoever answers the visitor's telephone must press a key before the two are connected."""

    def was_cut_off(self, session: Session, *, call_id: UUID, now: datetime) -> bool:
        """Whether our line went just after the visitor of this call had answered the one before, a moment ago."""

    def language_of_call(self, session: Session, *, call_id: UUID) -> str:
        """The code of the language that whoever asked for this call reads our pages in."""

    def said_not_me(self, session: Session, *, phone_digest: bytes, call_id: UUID | None, now: datetime) -> None:
        """The owner of this number did not ask for a call: for this one, or, by text, for any that is to come."""

    def opted_out(self, session: Session, *, phone_digest: bytes, now: datetime) -> None:
        """The owner of this number wants no texts."""


class Listener(Protocol):
    """Whoever asks people questions by text."""

    def said_yes(self, session: Session, *, phone_digest: bytes, now: datetime) -> bool:
        """Whether a YES from this number answers a question; when it does not, it means "texts again, please"."""


class _Arrow:
    follower: Follower | None = None
    listener: Listener | None = None


def draw(follower: Follower, *, listener: Listener | None = None) -> None:
    """Follow calls and texts with the one, hear answers with the other; called once, by app.py."""
    _Arrow.follower, _Arrow.listener = follower, listener


def said_yes(session: Session, *, phone_digest: bytes, now: datetime) -> bool:
    """Whether a YES from this number was the answer to a question of ours, which is now heard."""
    return bool(_Arrow.listener and _Arrow.listener.said_yes(session, phone_digest=phone_digest, now=now))


def follower() -> Follower:
    """Whoever follows; RuntimeError when app.py has not drawn the arrow."""
    if _Arrow.follower is None:
        raise RuntimeError("nobody follows calls: app.py must draw the arrow")
    return _Arrow.follower
