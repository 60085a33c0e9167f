"""How often somebody may guess at the sign-in: by address, by account, and by both, counted in Redis for all servers.

Without Redis each process counts for itself, which is weaker and never silent: Flask-Limiter logs the change.
"""

from __future__ import annotations

import math
from http import HTTPStatus

from flask import Response, make_response, render_template, request
from flask_limiter import Limiter, RequestLimit
from flask_limiter.util import get_remote_address

from foundation import clock, sealed

PER_ADDRESS = "10/minute"  # a busy office behind one address signs in at a change of shift; a guesser is slowed
PER_ACCOUNT_AND_ADDRESS = "5/15 minutes"  # whoever guesses from elsewhere does not shut out who sits at their desk
PER_ACCOUNT = "100/hour"  # 2400 guesses a day from everywhere for one account: hopeless against ten characters


def asking_address() -> str:
    """The network address that asks, as a keyed digest: Redis learns none."""
    return sealed.digest("address:" + get_remote_address()).hex()


limiter = Limiter(
    key_func=asking_address,
    strategy="moving-window",  # a fixed window would let twice as many through around its edge
    in_memory_fallback_enabled=True,
    storage_options={"socket_connect_timeout": 1, "socket_timeout": 1},  # seconds; sign-in must not hang with Redis
    key_prefix="ringback",
)
"""Set up by `init_accounts`; reads RATELIMIT_STORAGE_URI and RATELIMIT_ENABLED from the application's settings."""


def account_named() -> str:
    """The account that a sign-in names, as a keyed digest: Redis learns no e-mail address."""
    return sealed.digest(request.form.get("email", "").strip().lower()).hex()


def account_named_from_here() -> str:
    """The same, together with the address that asks."""
    return sealed.digest(f"{account_named()} from {asking_address()}").hex()


def is_a_guess(response: Response) -> bool:
    """Whether a sign-in counts against its account: one that let somebody in does not, nor one that was not tried."""
    return response.status_code not in (HTTPStatus.FOUND, HTTPStatus.TOO_MANY_REQUESTS)


def too_many(limit: RequestLimit) -> Response:
    """The answer to one guess too many: the sign-in page's words, and how long to wait."""
    wait_s = max(1, math.ceil(limit.reset_at - clock.now().timestamp()))
    page = render_template("accounts/wait.html", minutes=math.ceil(wait_s / 60))
    return make_response(page, 429, {"Retry-After": str(wait_s)})
