"""Bodies: what a script (JSON) or a browser's form says, read alike and answered in kind."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web


class BadBody(Exception):
    """A body that cannot be understood; the message says why, in words for its author."""


async def read_json(request: web.Request) -> Any:
    """Any JSON value; an empty body is an empty object."""
    text = await request.text()
    try:
        return json.loads(text) if text.strip() else {}
    except json.JSONDecodeError as error:
        raise BadBody(f"not JSON: {error}") from None


async def read_fields(request: web.Request) -> dict[str, Any]:
    """The fields of a JSON object or of a form."""
    if request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return dict(await request.post())
    value = await read_json(request)
    if not isinstance(value, dict):
        raise BadBody("a JSON object is expected")
    return value


def text_field(fields: dict[str, Any], *names: str) -> str:
    """The first of the names that is given, as stripped text; raises BadBody if none is."""
    for name in names:
        value = fields.get(name)
        if value is not None and str(value).strip():
            return str(value).strip()
    raise BadBody(f"{names[0]} is missing")


def is_from_page(request: web.Request) -> bool:
    """True when a browser posted a form without the help of the script."""
    return request.content_type == "application/x-www-form-urlencoded" and "text/html" in request.headers.get(
        "Accept", ""
    )
