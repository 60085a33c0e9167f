"""A little work that a browser does while somebody reads the last page, so that a machine cannot ask very often.

Nobody solves a puzzle and nobody else is asked: the page carries a signed challenge, and a script looks for a number
that gives its SHA-256 a few leading zeros. Without a script the request is taken all the same, under tighter limits.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from datetime import datetime, timedelta
from typing import Final

from flask import current_app, request

from callbacks.web.draft import Draft
from foundation import sealed

BITS: Final = 14  # 16,000 hashes: half a second of an old telephone, and of each request of a machine
LASTS: Final = timedelta(hours=1)
TRAP: Final = "website"
"""A field that no person sees. Whoever fills it in is a machine."""


def challenge(draft: Draft, *, now: datetime) -> str:
    """What to work on: the time and our signature over it and this draft."""
    issued = int(now.timestamp())
    return f"{issued}-{_signed(draft, issued)}"


def has_worked(draft: Draft, *, now: datetime) -> bool:
    """Whether the form at hand carries work on our own challenge for this draft, from the last hour."""
    given, _, number = request.form.get("work", "").rpartition(":")
    issued, _, signature = given.partition("-")
    if not (issued.isdecimal() and len(issued) < 12 and number.isdecimal() and number.isascii()):  # noqa: PLR2004 - seconds since 1970
        return False
    is_ours = hmac.compare_digest(signature.encode(), _signed(draft, int(issued)).encode())
    is_fresh = timedelta() <= now - datetime.fromtimestamp(int(issued), now.tzinfo) <= LASTS
    return is_ours and is_fresh and zeros(f"{given}:{number}") >= BITS


def zeros(text: str) -> int:
    """How many zero bits the SHA-256 of a text begins with."""
    digest = hashlib.sha256(text.encode()).digest()
    return 256 - int.from_bytes(digest).bit_length()


def is_machine() -> bool:
    """Whether the field that nobody sees was filled in."""
    return bool(request.form.get(TRAP))


def requester() -> bytes:
    """The network that asks, as a keyed digest: 256 addresses of the old kind, or one household's of the new."""
    address = ipaddress.ip_address(request.remote_addr or "0.0.0.0")  # noqa: S104 - no address is bound; it stands for none
    prefix = 24 if address.version == 4 else 64  # noqa: PLR2004 - the version of the Internet Protocol
    network = ipaddress.ip_network(f"{address}/{prefix}", strict=False)
    return sealed.digest(f"network:{network}")


def is_limited() -> bool:
    """Whether limits are on for whoever asks; a demonstration spares those who sit at its own machine."""
    if not current_app.config["RATELIMIT_ENABLED"]:
        return False
    is_here = ipaddress.ip_address(request.remote_addr or "0.0.0.0").is_loopback  # noqa: S104 - no address is bound
    return not (is_here and current_app.config["SPARES_LOOPBACK"])


def _signed(draft: Draft, issued: int) -> str:
    return sealed.digest(f"work:{draft.key}:{issued}").hex()[:32]
