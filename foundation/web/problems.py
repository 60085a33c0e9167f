"""What is said when something goes wrong: the same words as problem+json (RFC 9457) and as a page.

Each package registers its own exceptions: `problems.register(app, {KeyUsedDifferently: Problem(…)})`. Anything that
nobody foresaw is a 500, logged by the kind of error and where it arose, never by its message, which may quote a person.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from http import HTTPStatus
from typing import Any, Final

import structlog
from flask import Flask, Response, jsonify, make_response, render_template, request
from flask.sansio.app import App
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from foundation.language import mark, said

log = structlog.get_logger()

JSON_PLACES: Final = ("/api/", "/webhooks/", "/healthz", "/readyz", "/metrics")
"""Addresses that only programs ask for; they always get JSON."""

READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods with which nobody saves anything."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field."""

    field: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, in words, and what to do now. The `code` is stable; the words may be reworded."""

    status: int
    code: str
    title: str
    detail: str
    next: str
    errors: tuple[FieldError, ...] = ()
    alternatives: tuple[Mapping[str, str], ...] = ()
    """Other times that are free, as `{from, to}`."""
    retry_after_s: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The members of RFC 9457, and ours."""
        body: dict[str, Any] = {
            "type": f"urn:ringback:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "next": self.next,
            "errors": [asdict(error) for error in self.errors],
        }
        return body | {"alternatives": list(self.alternatives)} if self.alternatives else body


Told = Problem | Callable[[Any], Problem]
"""A problem, or how to make one from the exception."""

_TRY_AGAIN_S = 60  # seconds; a database that restarts is back within this time

UNREACHABLE = Problem(
    status=503,
    code="not_saved",
    title=mark("We could not save that just now"),
    detail=mark("We could not save that just now. Nothing was lost: what you entered is still with you."),
    next=mark(
        "Try again in a minute. If you need to talk to someone now, ring one of the numbers at the top of the page."
    ),
    retry_after_s=_TRY_AGAIN_S,
)

NOT_READ = Problem(
    status=503,
    code="not_read",
    title=mark("We cannot show that just now"),
    detail=mark("We cannot show that just now. Nothing of yours was changed or lost."),
    next=mark(
        "Open it again in a minute. If you need to talk to someone now, ring one of the numbers at the top of the page."
    ),
    retry_after_s=_TRY_AGAIN_S,
)
"""The same, for whoever only read and saved nothing."""

UNFORESEEN = Problem(
    status=500,
    code="our_fault",
    title=mark("Something went wrong on our side"),
    detail=mark("Something went wrong on our side. It is not your fault."),
    next=mark("Go back and try again. If it happens again, ring one of the numbers at the top of the page."),
)

HTTP_PROBLEMS: Final[dict[int, Problem]] = {
    problem.status: problem
    for problem in (
        Problem(
            400,
            "not_understood",
            mark("We could not read that"),
            mark("What was sent could not be read."),
            mark("Go back and try again."),
        ),
        Problem(
            403,
            "not_allowed",
            mark("This is not open to you"),
            mark("You may not open this."),
            mark("Go back to the page before."),
        ),
        Problem(
            404,
            "not_found",
            mark("We could not find that page"),
            mark("There is nothing at this address. It may have been typed wrongly, or it may have been removed."),
            mark("Check the address, or start again from the first page."),
        ),
        Problem(
            405,
            "not_done_here",
            mark("That cannot be done here"),
            mark("This address does not take that kind of request."),
            mark("On a page, go back and use its buttons. In a program, use a method named in the Allow header."),
        ),
        Problem(
            413,
            "too_large",
            mark("That is too much at once"),
            mark("What was sent is larger than we can take."),
            mark("Send less: no more than 64 kilobytes."),
        ),
        Problem(
            415,
            "not_json",
            mark("We need JSON"),
            mark("The request was not marked as JSON."),
            mark("Send the request with the header Content-Type: application/json."),
        ),
        Problem(
            429,
            "too_often",
            mark("That was a lot of requests"),
            mark("We had too many requests from your connection in a short time."),
            mark("Wait a minute and try again. Nothing that you sent before is lost."),
            retry_after_s=_TRY_AGAIN_S,
        ),
    )
}


def register(app: App, table: Mapping[type[Exception], Told]) -> None:
    """Say what each of these exceptions means to whoever asked."""
    for kind, told in table.items():
        app.register_error_handler(kind, lambda error, told=told: answer(told(error) if callable(told) else told))


def init_problems(app: Flask) -> None:
    """The problems that every part shares; called by the frame."""
    register(app, dict.fromkeys((OperationalError, InterfaceError, PoolTimeout), _unreachable))
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(Exception, _unforeseen)


def answer(problem: Problem) -> Response:
    """The problem as JSON for a program, as a page for a person; in the language of the moment."""
    problem = replace(problem, title=said(problem.title), detail=said(problem.detail), next=said(problem.next))
    if wants_json():
        response = jsonify(problem.as_json())
        response.mimetype = "application/problem+json"
    else:
        response = make_response(render_template("problem.html", problem=problem))
    response.status_code = problem.status
    if problem.retry_after_s is not None:
        response.headers["Retry-After"] = str(problem.retry_after_s)
    return response


def wants_json() -> bool:
    """Whether a program asked."""
    if request.path.startswith(JSON_PLACES):
        return True
    return request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html") != "text/html"


def _http_problem(error: HTTPException) -> Response:
    if error.response is not None:  # somebody has made the whole answer already, such as a redirect
        return make_response(error.response)
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if status in (301, 302, 303, 307, 308):
        return make_response(error.get_response())
    response = answer(HTTP_PROBLEMS.get(status) or replace(UNFORESEEN, status=status))
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after", "www-authenticate"):
            response.headers[name] = value
    return response


def _unreachable(error: Exception) -> Problem:
    log.error("database_not_reached", kind=type(error).__name__, endpoint=request.endpoint)
    return NOT_READ if request.method in READING else UNREACHABLE


def _unforeseen(error: Exception) -> Response:
    frames = traceback.extract_tb(error.__traceback__)[-12:]  # the innermost calls, without the server's own
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    log.error("unforeseen", kind=type(error).__name__, endpoint=request.endpoint, at=places)
    return answer(UNFORESEEN)
