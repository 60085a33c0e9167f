"""The counsellor refers the person to a service, with a consent of its own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import wording
from callbacks.domain.codes import ReferralStatus, ReferralType
from callbacks.models import ReferralRow
from callbacks.operations import history
from callbacks.operations.note_that import note_that


class ConsentNeeded(Exception):
    """Consent to a call is not consent to a referral: ask, and record it."""


def refer(
    session: Session,
    *,
    callback_id: int,
    kind: ReferralType,
    provider: str,
    consent_given: bool,
    note: str,
    staff_id: int,
    now: datetime,
) -> ReferralRow:
    """Record a referral and the consent to it. Raises ConsentNeeded."""
    if not consent_given:
        raise ConsentNeeded
    callback = queries.lock(session, callback_id)
    referral = ReferralRow(
        callback_id=callback.id,
        kind=kind,
        provider=provider,
        status=ReferralStatus.CONSENTED,
        consent_at=now,
        made_by=staff_id,
        made_at=now,
        note=note or None,
    )
    session.add(referral)
    history.note(session, callback, wording.REFERRED.format(kind=kind.label.lower()), actor_id=staff_id, now=now)
    note_that(session, "referral_made", callback, after={"kind": kind}, by=staff_id, now=now)
    return referral
