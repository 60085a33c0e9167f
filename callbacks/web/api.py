"""The public API: what the pages do, for programs. Anybody may ask; only the token opens a request."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, abort, current_app, jsonify, request
from pydantic import BaseModel

from accounts.web.limits import limiter
from callbacks.domain.asking import Idempotency
from callbacks.operations import offers
from callbacks.operations.ask_from_outside import ask_from_outside
from callbacks.operations.change import change
from callbacks.operations.visit import visit
from callbacks.operations.withdraw import withdraw
from callbacks.web import proof
from callbacks.web.answers import availability_answer, callback_answer, visit_answer
from callbacks.web.api_keys import signed_by, website
from callbacks.web.openapi import describe
from callbacks.web.schemas.reading import M, Unacceptable, canonical, locale_of, read
from callbacks.web.schemas.requests import CallbackRequest, ChangeRequest
from foundation import clock, language, sealed
from foundation.database import transaction
from foundation.web.problems import FieldError
from foundation.web.times import service_zone
from notifications.jobs import stop_ringing

api = Blueprint("api", __name__, url_prefix="/api/v1")

ASKS_PER_ADDRESS = "20/minute"  # a clinic or a college behind one address; more than that is a machine
LONGEST_KEY = 200


@api.get("/availability")
def availability() -> Response:
    """What can be asked for at this moment."""
    with transaction() as session:
        found = offers.availability(session, zone=service_zone(), now=clock.now())
    return _json(availability_answer(found))


@api.post("/callbacks")
@limiter.limit(ASKS_PER_ADDRESS, exempt_when=lambda: signed_by(now=clock.now()) is not None or not proof.is_limited())
def ask_for_call() -> Response:
    """Keep a request for a call."""
    now = clock.now()
    key = signed_by(now=now)
    requester = proof.requester() if key is None else website(key)
    wanted = _read(CallbackRequest, now=now).as_ask(channel="api" if key is None else "website", requester=requester)
    with transaction() as session:
        asked = ask_from_outside(
            session,
            wanted,
            idempotency=_idempotency(),
            has_worked=False,
            is_limited=proof.is_limited() and key is None,
            budget=current_app.config["BUDGET_PER_DAY"],
            zone=service_zone(),
            now=now,
        )
    answer = callback_answer(asked)
    return _json(answer, status=201, location=answer.links.self)


@api.get("/callbacks/<token>")
def view(token: str) -> Response:
    """A request, to whoever holds its token."""
    with transaction() as session:
        found = visit(session, token=token, now=clock.now())
    return _json(visit_answer(found))


@api.patch("/callbacks/<token>")
def alter(token: str) -> Response:
    """Change the time, the number, what is allowed, or whom to talk to."""
    now, zone = clock.now(), service_zone()
    wish = _read(ChangeRequest, now=now)
    with transaction() as session:
        present = visit(session, token=token, now=now)
        contact = wish.safe_contact.over(present.safe_contact) if wish.safe_contact else None
        found = change(
            session,
            token=token,
            when=wish.as_when(),
            phone=wish.phone,
            safe_contact=contact,
            name=wish.name,
            safe_times=wish.as_safe_times(),
            message=wish.message,
            language=wish.language,
            gender=wish.as_gender(),
            zone=zone,
            now=now,
        )
    return _json(visit_answer(found))


@api.delete("/callbacks/<token>")
def cancel(token: str) -> Response:
    """Withdraw a request; doing it twice changes nothing. 202: their telephone may still ring for a few seconds."""
    now = clock.now()
    with transaction() as session:
        ringing = withdraw(session, token=token, now=now).call_id
    stop_ringing(ringing)
    with transaction() as session:
        found = visit(session, token=token, now=clock.now())
    return _json(visit_answer(found), status=202 if found.may_still_ring else 200)


@api.get("/openapi.json")
def description() -> Response:
    """This API, described for programs."""
    config = current_app.config
    return jsonify(describe(service_name=config["SERVICE_NAME"], base_url=config["PUBLIC_BASE_URL"]))


def _read(model: type[M], *, now: datetime) -> M:
    if request.mimetype != "application/json":
        abort(415)
    if (wished := locale_of(request.get_data())) is not None:
        language.speak(wished)
    return read(model, request.get_data(), now=now, drama_allowed=current_app.config["DRAMA_ALLOWED"])


def _idempotency() -> Idempotency | None:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise Unacceptable((FieldError("Idempotency-Key", "malformed", "Use 1 to 200 plain characters."),))
    return Idempotency(key=f"api:{key}", body_digest=sealed.digest(canonical(request.get_data())))


def _json(answer: BaseModel, *, status: int = 200, location: str | None = None) -> Response:
    response = Response(answer.model_dump_json(), status=status, mimetype="application/json")
    if location is not None:
        response.headers["Location"] = location
    return response
