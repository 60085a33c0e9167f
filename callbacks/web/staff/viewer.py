"""Who looks at a staff page, and what they may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from accounts.domain.roles import PLANNERS
from accounts.web.guard import current_staff, holds
from callbacks.models import CallbackRow
from callbacks.operations.finish_call import Author
from callbacks.operations.open_callback import find, open_callback
from rota import queries as rota


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person who is signed in."""

    staff_id: int
    name: str
    counsellor_id: int | None
    sees_all: bool
    """Supervisors and admins look after every request; counsellors see those that they hold or held."""

    @property
    def first_name(self) -> str:
        """What a visitor may be told."""
        return self.name.split(maxsplit=1)[0]

    def author(self) -> Author:
        """Whoever records an outcome: a supervisor may complete anybody's."""
        return Author(self.staff_id, self.name, self.counsellor_id, may_complete_any=self.sees_all)

    def open(self, session: Session, reference: str, *, now: datetime) -> CallbackRow:
        """A request, and the journal says so. Raises NoSuchCallback, NotTheirs."""
        return open_callback(
            session,
            reference=reference,
            staff_id=self.staff_id,
            counsellor_id=self.counsellor_id,
            sees_all=self.sees_all,
            now=now,
        )

    def find(self, session: Session, reference: str) -> CallbackRow:
        """A request that the page at hand has opened already. Raises NoSuchCallback, NotTheirs."""
        return find(session, reference=reference, counsellor_id=self.counsellor_id, sees_all=self.sees_all)


def viewer(session: Session) -> Viewer:
    """The person who is signed in; only for views of guarded blueprints."""
    staff = current_staff()
    me = rota.counsellor_of(session, staff_id=staff.id)
    return Viewer(staff.id, staff.name, me.id if me else None, holds(*PLANNERS))
