"""A pytest plugin that lets tests talk to this machine only: a test that would reach the world fails instead.

It listens to Python's own audit events, so it sees every library that uses Python's sockets. Browsers and other
processes that a test starts are told to stay on loopback by those who start them.
"""

import ipaddress
import sys
from typing import Any


class OutsideSocket(RuntimeError):
    """A test tried to leave this machine; use the simulator or a server from `foundation.embedded`."""


def stays_on_this_machine(host: object) -> bool:
    """Whether a host as given to a socket call is this machine."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host is None or host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


def refuse_the_world(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook. Raises OutsideSocket."""
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in {"socket.connect", "socket.sendto"} and isinstance(arguments[1], tuple):  # not a Unix socket's path
        host = arguments[1][0]
    else:
        return
    if not stays_on_this_machine(host):
        raise OutsideSocket(f"{event} to {host!r}: tests stay on this machine")


def pytest_configure() -> None:
    sys.addaudithook(refuse_the_world)
