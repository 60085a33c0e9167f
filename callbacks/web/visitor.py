"""The pages on which somebody asks for a call: one question a page, every answer kept in their own browser."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from accounts.web.limits import limiter
from callbacks.domain.asking import CONSENT_VERSION, Ask, Idempotency, Strength
from callbacks.domain.safe_contact import SafeContact
from callbacks.domain.window import Wanted, WindowClosed
from callbacks.operations import offers
from callbacks.operations.ask import YOUNG_PEOPLE
from callbacks.operations.ask_from_outside import ask_from_outside
from callbacks.operations.visit import visit
from callbacks.web import choices, proof, questions, safe_times, safety, unsent
from callbacks.web.call_view import view_of
from callbacks.web.draft import Draft, forget, keep, new_draft, present_draft
from callbacks.web.journey import at, go_on, next_step, page, start_again, where, without
from callbacks.web.questions import Errors, WrongAnswer
from foundation import clock, language, sealed
from foundation.database import transaction
from foundation.language import said
from foundation.web.help_lines import domestic_abuse, grouped
from foundation.web.times import service_zone
from rota import queries as rota

visitor = Blueprint("visitor", __name__, template_folder="templates")
visitor.before_request(unsent.put_aside_for_language)

ASKS_PER_ADDRESS: Final = "20/minute"  # a library or a hostel behind one address; more than that is a machine
LEAVES_FOR: Final = "https://www.bbc.co.uk/weather"  # dull, likely, and the same for everybody


@visitor.get("/")
def name() -> ResponseReturnValue:
    """The first page: what this is, and the first question."""
    if "again" in request.args and not request.cookies:
        return start_again()
    draft, typed = present_draft(), unsent.here()
    has_asked = draft is not None and bool(draft.token)
    if draft is None or has_asked:
        draft = Draft(key="")
    return page("name", draft, typed, name=typed.value("name", otherwise=draft.name), has_asked=has_asked)


@visitor.post("/")
def take_name() -> ResponseReturnValue:
    """Start a draft, or go on with the one at hand. Whoever has asked already starts another."""
    draft = present_draft()
    if draft is None or draft.token:
        draft = new_draft()
    try:
        called = questions.name(request.form.get("name", ""), now=clock.now())
    except WrongAnswer as wrong:
        answer = unsent.again(wrong.errors)
        answer.headers["Location"] = url_for("visitor.name", again="")  # whoever keeps no cookies is told so there
        return answer
    if not draft.third_party or bool(called) != bool(draft.name):  # "ask for me by name" goes only with a name
        strictest = SafeContact().for_name(called)
        draft = replace(without(draft, "contact"), third_party=strictest.third_party.value)
    return go_on(replace(draft, name=called), answered="name")


@visitor.get("/contact")
@at("contact")
def contact(draft: Draft) -> ResponseReturnValue:
    """What is safe to do."""
    typed = unsent.here()
    options = questions.contact_options(has_name=bool(draft.name), now=clock.now())
    return page("contact", draft, typed, options=options, values=typed.form(otherwise=draft.as_form()))


@visitor.post("/contact")
@at("contact")
def take_contact(draft: Draft) -> ResponseReturnValue:
    """Keep what is safe."""
    try:
        safe = questions.contact(request.form, has_name=bool(draft.name), present=SafeContact(), now=clock.now())
    except WrongAnswer as wrong:
        return unsent.again(wrong.errors)
    return go_on(draft.with_contact(safe), answered="contact")


@visitor.get("/number")
@at("number")
def number(draft: Draft) -> ResponseReturnValue:
    """The number to ring."""
    typed = unsent.here()
    return page("number", draft, typed, phone=typed.value("phone", otherwise=draft.phone))


@visitor.post("/number")
@at("number")
def take_number(draft: Draft) -> ResponseReturnValue:
    """Keep the number, as it was typed."""
    typed = request.form.get("phone", "")
    try:
        questions.phone(typed, now=clock.now())
    except WrongAnswer as wrong:
        return unsent.again(wrong.errors)
    return go_on(replace(draft, phone=typed.strip()), answered="number")


@visitor.get("/more", endpoint="questions")
@at("questions")
def may_ask(draft: Draft) -> ResponseReturnValue:
    """A warning before hard questions, and a way past them."""
    return page("questions", draft)


@visitor.post("/more")
@at("questions")
def take_may_ask(draft: Draft) -> ResponseReturnValue:
    """Go to the questions, or past them; whoever goes past takes back what they had answered."""
    if request.form.get("ask") == "yes":
        return go_on(replace(draft, may_ask=True), answered="questions")
    silent = replace(draft, may_ask=False, flags={}, substances=())
    return go_on(_time_anew(draft, silent), answered="questions")


@visitor.get("/now")
def emergency() -> ResponseReturnValue:
    """Ring 999 now: one instruction, and a way to leave a number as well."""
    draft = present_draft()
    if draft is None:
        return start_again()
    return make_response(render_template("visitor/emergency.html", on=where()))


def _add_questions(part: str, *, number: int) -> None:
    """One page of questions, all of which may be left out."""

    @at(part)
    def show(draft: Draft) -> ResponseReturnValue:
        typed = unsent.here()
        given = safety.answers(part, typed.fields, draft) if typed.fields is not None else draft
        asked = [(question.spoken(), safety.chosen(question, given)) for question in safety.PAGES[part]]
        return page(part, draft, typed, asked=asked, answers=choices.spoken(safety.ANSWERS))

    @at(part)
    def take(before: Draft) -> ResponseReturnValue:
        draft = _time_anew(before, safety.answers(part, request.form, before))
        answer = go_on(draft, answered=part)
        if safety.is_emergency(draft) and (part == "danger" or not safety.is_emergency(before)):
            answer.headers["Location"] = url_for("visitor.emergency")  # before anything else, and then on from there
        return answer

    visitor.add_url_rule(f"/more/{number}", part, show, methods=["GET"])
    visitor.add_url_rule(f"/more/{number}", f"take_{part}", take, methods=["POST"])


for _number, _part in enumerate(safety.PAGES, 1):  # the address, which a history keeps, does not say what is asked
    _add_questions(_part, number=_number)


@visitor.get("/who")
@at("counsellor")
def counsellor(draft: Draft) -> ResponseReturnValue:
    """Whom to talk to, with what each wish costs in time, and in which language."""
    now, zone, typed = clock.now(), service_zone(), unsent.here()
    with transaction() as session:
        prices = offers.prices(session, skills=_skills(draft), language=draft.spoken, zone=zone, now=now)
        cannot_ring = offers.availability(session, zone=zone, now=now).cannot_ring
        spoken_here = rota.languages_spoken(session, today=now.date())
        tongues = offers.prices_of_languages(session, spoken_here, skills=_skills(draft), zone=zone, now=now)
    reads = language.present() if language.present() in tongues else language.ENGLISH
    return page(
        "counsellor",
        draft,
        typed,
        counsellor=typed.value("counsellor", otherwise=draft.counsellor),
        options=choices.counsellors(prices, cannot_ring=cannot_ring, zone=zone, now=now),
        tongues=choices.tongues(tongues, cannot_ring=cannot_ring, zone=zone, now=now),
        spoken=typed.value("language", otherwise=draft.language) or reads,
    )


@visitor.post("/who")
@at("counsellor")
def take_counsellor(draft: Draft) -> ResponseReturnValue:
    """Keep the wishes. A time that was chosen before is asked again: others may ring then."""
    chosen, spoken = request.form.get("counsellor", ""), request.form.get("language", draft.language)
    errors: Errors = {}
    if chosen not in choices.COUNSELLORS:
        errors["counsellor"] = questions.CHOOSE_COUNSELLOR
    if spoken and spoken not in _languages():
        errors["language"] = questions.CHOOSE_LANGUAGE
    if errors:
        return unsent.again(errors)
    return go_on(_time_anew(draft, replace(draft, counsellor=chosen, language=spoken)), answered="counsellor")


def _languages() -> frozenset[str]:
    with transaction() as session:
        return rota.languages_spoken(session, today=clock.now().date())


def _time_anew(before: Draft, draft: Draft) -> Draft:
    """A time that was chosen before is asked again when others may ring now than then."""
    if (_skills(before), before.counsellor, before.spoken) == (_skills(draft), draft.counsellor, draft.spoken):
        return draft
    return replace(without(draft, "time"), when="", until="", others=())


def _skills(draft: Draft) -> frozenset[str]:
    return frozenset({YOUNG_PEOPLE}) if safety.verdict(draft).young_people_only else frozenset()


@visitor.get("/time")
@at("time")
def time(draft: Draft) -> ResponseReturnValue:
    """As soon as possible, or one of the offered times."""
    now, typed = clock.now(), unsent.here()
    if draft.is_gone and typed.fields is None:
        typed = replace(typed, errors={"when": questions.TIME_IS_GONE})
    until = typed.value("until", otherwise=draft.until)
    return page(
        "time",
        draft,
        typed,
        when=typed.value("when", otherwise=draft.when),
        until=until,
        ends=safe_times.until_when(until, zone=service_zone(), now=now),
        times=choices.times(_offered(draft, now), zone=service_zone(), now=now),
    )


@visitor.post("/time")
@at("time")
def take_time(draft: Draft) -> ResponseReturnValue:
    """Keep the time, and until when it is safe."""
    now, chosen, until = clock.now(), request.form.get("when", ""), request.form.get("until", "")
    try:
        when = questions.when(chosen, now=now)
        questions.until(when, until, now=now)
    except WrongAnswer as wrong:
        return unsent.again(wrong.errors)
    return go_on(replace(draft, when=choices.value(when), until=until, is_gone=False), answered="time")


@visitor.get("/times")
@at("others")
def others(draft: Draft) -> ResponseReturnValue:
    """Other times when it is safe."""
    now, typed = clock.now(), unsent.here()
    try:
        when = questions.when(draft.when, now=now)
    except WrongAnswer:
        return _time_is_gone(draft)
    days = safe_times.other_days(_offered(draft, now).slots, when=when, zone=service_zone(), now=now)
    return page("others", draft, typed, ticked=typed.values("others", otherwise=draft.others), days=days)


@visitor.post("/times")
@at("others")
def take_others(draft: Draft) -> ResponseReturnValue:
    """Keep them."""
    try:
        spans = questions.others(request.form.getlist("others"), now=clock.now())
    except WrongAnswer as wrong:
        return unsent.again(wrong.errors)
    return go_on(replace(draft, others=tuple(choices.value(span) for span in spans)), answered="others")


@visitor.get("/agree")
@at("agree")
def agree(draft: Draft) -> ResponseReturnValue:
    """What we keep, and whether that is all right."""
    typed = unsent.here()
    agreed = bool(typed.value("agree", otherwise=draft.agreed_to))
    return page("agree", draft, typed, agreed=agreed, may_ask=draft.may_ask)


@visitor.post("/agree")
@at("agree")
def take_agreement(draft: Draft) -> ResponseReturnValue:
    """Keep the consent, with the version of its words."""
    if request.form.get("agree") != "yes":
        return unsent.again({"agree": questions.TICK})
    return go_on(replace(draft, agreed_to=CONSENT_VERSION), answered="agree")


@visitor.get("/check")
@at("check")
def check(draft: Draft) -> ResponseReturnValue:
    """All answers on one page, each with a way to change it."""
    now, typed = clock.now(), unsent.here()
    try:
        asked = _as_ask(draft, now=now)
    except WrongAnswer:
        return _time_is_gone(draft)
    wanted = Wanted(asked_at=now, when=asked.when, safe_times=asked.safe_times)
    safe = choices.contact_in_words(draft.contact(), zone=service_zone())
    return page(
        "check",
        draft,
        replace(typed, errors={}),
        name=draft.name,
        phone=draft.phone,
        when=choices.in_words(asked.when, zone=service_zone(), now=now),
        only=safe_times.coming(wanted, zone=service_zone(), now=now),
        safe=safe,
        may_ask=draft.may_ask,
        counsellor=said(choices.COUNSELLORS[draft.counsellor][0]),
        spoken=choices.tongue(draft.language) if draft.language else "",
        work=proof.challenge(draft, now=now),
        bits=proof.BITS,
        answers=draft.seal_of_answers(),
        is_stale=bool(typed.errors),
    )


@visitor.post("/check")
@limiter.limit(ASKS_PER_ADDRESS, exempt_when=lambda: not proof.is_limited())
@at("check")
def ask_for_call(draft: Draft) -> ResponseReturnValue:
    """Ask. A second click or a second tab is the same request: the first one counts, and the next page shows it.

    So does the page whose answer was lost on the way. Answers that were changed in another tab are shown first.
    """
    now = clock.now()
    if proof.is_machine():
        return start_again()
    if request.form.get("answers", draft.seal_of_answers()) != draft.seal_of_answers():
        return unsent.again({"answers": questions.STALE})
    key = Idempotency(key=f"page:{draft.key}", body_digest=sealed.digest(draft.key))
    try:
        wanted = _as_ask(draft, now=now)
        with transaction() as session:
            asked = ask_from_outside(
                session,
                wanted,
                idempotency=key,
                has_worked=proof.has_worked(draft, now=now),
                is_limited=proof.is_limited(),
                budget=current_app.config["BUDGET_PER_DAY"],
                zone=service_zone(),
                now=now,
            )
    except (offers.NotOffered, WindowClosed, WrongAnswer):
        return _time_is_gone(draft)
    answer = make_response(redirect(url_for("visitor.done"), 303))
    return unsent.forget(keep(answer, replace(draft, token=asked.token)))


@visitor.get("/done")
def done() -> ResponseReturnValue:
    """The reference, the promise, and what the call will be like."""
    draft, now = present_draft(), clock.now()
    if draft is None:
        return start_again()
    if not draft.token:
        return redirect(url_for(f"visitor.{next_step(draft)}"), 303)
    with transaction() as session:
        found = visit(session, token=draft.token, now=now)
    advice = safety.advice(safety.verdict(draft))
    shown = render_template(
        "visitor/done.html", call=view_of(found, now=now), advice=advice, is_emergency=safety.is_emergency(draft)
    )
    return make_response(shown)


@visitor.get("/leave")
def leave() -> ResponseReturnValue:
    """Away at once. What was answered is gone from the browser, and Back does not show a call's own page."""
    return forget(make_response(redirect(LEAVES_FOR, 302)))


