"""Keys for websites whose own server asks for their visitors: each request is signed, and meets no limits.

    Authorization: HMAC-SHA256 name=<name>, time=<seconds since 1970>, signature=<hexadecimal>

The signature is the HMAC-SHA256, under the key's secret, of four lines: time, method, path, SHA-256 of the body.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime, timedelta
from typing import Final

from flask import current_app, request

from foundation import sealed

CLOCKS_DIFFER_BY: Final = timedelta(minutes=5)

_HEADER: Final = re.compile(r"HMAC-SHA256 name=([\w.-]{1,40}), time=([0-9]{1,11}), signature=([0-9a-f]{64})")


class WrongSignature(Exception):
    """The request says that it is signed, and is not by a key of ours, or not now."""


def signature(secret: str, *, time: str, method: str, path: str, body: bytes) -> str:
    """What the header must hold."""
    lines = "\n".join((time, method, path, hashlib.sha256(body).hexdigest()))
    return hmac.new(secret.encode(), lines.encode(), hashlib.sha256).hexdigest()


def signed_by(*, now: datetime) -> str | None:
    """The name of the key that signed the request at hand; None when it is not signed. Raises WrongSignature."""
    given = request.headers.get("Authorization")
    if given is None:
        return None
    found = _HEADER.fullmatch(given)
    if found is None:
        raise WrongSignature
    name, time, claimed = found.groups()
    secret: str = current_app.config["API_KEYS"].get(name, "")
    right = signature(secret, time=time, method=request.method, path=request.path, body=request.get_data())
    is_now = abs(now - datetime.fromtimestamp(int(time), now.tzinfo)) <= CLOCKS_DIFFER_BY
    if not (hmac.compare_digest(claimed, right) and secret and is_now):
        raise WrongSignature
    return name


def website(name: str) -> bytes:
    """Who asks, when a website's own server does: its key, as a keyed digest."""
    return sealed.digest(f"website:{name}")
