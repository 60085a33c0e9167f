"""The counsellor's console: am I ready, what is my call, what do I still owe, and who is next.

It is kept up to date in three parts; without scripts its refresh link does the same.
"""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from accounts.domain.roles import Role
from accounts.web.guard import guard
from callbacks.web.staff import queue_view
from callbacks.web.staff.viewer import viewer
from foundation import clock
from foundation.database import transaction
from foundation.web.times import service_zone

console = Blueprint("console", __name__, template_folder="../templates", url_prefix="/staff/queue")
guard(console, Role.COUNSELLOR)


@console.get("")
def page() -> ResponseReturnValue:
    """Everything at once."""
    now, zone = clock.now(), service_zone()
    with transaction() as session:
        me = viewer(session)
        ready = queue_view.readiness(session, me, zone=zone, now=now)
        mine = queue_view.my_now(session, me, now=now)
        queue = queue_view.queue(session, me, zone=zone, now=now)
    return render_template("staff/queue.html", ready=ready, mine=mine, queue=queue)


@console.get("/live")
def live() -> ResponseReturnValue:
    """The call at hand and what is owed."""
    with transaction() as session:
        mine = queue_view.my_now(session, viewer(session), now=clock.now())
    return render_template("staff/parts/mine.html", mine=mine)


@console.get("/ready")
def ready() -> ResponseReturnValue:
    """Whether I am ready and on shift."""
    with transaction() as session:
        ready = queue_view.readiness(session, viewer(session), zone=service_zone(), now=clock.now())
    return render_template("staff/parts/ready.html", ready=ready)


@console.get("/waiting")
def waiting() -> ResponseReturnValue:
    """Who waits."""
    now = clock.now()
    with transaction() as session:
        queue = queue_view.queue(session, viewer(session), zone=service_zone(), now=now)
    return render_template("staff/parts/waiting.html", queue=queue)
