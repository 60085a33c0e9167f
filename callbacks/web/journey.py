"""The order of the visitor's pages: which comes next, which comes before, and where somebody belongs who drops in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Final

from flask import Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from callbacks.web import unsent
from callbacks.web.draft import COOKIE, KEPT_FOR_S, Draft, drop, keep, present_draft
from callbacks.web.questions import Errors
from callbacks.web.unsent import NOTHING, Unsent
from foundation.language import said

STEPS: Final = (
    "name",
    "contact",
    "number",
    "questions",
    "danger",
    "health",
    "about",
    "counsellor",
    "time",
    "others",
    "agree",
    "check",
)
"""The pages in their order. What is safe comes first of all, before the number that it is about."""
ASKED_IF_ALLOWED: Final = frozenset({"danger", "health", "about"})
"""Pages for whoever said that we may ask."""
ASKED_IF_WANTED: Final = frozenset({"others"})
"""Pages that a link leads to and that nobody has to answer."""

View = Callable[[Draft], ResponseReturnValue]


def at(step: str) -> Callable[[View], Callable[[], ResponseReturnValue]]:
    """Give a page the draft; lead elsewhere whoever has none, has asked already, or has left a page out."""

    def place(view: View) -> Callable[[], ResponseReturnValue]:
        @wraps(view)
        def placed() -> ResponseReturnValue:
            draft = present_draft()
            if draft is None:
                return start_again() if request.method == "GET" else redirect(request.path, 303)
            if draft.token:
                return redirect(url_for("visitor.done"), 303)
            if STEPS.index(step) > STEPS.index(next_step(draft)):
                return redirect(url_for(f"visitor.{next_step(draft)}"), 303)
            return view(draft)

        return placed

    return place


def next_step(draft: Draft) -> str:
    """The first page without an answer, so that whoever changes one answer comes straight back to the check."""
    return next(step for step in _steps(draft) if step == "check" or step not in draft.answered)


def _steps(draft: Draft) -> list[str]:
    asked = [step for step in STEPS if step not in ASKED_IF_WANTED]
    return [step for step in asked if draft.may_ask or step not in ASKED_IF_ALLOWED]


def go_on(draft: Draft, *, answered: str) -> Response:
    """To the next page, with the answer kept."""
    draft = replace(draft, answered=tuple(dict.fromkeys((*draft.answered, answered))))
    return unsent.done(keep(make_response(redirect(url_for(f"visitor.{next_step(draft)}"), 303)), draft))


def where() -> str:
    """The page at which whoever looks at something else beside the way was, or will be next."""
    draft = present_draft()
    if draft is None:
        return url_for("visitor.name")
    return url_for("visitor.done" if draft.token else f"visitor.{next_step(draft)}")


def without(draft: Draft, step: str) -> Draft:
    """The draft with one page to be answered again."""
    return replace(draft, answered=tuple(page for page in draft.answered if page != step))


def page(step: str, draft: Draft, typed: Unsent = NOTHING, **values: object) -> Response:
    """One page of the journey: what was typed stays, what is wrong is said twice."""
    shown = render_template(
        f"visitor/{step}.html",
        errors=in_words(typed.errors),
        is_cut=typed.is_cut,
        back=_back(step, draft),
        kept_for_s=KEPT_FOR_S if draft.key else None,
        **values,
    )
    response = make_response(shown)
    return keep(response, draft) if draft.key else response  # the hour begins anew with every page


def in_words(errors: Errors) -> Errors:
    """The sentences in the language of the moment."""
    return {field: said(sentence) for field, sentence in errors.items()}


def start_again() -> Response:
    """Said to whoever waited too long or keeps no cookies; nothing of theirs was stored anywhere else."""
    waited = COOKIE in request.cookies
    return drop(make_response(render_template("visitor/start_again.html", waited=waited), 400))


def _back(step: str, draft: Draft) -> str | None:
    if step == STEPS[0]:
        return None
    is_a_change = step != "check" and next_step(draft) == "check"
    steps: list[str] = [one for one in STEPS if one == step or one in _steps(draft)]
    return url_for("visitor.check" if is_a_change else f"visitor.{steps[steps.index(step) - 1]}")
