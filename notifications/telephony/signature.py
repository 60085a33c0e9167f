"""Whether a webhook really comes from the telephone company: Twilio's own validator, and nothing of ours."""

from __future__ import annotations

from typing import Any

from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict


def is_genuine(*, auth_token: str, url: str, form: MultiDict[str, str], signature: str) -> bool:
    """Whether the signature fits the address and every form field. A missing signature is an empty one."""
    validate: Any = RequestValidator(auth_token).validate
    return bool(validate(url, form, signature))
