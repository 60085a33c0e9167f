"""Whether a webhook really comes from the telephone company: Twilio's own validator, and nothing of ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import requests
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict


def is_genuine(*, auth_tokens: Sequence[str], url: str, form: MultiDict[str, str], signature: str) -> bool:
    """Whether the signature fits the address and every form field, by one of our tokens.

    There are two while the token is changed. A missing signature is an empty one.
    """
    validators: list[Any] = [RequestValidator(token) for token in auth_tokens]
    return any(validator.validate(url, form, signature) for validator in validators)


def round_trip(*, auth_token: str, url: str) -> int:
    """Sign an empty webhook as the provider would and send it to `url`: the HTTP status. Raises ConnectionError."""
    signed: str = RequestValidator(auth_token).compute_signature(url, {})
    try:
        return requests.post(url, headers={"X-Twilio-Signature": signed}, timeout=10).status_code
    except requests.RequestException as error:
        raise ConnectionError(type(error).__name__) from None
