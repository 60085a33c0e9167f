"""The fence: the simulator listens on and calls nothing but this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


class NotLoopback(Exception):
    """An address leads off this machine; the catcher may only refuse."""


def is_loopback_host(host: str | None) -> bool:
    """True for 127.0.0.0/8, ::1 and the name ``localhost``; other names are never looked up."""
    if not host:
        return False
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_bind_host(host: str) -> str:
    if not is_loopback_host(host):
        raise NotLoopback(f"the simulator only listens on this machine, and {host} is not a loopback address")
    return host


def is_loopback_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and is_loopback_host(parts.hostname)
    except ValueError:  # urlsplit on a malformed port or bracket
        return False


def check_url(url: str) -> str:
    if not is_loopback_url(url):
        raise NotLoopback("the simulator only calls addresses on this machine")
    return url
