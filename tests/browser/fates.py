"""Every fate of a request on its visitor's page, and every refusal, as pages in a browser, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from playwright.sync_api import Page
from sqlalchemy import text
from sqlalchemy.orm import Session

from accounts.web.limits import limiter
from callbacks.domain.attempts import ReviewReason
from callbacks.domain.codes import CaseOutcome, PhoneOwner
from callbacks.domain.lifecycle import Status
from callbacks.domain.safe_contact import CallerId, MessageRule, SafeContact, ThirdParty
from callbacks.models import ApologyRow, CallbackRow
from callbacks.operations.ask_from_outside import WITHOUT
from callbacks.operations.erase import SAFEGUARDING
from callbacks.operations.withdraw import withdraw
from foundation.database import Impatient, db, transaction
from foundation.embedded import Servers
from notifications.domain.trouble import Trouble
from notifications.models import TroubleRow
from rota.domain.shifts import Span
from rota.models import CounsellorRow
from tests.browser.states import BRIEFLY, Place, send, window
from tests.callbacks.desk import Desk

Fate = Callable[[Session, CallbackRow, datetime], None]

CLOCKS_CHANGE: Final = datetime(2027, 3, 28, 1, tzinfo=UTC)

EVERYTHING: Final = SafeContact(
    voicemail=MessageRule.MESSAGE_WITH_NAME,
    sms=MessageRule.NEUTRAL_MESSAGE,
    third_party=ThirdParty.HANG_UP,
    safe_word="boiler",
    phone_owner=PhoneOwner.SHARED,
)
"""Permissions that fill every line of a page."""


def _is(status: Status, **more: Any) -> Fate:
    """The request stands like this; `more` are other columns."""

    def happens(_session: Session, row: CallbackRow, now: datetime) -> None:
        row.status = status
        row.closed_at = None if status in (Status.QUEUED, Status.NEEDS_REVIEW, Status.RETRY_DUE) else now
        for name, value in more.items():
            setattr(row, name, value)

    return happens


def _sorry(likely: timedelta | None) -> Fate:
    """The visitor was told that we may be later."""

    def happens(session: Session, row: CallbackRow, now: datetime) -> None:
        from_, until = (now + likely, now + 2 * likely) if likely else (None, None)
        session.add(
            ApologyRow(
                callback_id=row.id,
                promised_until=row.promised_until,
                told_at=now,
                likely_from=from_,
                likely_until=until,
            )
        )

    return happens


FATES: Final[dict[str, Fate]] = {
    "needs a new time": _is(Status.NEEDS_REVIEW, review_reason=ReviewReason.SAFE_TIMES_OVER, rings_made=1),
    "looked at": _is(Status.NEEDS_REVIEW, review_reason=ReviewReason.OTHER),
    "not carried": _is(Status.RETRY_DUE),
    "may be later": _sorry(None),
    "may be later, at a time": _sorry(timedelta(hours=1)),
    "without a promise": _is(Status.QUEUED, promised_from=None, promised_until=None),
    "a hidden number": _is(Status.QUEUED, caller_id=CallerId.HIDE_NUMBER),
    "finished": _is(Status.COMPLETED, case_outcome=CaseOutcome.INFO_GIVEN),
    "not reached": _is(Status.CLOSED_NO_CONTACT, case_outcome=CaseOutcome.NOT_REACHED),
    "not accepted": _is(Status.REJECTED, case_outcome=CaseOutcome.OUT_OF_SCOPE),
    "run out": _is(Status.EXPIRED, case_outcome=CaseOutcome.NOT_REACHED),
}
"""What a request's own page can say, and what must have happened for it."""


def page_of(desk: Desk, fate: Fate | None = None, **what: Any) -> str:
    """A request with this fate; the address of its page."""
    reference = desk.ask(**what)
    with desk.app.app_context(), transaction() as session:
        row = session.merge(desk.row(reference))
        if fate is not None:
            fate(session, row, desk.clock.at)
    return f"/c/{desk.row(reference).token}"


