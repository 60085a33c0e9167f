"""Refusals in Twilio's words: ``{code, message, more_info, status}``."""

from __future__ import annotations

from aiohttp import web


class Refused(Exception):
    """A request that Twilio would refuse; the catcher answers with it."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def as_response(self, headers: dict[str, str] | None = None) -> web.Response:
        body = {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
        return web.json_response(body, status=self.status, headers=headers)


def bad_request(code: int, message: str) -> Refused:
    return Refused(400, code, message)


def not_found(path: str) -> Refused:
    return Refused(404, 20404, f"The requested resource {path} was not found")


def unauthorised() -> Refused:
    return Refused(401, 20003, "Authenticate")


def too_many_requests() -> Refused:
    return Refused(429, 20429, "Too Many Requests")


def internal_error() -> Refused:
    return Refused(500, 20500, "An internal server error has occurred")
