"""What a worker does for the rota when its bell rings: look at the table, ask the next one for cover, leave."""

from __future__ import annotations

from flask import current_app

from foundation import clock, doorbell
from foundation.database import transaction
from foundation.doorbell import Bell
from rota.operations import ladder


@doorbell.answers(Bell.ROTA)
def climb_ladders() -> None:
    """Ask the next colleague wherever nobody has said YES in time."""
    doorbell.answering(Bell.ROTA)
    with transaction() as session:
        ladder.climb_all(session, zone=current_app.config["ZONE"], now=clock.now())
