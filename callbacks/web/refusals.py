"""What the refusals of this package mean to whoever asked: one table, exception -> status and plain words."""

from __future__ import annotations

from typing import Final

from callbacks.domain.lifecycle import IllegalMove
from callbacks.domain.window import WindowClosed
from callbacks.operations.ask import KeyUsedDifferently
from callbacks.operations.ask_from_outside import AskedTooOften
from callbacks.operations.change import WasWithdrawn
from callbacks.operations.erase import NotYet
from callbacks.operations.offers import NotOffered
from callbacks.operations.visit import UnknownToken
from callbacks.web.answers import span_answer
from callbacks.web.api_keys import WrongSignature
from callbacks.web.schemas.reading import NotJson, Unacceptable
from foundation.language import mark, said
from foundation.web.problems import Problem, Told
from foundation.web.times import clock_time, service_zone


def _not_offered(refused: NotOffered) -> Problem:
    return Problem(
        status=409,
        code="time_not_offered",
        title=mark("That time is not free"),
        detail=refused.detail,
        next=mark("Choose one of the other times, or ask for a call as soon as possible."),
        alternatives=tuple(span_answer(span).model_dump(mode="json") for span in refused.alternatives),
    )


def _unacceptable(refused: Unacceptable) -> Problem:
    first = refused.errors[0]
    one = f"{first.field}: {first.detail}" if first.field else first.detail
    return Problem(
        status=422,
        code="not_accepted",
        title=mark("Something needs to be put right"),
        detail=one if len(refused.errors) == 1 else said("{number} fields need attention.", number=len(refused.errors)),
        next=mark("Put right what stands under “errors” and send it again."),
        errors=refused.errors,
    )


def _asked_too_often(refused: AskedTooOften) -> Problem:
    again = clock_time(refused.again_at, zone=service_zone())
    return Problem(
        status=429,
        code="asked_too_often",
        title=mark("Many calls were asked for from where you are"),
        detail=mark("We take only so many at once, so that nobody can misuse this page. Nothing of yours was lost."),
        next=said(
            "Try again after {time}. If you need to talk now, ring one of the numbers at the top of this page.",
            time=again,
        ),
    )


REFUSALS: Final[dict[type[Exception], Told]] = {
    NotJson: Problem(
        status=400,
        code="malformed_json",
        title=mark("We could not read that"),
        detail=mark("The body is not JSON, or it ends too early."),
        next=mark("Check the body and send it again."),
    ),
    Unacceptable: _unacceptable,
    NotOffered: _not_offered,
    WindowClosed: Problem(
        status=422,
        code="window_closed",
        title=mark("None of these times is left"),
        detail=mark("All the times that were given are over, or the last day comes before them."),
        next=mark("Choose a later time."),
    ),
    KeyUsedDifferently: Problem(
        status=409,
        code="key_used_differently",
        title=mark("You have asked for this call before, with other answers"),
        detail=mark("This request was sent before, with different answers. The first one counts."),
        next=mark("To change it, open your own page. To ask for another call, start again with a new key."),
    ),
    UnknownToken: Problem(
        status=404,
        code="unknown_token",
        title=mark("We could not find that page"),
        detail=mark("There is nothing at this address. It may have been typed wrongly, or it may have been removed."),
        next=mark("Check the address, or ask for a call again from the first page."),
    ),
    WrongSignature: Problem(
        status=401,
        code="wrong_signature",
        title=mark("This request is not signed as it should be"),
        detail=mark("The key is unknown, the signature does not fit, or the clocks differ by more than five minutes."),
        next=mark("Check the key's name and secret, the four lines that are signed, and the clock."),
    ),
    AskedTooOften: _asked_too_often,
    NotYet: Problem(
        status=409,
        code="not_yet",
        title=mark("We cannot erase this just yet"),
        detail=mark("You are on the phone with us, or the counsellor is still writing down what came of the call."),
        next=mark("Come back to your page in half an hour. Then you can erase everything."),
    ),
    WasWithdrawn: Problem(
        status=409,
        code="withdrawn",
        title=mark("This call was cancelled"),
        detail=mark("It was cancelled, so there is nothing left to change."),
        next=mark("If you would like a call after all, ask for another one from the first page."),
    ),
    IllegalMove: Problem(
        status=409,
        code="moved_on",
        title=mark("That cannot be changed at the moment"),
        detail=mark("The call has moved on: we may be ringing right now, or it may be over."),
        next=mark("Look at the page again in a few minutes."),
    ),
}