@visitor.post("/leave/forget")
def leave_frame() -> ResponseReturnValue:
    """The same for a frame on another website: its cookies can be taken away only from within."""
    return forget(make_response("", 204))


@visitor.post("/keep")
def keep_answers() -> ResponseReturnValue:
    """Begin the hour anew, for whoever is still busy with a page."""
    draft = present_draft()
    return ("", 410) if draft is None else keep(make_response("", 204), draft)


@visitor.get("/finished")
def erased() -> ResponseReturnValue:
    """Said after everything was erased; the same page for everybody."""
    return make_response(render_template("visitor/erased.html"))


@visitor.get("/elsewhere")
def elsewhere() -> ResponseReturnValue:
    """Whom else one can talk to."""
    return make_response(render_template("visitor/elsewhere.html", groups=grouped(), back=where()))


@visitor.get("/tips")
def private() -> ResponseReturnValue:
    """How to keep a visit to these pages private."""
    line = domestic_abuse(language.present())
    return make_response(render_template("visitor/private.html", domestic_abuse=line, back=where()))


def _as_ask(draft: Draft, *, now: datetime) -> Ask:
    when = questions.when(draft.when, now=now)
    return Ask(
        phone=questions.phone(draft.phone, now=now),
        consent_version=draft.agreed_to,
        when=when,
        safe_times=questions.safe(when, until=draft.until, others=draft.others, now=now),
        name=draft.name,
        safe_contact=draft.contact(),
        requester=proof.requester(),
        gender=choices.COUNSELLORS[draft.counsellor][1],
        flags=draft.flags,
        substances=draft.substances,
        language=draft.spoken,
        locale=language.present(),
    )


def _offered(draft: Draft, now: datetime) -> offers.Availability:
    wish = choices.COUNSELLORS[draft.counsellor][1]
    only = wish.value if wish is not None and wish.strength is Strength.ONLY else None
    with transaction() as session:
        among = offers.suitable(session, gender=only, skills=_skills(draft), language=draft.spoken, now=now)
        return offers.availability(session, among=among, zone=service_zone(), now=now)


def _time_is_gone(draft: Draft) -> Response:
    gone = replace(without(draft, "time"), when="", until="", is_gone=True)
    return keep(make_response(redirect(url_for("visitor.time"), 303)), gone)
