"""A simulator and a customer's web server for each test that wants them, both real and on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from twilio.rest import Client
from werkzeug.serving import make_server

from tests.simulator.stage import CONNECTING, GREETING, SCREENING, Customer, Simulator, client_of, running


@pytest.fixture
def customer() -> Iterator[Customer]:
    customer = Customer()
    server = make_server("127.0.0.1", 0, customer, threaded=True)
    customer.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield customer
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


@pytest.fixture(scope="session")
def one_simulator() -> Iterator[Simulator]:
    with running(virtual=True, forbid=("addiction",)) as simulator:
        yield simulator


@pytest.fixture
def simulator(one_simulator: Simulator) -> Iterator[Simulator]:
    """A simulator in which time stands still until a test advances it; nobody outside the allow-list is contacted."""
    one_simulator.post("/reset", {"seed": 1})
    one_simulator.post("/clock", {"mode": "virtual", "now": "2026-11-24T12:00:00Z"})
    yield one_simulator
    assert "I4" not in one_simulator.broken()


@pytest.fixture
def twilio(simulator: Simulator) -> Iterator[Client]:
    client = client_of(simulator)
    yield client
    client.http_client.session.close()  # warnings are errors, unclosed sockets among them


@pytest.fixture
def helpline(customer: Customer) -> Customer:
    """A customer whose server runs the callback flow: screen the counsellor, greet the visitor, connect."""
    customer.says("/answer", SCREENING)
    customer.says("/accept", lambda request: CONNECTING if request.form["Digits"] == "1" else "<Hangup/>")
    customer.says("/hello", GREETING)
    customer.says("/done", "<Say>The call is over.</Say><Hangup/>")
    return customer
