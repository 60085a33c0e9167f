"""The visitor's own page: what will happen and when, and how to change or cancel it. The address is the only key."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from callbacks.domain.window import Asap, Span, WindowClosed, allowed
from callbacks.operations import offers
from callbacks.operations.change import change
from callbacks.operations.erase import erase
from callbacks.operations.visit import Visit, visit
from callbacks.operations.withdraw import withdraw
from callbacks.web import choices, questions, safe_times, unsent
from callbacks.web.calendar_entry import entry
from callbacks.web.call_view import view_of
from callbacks.web.draft import come_back, drop, has_left
from callbacks.web.journey import in_words
from callbacks.web.questions import WrongAnswer
from callbacks.web.unsent import NOTHING, Unsent
from foundation import clock, language, sealed
from foundation.database import transaction
from foundation.web import tongue
from foundation.web.times import service_zone
from notifications.jobs import stop_ringing

own_page = Blueprint("own_page", __name__, template_folder="templates", url_prefix="/c/<token>")


@own_page.before_request
def ask_whoever_comes_back() -> ResponseReturnValue | None:
    """Whoever pressed Back after somebody left in a hurry sees a button, and nothing of the call."""
    if has_left() and request.endpoint != "own_page.open_again":
        token = (request.view_args or {}).get("token", "")
        return make_response(render_template("visitor/left.html", token=token))
    return unsent.put_aside_for_language()


@own_page.post("/open")
def open_again(token: str) -> ResponseReturnValue:
    """They mean to be here."""
    return come_back(_back_to(token))


@own_page.get("")
def show(token: str) -> ResponseReturnValue:
    """What will happen and when."""
    now = clock.now()
    call = view_of(_visit(token), now=now)
    return make_response(render_template("visitor/own_page.html", call=call))


@own_page.get("/time")
def time(token: str) -> ResponseReturnValue:
    """Another time."""
    return _time_page(_visit(token), unsent.here(), now=clock.now())


@own_page.post("/time")
def take_time(token: str) -> ResponseReturnValue:
    """Move the call, if the new time can be had; otherwise nothing changes."""
    now, chosen, until = clock.now(), request.form.get("when", ""), request.form.get("until", "")
    found = _visit(token)
    try:
        when = questions.when(chosen, now=now)
        others = [choices.value(span) for span in _coming(found, now=now)]
        safe = questions.safe(when, until=until, others=others, now=now)
        with transaction() as session:
            change(session, token=token, when=when, safe_times=safe, zone=service_zone(), now=now)
    except WrongAnswer as wrong:
        return unsent.refused(wrong.errors, show=lambda typed: _time_page(found, typed, now=now))
    except (offers.NotOffered, WindowClosed):
        gone = {"when": questions.TIME_IS_GONE}
        return unsent.refused(gone, show=lambda typed: _time_page(found, typed, now=now))
    return _back_to(token)


def _time_page(found: Visit, typed: Unsent, *, now: datetime) -> Response:
    until = typed.value("until", otherwise=_until(found, now=now))
    return _page(
        "time",
        found.token,
        typed,
        when=typed.value("when", otherwise=choices.value(found.when)),
        until=until,
        ends=safe_times.until_when(until, zone=service_zone(), now=now),
        times=choices.times(_offered(found.token, now), zone=service_zone(), now=now),
    )


def _coming(found: Visit, *, now: datetime) -> tuple[Span, ...]:
    """The safe times beside the chosen one that have not begun."""
    return tuple(span for span in found.wanted.safe_times if span.starts_at > now)


def _until(found: Visit, *, now: datetime) -> str:
    """The end that was chosen for a call as soon as possible."""
    running = [span.ends_at for span in found.wanted.safe_times if span.covers(now)]
    return running[0].isoformat() if running and isinstance(found.when, Asap) else safe_times.ALL_DAY


@own_page.get("/times")
def others(token: str) -> ResponseReturnValue:
    """Other times when it is safe."""
    return _others_page(_visit(token), unsent.here(), now=clock.now())


@own_page.post("/times")
def take_others(token: str) -> ResponseReturnValue:
    """Allow other times beside the one at hand, or no longer."""
    now, ticked = clock.now(), request.form.getlist("others")
    found = _visit(token)
    at_hand = [span for span in allowed(found.wanted, zone=service_zone()) if span.covers(now)]
    try:
        spans = questions.others(ticked, present=_coming(found, now=now), now=now)
        safe = (*(at_hand if isinstance(found.when, Asap) else ()), *safe_times.after(found.when, spans))
        with transaction() as session:
            change(session, token=token, safe_times=safe, zone=service_zone(), now=now)
    except WrongAnswer as wrong:
        return unsent.refused(wrong.errors, show=lambda typed: _others_page(found, typed, now=now))
    except WindowClosed:
        none_left = {"others": questions.NO_TIME_LEFT}
        return unsent.refused(none_left, show=lambda typed: _others_page(found, typed, now=now))
    return _back_to(token)


def _others_page(found: Visit, typed: Unsent, *, now: datetime) -> Response:
    present = _coming(found, now=now)
    offered = _offered(found.token, now).slots
    days = safe_times.other_days(offered, when=found.when, present=present, zone=service_zone(), now=now)
    ticked = typed.values("others", otherwise=[choices.value(span) for span in present])
    return _page("others", found.token, typed, ticked=ticked, days=days)


@own_page.get("/number")
def number(token: str) -> ResponseReturnValue:
    """Another number. The present one is not shown: the page may be open on a screen that others see."""
    _visit(token)
    return _number_page(token, unsent.here())


@own_page.post("/number")
def take_number(token: str) -> ResponseReturnValue:
    """Ring this number instead."""
    now = clock.now()
    try:
        phone = questions.phone(request.form.get("phone", ""), now=now)
    except WrongAnswer as wrong:
        return unsent.refused(wrong.errors, show=lambda typed: _number_page(token, typed))
    with transaction() as session:
        change(session, token=token, phone=phone, zone=service_zone(), now=now)
    return _back_to(token)


def _number_page(token: str, typed: Unsent) -> Response:
    return _page("number", token, typed, phone=typed.value("phone", otherwise=""))


@own_page.get("/contact")
def contact(token: str) -> ResponseReturnValue:
    """What is safe to do, as it was chosen."""
    return _contact_page(_visit(token), unsent.here(), now=clock.now())


@own_page.post("/contact")
def take_contact(token: str) -> ResponseReturnValue:
    """Allow more or less."""
    now = clock.now()
    found = _visit(token)
    has_name = bool(found.name)
    try:
        allowed = questions.contact(request.form, has_name=has_name, present=found.safe_contact, now=now)
        with transaction() as session:
            change(session, token=token, safe_contact=allowed, zone=service_zone(), now=now)
    except WrongAnswer as wrong:
        return unsent.refused(wrong.errors, show=lambda typed: _contact_page(found, typed, now=now))
    except WindowClosed:
        too_early = {"not_after": questions.LAST_DAY_TOO_EARLY}
        return unsent.refused(too_early, show=lambda typed: _contact_page(found, typed, now=now))
    return _back_to(token)


def _contact_page(found: Visit, typed: Unsent, *, now: datetime) -> Response:
    return _page(
        "contact",
        found.token,
        typed,
        options=questions.contact_options(has_name=bool(found.name), now=now),
        values=typed.form(otherwise=questions.contact_values(found.safe_contact)),
        has_safe_word=bool(found.safe_contact.safe_word),
    )


@own_page.get("/cancel")
def cancel(token: str) -> ResponseReturnValue:
    """Ask once whether the call is to be cancelled."""
    now = clock.now()
    found = _visit(token)
    if not found.can_withdraw:
        return _back_to(token)
    return _page("cancel", token, call=view_of(found, now=now))


@own_page.post("/cancel")
def take_back(token: str) -> ResponseReturnValue:
    """Cancel. Nobody is rung after this answer, unless it says that the telephone company does not answer us."""
    with transaction() as session:
        ringing = withdraw(session, token=token, now=clock.now()).call_id
    stop_ringing(ringing)
    return _back_to(token)


@own_page.get("/erase")
def may_erase(token: str) -> ResponseReturnValue:
    """Ask once whether everything is to be erased."""
    found = _visit(token)
    return _page("erase", token, can_withdraw=found.can_withdraw, is_kept=found.is_kept)


@own_page.post("/erase")
def take_out(token: str) -> ResponseReturnValue:
    """Forget them. The address of this page leads nowhere afterwards."""
    with transaction() as session:
        erased = erase(session, token=token, now=clock.now())
    stop_ringing(erased.call_id)
    if erased.is_kept:
        return redirect(url_for("own_page.may_erase", token=token), 303)
    return drop(make_response(redirect(url_for("visitor.erased"), 303)))


@own_page.get("/call.ics")
def calendar_file(token: str) -> ResponseReturnValue:
    """The time of the call for a calendar: "Phone call", and not a word more."""
    found = _visit(token)
    if found.promise is None or not found.can_change or found.needs_new_time or found.needs_new_number:
        return _back_to(token)
    body = entry(found.promise, uid=sealed.digest(f"calendar:{token}").hex(), now=clock.now())
    return Response(body, mimetype="text/calendar", headers={"Content-Disposition": "attachment; filename=call.ics"})


def _visit(token: str) -> Visit:
    """The request; its page speaks the language in which it was asked for, unless the visitor chose another."""
    with transaction() as session:
        found = visit(session, token=token, now=clock.now())
    if not tongue.has_chosen():
        language.speak(found.locale)
    return found


def _offered(token: str, now: datetime) -> offers.Availability:
    with transaction() as session:
        return offers.availability_for(session, token=token, zone=service_zone(), now=now)


def _page(step: str, token: str, typed: Unsent = NOTHING, **values: object) -> Response:
    shown = render_template(
        f"visitor/{step}.html",
        errors=in_words(typed.errors),
        is_cut=typed.is_cut,
        back=url_for("own_page.show", token=token),
        is_change=True,
        **values,
    )
    return make_response(shown, 200 if request.method == "GET" else 422)


def _back_to(token: str) -> Response:
    return unsent.done(make_response(redirect(url_for("own_page.show", token=token), 303)))