def fates(page: Page, desk: Desk) -> Iterator[str]:
    """The own page in every state that a call can come to, and what can be changed there then."""
    yield from _of_a_call(page, desk)
    for name, fate in FATES.items():
        page.goto(page_of(desk, fate))
        yield name
    yield from _with_everything(page, desk)
    with _nobody_can_be_rung(desk):
        own = page_of(desk)
        for part in ("", "/time"):
            page.goto(own + part)
            yield f"cannot ring{part}"
        yield from _on_the_way(page)
    own = page_of(desk)
    desk.clock.on(hours=5)
    page.goto(own)
    yield "late"
    desk.clock.on(hours=-5)


def _of_a_call(page: Page, desk: Desk) -> Iterator[str]:
    talking = desk.ask(name="Alex")
    desk.match()
    own = f"/c/{desk.row(talking).token}"
    desk.take(talking)
    page.goto(f"{own}/number")
    yield "a number, while it rings"
    page.fill("#phone", "07700 900 983")
    send(page)
    yield "a change, refused while it rings"
    desk.visitor_answers(talking)
    for part in ("", "/cancel"):
        page.goto(own + part)
        yield f"talking{part}"
    with desk.app.app_context(), transaction() as session:
        withdraw(session, token=desk.row(talking).token, now=desk.clock.at)
    page.goto(own)
    yield "cancelled while they talk"
    desk.hang_up(talking)
    fails = desk.ask()
    desk.match()
    desk.take(fails)
    desk.cannot_be_connected(fails)
    page.goto(f"/c/{desk.row(fails).token}")
    yield "the number fails"
    over = desk.talked()
    own = f"/c/{desk.row(over).token}"
    page.goto(own)
    yield "over, and not yet written down"
    page.goto(f"{own}/erase")
    send(page)
    yield "erasing, refused before it is written down"


def _with_everything(page: Page, desk: Desk) -> Iterator[str]:
    """Every line of a page filled, every mistake that can be made there, and what is kept for the law."""
    own = page_of(desk, safe_contact=EVERYTHING, name="Sam " * 18)
    page.goto(own)
    yield "own page, with every line"
    page.goto(f"{own}/contact")
    yield "own contact, with every line"
    page.fill("#safe_word", "x" * 60)
    send(page)
    yield "own contact, wrong"
    page.goto(f"{own}/time")
    page.locator("[name=when]").first.evaluate("it => { it.value = 'never'; it.checked = true; }")
    send(page)
    yield "own time, wrong"
    page.goto(f"{own}/times")
    for hour in page.locator("[name=others]").all()[:4]:
        hour.check()
    send(page)
    yield "own times, wrong"
    closed = page_of(desk, FATES["not reached"])
    page.goto(f"{closed}/erase")
    yield "erase, when it is over"
    kept = page_of(desk, _is(Status.QUEUED, restricted_at=desk.clock.at, restricted_because=SAFEGUARDING))
    page.goto(f"{kept}/erase")
    yield "kept"


def _on_the_way(page: Page) -> Iterator[str]:
    """The pages that say what cannot be had, while nobody can be rung."""
    for path, form in BRIEFLY[:-1]:
        page.request.post(path, form=form, max_redirects=0)
    for path in ("/who", "/time"):
        page.goto(path)
        yield f"{path}, while nobody can be rung"
        if path == "/who":
            send(page)


@contextmanager
def _nobody_can_be_rung(desk: Desk) -> Iterator[None]:
    now = desk.clock.at
    trouble = TroubleRow(kind=Trouble.DIALLING_FAILS, since=now, last_at=now, times=5, told_at=now)
    with desk.app.app_context(), transaction() as session:
        session.add(trouble)
    yield
    with desk.app.app_context(), transaction() as session:
        session.delete(session.merge(trouble))


def refusals(place: Place, desk: Desk, servers: Servers) -> Iterator[str]:
    """Pages that say no: gone, never there, too much, too often, not now; each really come about."""
    yield from _cover(place, desk)
    for path in ("/tips", "/elsewhere", "/nothing", "/c/nothing-has-this-token", "/leave/forget"):
        place.goto(path)
        yield path
    yield from _start_again(place)
    place.goto("/")
    place.fill("#name", "x" * 70_000)
    send(place)
    yield "too large"
    with _limits(desk):
        yield from _too_often(place, desk)
    place.goto("/")
    with _broken(desk):
        place.goto("/c/anything")
        yield "our fault"
    place.goto("/")
    with _frozen(servers):
        place.goto("/c/anything")
        yield "not saved"


