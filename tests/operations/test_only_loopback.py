"""The guard that keeps tests on this machine."""

import socket

import pytest


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1", "api.twilio.com"])
def test_a_test_cannot_connect_to_the_world(address: str) -> None:
    with pytest.raises(RuntimeError, match="tests stay on this machine"):
        socket.create_connection((address, 443), timeout=1)


def test_a_test_can_connect_to_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
