"""How the web process serves: read by `gunicorn 'app:create_app()'` from the directory it starts in."""

import os
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger


class QuietLogger(Logger):
    """Gunicorn's log without addresses of pages: a visitor's page has its only key in its address."""

    def exception(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        """Gunicorn's one message with an address in it is "Error handling request %s"; the traceback stays."""
        if "request %s" in str(msg):
            msg, args = "Error handling a request", ()
        super().exception(msg, *args, **kwargs)


# Loopback unless told otherwise: nothing is offered to a network by accident. The container sets WEB_HOST=0.0.0.0.
bind = f"{os.environ.get('WEB_HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"

# Requests wait for PostgreSQL and never for Twilio, so threads serve well; workers are for cores.
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
stands_back = max(0, int(os.environ.get("WEB_NICE", "10")))  # read here: a wrong one ends the start, not each worker


def post_fork(_server: Any, _worker: Any) -> None:
    """Where processor time is short, dialling goes first: whoever was told that we ring comes before whoever asks.

    Without it a hundred who ask at once have their answers early and their calls late; all in all it takes as long.
    """
    os.nice(stands_back)


# Loaded once, before the workers: a missing setting then ends the whole process with its one line, where otherwise
# workers would be started again and again. Nothing may connect to a server while the application is made.
preload_app = True

timeout = 30  # a worker whose main thread has not been heard from for so long is replaced
graceful_timeout = 20  # at a stop: longer than any request takes, shorter than a platform waits before it kills
keepalive = 15  # a visitor who goes on to the next page within this time needs no new connection
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - heartbeats must not wait for a disk

# X-Forwarded-* counts only from these addresses. Behind a proxy on another host, name that proxy, never "*".
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")

# No access log: the address of a page is the key to it. The application logs what happened, without persons.
accesslog = None
errorlog = "-"
loglevel = os.environ.get("WEB_LOG_LEVEL", "info")
logger_class = QuietLogger

control_socket_disable = True  # it would put a socket into somebody's home