def _cover(place: Place, desk: Desk) -> Iterator[str]:
    """The pages about time and people, when hardly anybody is there, or speaks Welsh."""
    with desk.app.app_context(), transaction() as session:
        for person in session.query(CounsellorRow).all():
            person.languages = ["cy", "en"]
    for path, form in BRIEFLY:
        window(place).request.post(path, form=form, max_redirects=0)
    place.goto("/who")
    yield "languages"
    place.locator("[name=counsellor]").first.evaluate("it => { it.value = 'nobody'; it.checked = true; }")
    send(place)
    yield "counsellor, wrong"
    window(place).request.post("/who", form={"counsellor": "only_man"}, max_redirects=0)
    place.goto("/time")
    yield "time, with nobody who is wanted"
    window(place).request.post("/who", form={"counsellor": "any"}, max_redirects=0)
    in_an_hour = (desk.clock.at + timedelta(hours=1)).isoformat()
    window(place).request.post("/time", form={"when": "asap", "until": in_an_hour})
    window(place).request.post("/agree", form={"agree": "yes"}, max_redirects=0)
    desk.clock.on(hours=2)
    place.goto("/check")
    yield "time, gone meanwhile"
    desk.clock.on(days=9)
    place.goto("/time")
    yield "time, with nothing free"
    desk.clock.on(days=-9, hours=-2)
    yield from _later(place, desk)


def _later(place: Place, desk: Desk) -> Iterator[str]:
    """Nobody is on before tomorrow; and the night in which an hour is missing."""
    now = desk.clock.at
    desk.clock.on(hours=-26)
    for path in ("/who", "/time"):
        place.goto(path)
        yield f"{path}, with nobody soon"
    desk.clock.to(CLOCKS_CHANGE - timedelta(hours=14))
    with desk.app.app_context(), transaction() as session:
        team = [person.id for person in session.query(CounsellorRow).all()]
    for person in team:
        desk.team.shift(person, Span(desk.clock.at, CLOCKS_CHANGE + timedelta(hours=8)))
    place.goto("/time")
    yield "time, when the clocks change"
    place.locator("details.day summary").nth(1).click()
    yield "time, in the night when the clocks change"
    desk.clock.to(now)


def _start_again(place: Place) -> Iterator[str]:
    window(place).context.clear_cookies(name="draft")
    place.goto("/number")
    yield "no cookie"
    window(place).context.add_cookies([{"name": "draft", "value": "from-before", "url": place.url}])
    place.goto("/number")
    yield "expired"


@contextmanager
def _limits(desk: Desk) -> Iterator[None]:
    before, was_on = dict(desk.app.config), limiter.enabled
    desk.app.config.update(RATELIMIT_ENABLED=True, SPARES_LOOPBACK=False)
    limiter.enabled = True
    yield
    desk.app.config.update(before)
    limiter.enabled = was_on


def _too_often(place: Place, desk: Desk) -> Iterator[str]:
    for number in range(WITHOUT + 1):
        window(place).context.clear_cookies(name="draft")
        for path, form in BRIEFLY:
            window(place).request.post(path, form=form)
        for path, answer in (
            ("/number", {"phone": f"07700 900 {200 + number}"}),
            ("/time", {"when": "asap"}),
            ("/agree", {"agree": "yes"}),
        ):
            window(place).request.post(path, form=dict(answer))
        place.goto("/check")
        place.locator("[name=work]").evaluate("it => it.remove()")
        send(place)
    yield "asked too often"
    for _ in range(20):
        window(place).request.post("/check", max_redirects=0)
    place.goto("/check")
    send(place)
    yield "too many questions"
    desk.clock.on(hours=2)


@contextmanager
def _broken(desk: Desk) -> Iterator[None]:
    """A table has another name than the program thinks."""
    with desk.app.app_context(), db.engine.begin() as connection:
        connection.execute(text("alter table callback rename to elsewhere"))
    try:
        yield
    finally:
        with desk.app.app_context(), db.engine.begin() as connection:
            connection.execute(text("alter table elsewhere rename to callback"))


@contextmanager
def _frozen(servers: Servers) -> Iterator[None]:
    """The database says nothing any more."""
    before, Impatient.ping_s = Impatient.ping_s, 0.5
    servers.postgres.freeze()
    try:
        yield
    finally:
        servers.postgres.thaw()
        Impatient.ping_s = before
