"""Reads Twilio's OpenAPI description and TwiML schema from files. Needs openapi-core, PyYAML and lxml."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import yaml
from lxml import etree
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.paths.exceptions import PathNotFound
from werkzeug.datastructures import Headers, ImmutableMultiDict

HOST = "https://api.twilio.com"


@dataclass
class _Request:
    """A REST request as openapi-core wants it."""

    method: str
    path: str
    parameters: RequestParameters
    content_type: str = ""
    body: bytes | None = None
    host_url: str = HOST


@dataclass
class _Response:
    """An answer as openapi-core wants it."""

    status_code: int
    content_type: str
    data: bytes
    headers: Headers = field(default_factory=Headers)


class SchemaFiles:
    """Both schemas, or the one that is at hand. What differs only in sids, numbers and dates is judged once."""

    def __init__(self, *, openapi: Path | None, twiml_xsd: Path | None) -> None:
        self._api = None
        self._twiml = None
        self._known: dict[tuple[object, ...], list[str]] = {}
        if openapi is not None:
            self._api = OpenAPI.from_dict(yaml.load(openapi.read_text(encoding="utf-8"), Loader=_LOADER))  # noqa: S506 - a safe loader, in C where there is one
        if twiml_xsd is not None:
            self._twiml = etree.XMLSchema(etree.parse(twiml_xsd))

    def request(self, method: str, path: str, headers: dict[str, str], body: bytes) -> list[str]:
        api = self._api
        if api is None:
            return []
        return self._once(
            ("request", method, _shape(path), _shape(body.decode())),
            lambda: api.validate_request(_request(method, path, headers, body)),
        )

    def answer(self, method: str, path: str, status: int, content_type: str, body: bytes) -> list[str]:
        api = self._api
        if api is None:
            return []
        return self._once(
            (
                "answer",
                method,
                _SIDS.sub("", path),
                status,
                content_type,
                _FIGURES.sub("", _SIDS.sub("", body.decode())),
            ),
            lambda: api.validate_response(_request(method, path, {}, b""), _Response(status, content_type, body)),
        )

    def _once(self, shape: tuple[object, ...], validate: Callable[[], None]) -> list[str]:
        if shape not in self._known:
            self._known[shape] = _wrong_with(validate)
        return self._known[shape]

    def document(self, twiml: str) -> list[str]:
        if self._twiml is None:
            return []
        if self._twiml.validate(etree.fromstring(twiml.encode())):
            return []
        return [str(error.message) for error in self._twiml.error_log]


def _shape(text: str) -> str:
    """The same for all sids, tokens and numbers."""
    return _SIDS.sub("", text)


def _wrong_with(validate: Callable[[], None]) -> list[str]:
    try:
        validate()
    except PathNotFound:
        return []  # not among what the file describes
    except OpenAPIError as wrong:
        return [_why(wrong)]
    return []


_SIDS = re.compile(r"(?<=[A-Z]{2})[0-9a-f]{32}|(?<==)[0-9a-f]{32}|(?<=%3D)[0-9a-f]{32}|(?<=%2B)\d+")
_FIGURES = re.compile(r"\d|(Mon|Tue|Wed|Thu|Fri|Sat|Sun), ")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _request(method: str, path: str, headers: dict[str, str], body: bytes) -> _Request:
    parts = urlsplit(path)
    parameters = RequestParameters(query=ImmutableMultiDict(parse_qsl(parts.query)), header=Headers(headers))
    content_type = headers.get("Content-Type", "").partition(";")[0]
    return _Request(method.lower(), parts.path, parameters, content_type, body or None)


def _why(wrong: BaseException) -> str:
    """The innermost reasons: the outer ones say only that something is wrong."""
    while wrong.__cause__ is not None and not getattr(wrong, "schema_errors", ()):
        wrong = wrong.__cause__
    return "; ".join(error.message for error in getattr(wrong, "schema_errors", ())) or str(wrong)
