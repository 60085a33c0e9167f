"""The front door of the service: everything that the network asks or tells goes through it, and can be held there."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

HELD_AT_MOST_S = 60.0


class Door:
    """Passes each request on to the service and its answer back; one request can be held before or after that."""

    def __init__(self, service_port: int) -> None:
        self.service_port = service_port
        self.address = ""
        self._lock = threading.Lock()
        self._wanted: Callable[[str], bool] | None = None
        self._after = False
        self._arrived, self._go_on = threading.Event(), threading.Event()

    def hold(self, wanted: Callable[[str], bool], *, after: bool) -> None:
        """Hold the first request that is wanted: on its way in, or, `after`, when its answer is on the way out."""
        with self._lock:
            self._wanted, self._after = wanted, after
            self._arrived.clear()
            self._go_on.clear()

    def is_held(self) -> bool:
        return self._arrived.is_set()

    def let_go(self) -> None:
        """Pass the held request on; an answer that was held is lost."""
        self._go_on.set()

    def open(self) -> None:
        """Hold nothing any more."""
        with self._lock:
            self._wanted = None
        self._go_on.set()

    def visit(self, line: socket.socket) -> None:
        """One request, from its first byte to the end of its answer."""
        request = _whole_request(line)
        is_held = self._takes(request.decode("latin-1"))
        if is_held and not self._after:
            self._wait()
        answer = self._ask(request)
        if is_held and self._after:
            self._wait()
        elif answer:
            line.sendall(answer)

    def _takes(self, request: str) -> bool:
        with self._lock:
            if self._wanted is None or not self._wanted(request):
                return False
            self._wanted = None
            return True

    def _wait(self) -> None:
        self._arrived.set()
        self._go_on.wait(HELD_AT_MOST_S)

    def _ask(self, request: bytes) -> bytes:
        """The whole answer of the service; nothing when it died over it."""
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        once = b"\r\n".join([*lines, b"Connection: close", b"", body])
        answer = b""
        try:
            with socket.create_connection(("127.0.0.1", self.service_port), timeout=HELD_AT_MOST_S) as service:
                service.sendall(once)
                while part := service.recv(65_536):
                    answer += part
        except OSError:
            return b""
        return answer


def _whole_request(line: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        part = line.recv(65_536)
        if not part:
            return request
        request += part
    head, _, body = request.partition(b"\r\n\r\n")
    lengths = [one.split(b":")[1] for one in head.split(b"\r\n") if one.lower().startswith(b"content-length:")]
    missing = (int(lengths[0]) if lengths else 0) - len(body)
    while missing > 0 and (part := line.recv(65_536)):
        request, missing = request + part, missing - len(part)
    return request


@contextmanager
def door_to(service_port: int) -> Iterator[Door]:
    """A door on a free port."""
    door = Door(service_port)

    class Visitor(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            door.visit(self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 128

    with Server(("127.0.0.1", 0), Visitor) as server:
        door.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield door
        server.shutdown()
        thread.join(timeout=10)
