"""Twilio's own schemas, if they are at hand: every request, answer and document is held against them."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Protocol, cast


class Schemas(Protocol):
    """What can be held against a schema; each answer is a list of what is wrong, empty when nothing is."""

    def request(self, method: str, path: str, headers: dict[str, str], body: bytes) -> list[str]: ...
    def answer(self, method: str, path: str, status: int, content_type: str, body: bytes) -> list[str]: ...
    def document(self, twiml: str) -> list[str]: ...


class NoSchemas:
    """Nothing is at hand: nothing is found wrong."""

    def request(self, method: str, path: str, headers: dict[str, str], body: bytes) -> list[str]:
        return []

    def answer(self, method: str, path: str, status: int, content_type: str, body: bytes) -> list[str]:
        return []

    def document(self, twiml: str) -> list[str]:
        return []


def schemas_at_hand(*, openapi: Path | None, twiml_xsd: Path | None) -> Schemas:
    """The schemas in these files. Their readers are packages for developers, read only when a file is named."""
    if openapi is None and twiml_xsd is None:
        return NoSchemas()
    readers = importlib.import_module("simulator.schema_files")
    return cast("Schemas", readers.SchemaFiles(openapi=openapi, twiml_xsd=twiml_xsd))
