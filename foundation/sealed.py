"""Columns that are encrypted at rest, and keyed digests for finding a value without storing it in clear.

Encryption is Fernet (AES-128-CBC with HMAC-SHA256) from `cryptography`, with rotation: the newest key of
`FIELD_KEYS` writes, every key reads. Digests are HMAC-SHA256 under a key derived from the *oldest* key, so that
adding a new key in front changes no digest.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class CannotUnseal(Exception):
    """No key in FIELD_KEYS opens this value; put the key that sealed it back at the end of the list."""


class _Keyring:
    """The keys of this process; empty until `use_keys` has been called."""

    fernet: MultiFernet | None = None
    digest_key: bytes = b""


def use_keys(keys: Sequence[str]) -> None:
    """Use these Fernet keys, newest first. Raises ValueError when one is malformed."""
    _Keyring.fernet = MultiFernet([Fernet(key) for key in keys])
    _Keyring.digest_key = hashlib.sha256(b"ringback digest" + keys[-1].encode()).digest()


def _fernet() -> MultiFernet:
    if _Keyring.fernet is None:
        raise RuntimeError("no FIELD_KEYS are in use: call foundation.sealed.use_keys first")
    return _Keyring.fernet


def seal(plain: str) -> bytes:
    """Encrypt a text."""
    return _fernet().encrypt(plain.encode())


def unseal(token: bytes, *, within_s: int | None = None) -> str:
    """Decrypt what `seal` made, at most `within_s` seconds ago if given; CannotUnseal otherwise."""
    try:
        return _fernet().decrypt(token, ttl=within_s).decode()
    except InvalidToken:
        raise CannotUnseal("a sealed value cannot be opened with the keys in FIELD_KEYS") from None


def digest(plain: str) -> bytes:
    """A keyed digest (32 bytes): equal for equal values, useless without the key."""
    return hmac.new(_Keyring.digest_key, plain.encode(), hashlib.sha256).digest()


class Sealed(TypeDecorator[str]):
    """A text column that only this service can read."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> bytes | None:
        return None if value is None else seal(value)

    def process_result_value(self, value: Any, _dialect: Dialect) -> str | None:
        return None if value is None else unseal(bytes(value))
