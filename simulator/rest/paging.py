"""Paging: lists in Twilio's envelope, and the date filters that lists share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urlencode

from aiohttp import web

from simulator.rest.errors import bad_request

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 1_000
PAGING_FIELDS = frozenset({"PageSize", "Page", "PageToken"})
DAY = timedelta(days=1)

Item = TypeVar("Item")


def check_filters(request: web.Request, known: frozenset[str]) -> None:
    for name in request.query:
        if name not in known | PAGING_FIELDS:
            raise bad_request(20001, f"Unknown parameter '{name}'")


def envelope(
    request: web.Request, name: str, found: Iterable[Item], as_json: Callable[[Item], dict[str, Any]]
) -> web.Response:
    """One page of what was found, newest first, under Twilio's keys; no more is looked for than the page needs."""
    size = min(max(_whole(request, "PageSize", DEFAULT_PAGE_SIZE), 1), MAX_PAGE_SIZE)
    page = _whole(request, "Page", 0)
    items = list(islice(found, (page + 1) * size + 1))
    shown = items[page * size : (page + 1) * size]
    has_next = len(items) > (page + 1) * size
    start = page * size
    body = {
        name: [as_json(item) for item in shown],
        "end": start + len(shown) - 1 if shown else start,
        "first_page_uri": _page_uri(request, 0, size),
        "next_page_uri": _page_uri(request, page + 1, size) if has_next else None,
        "page": page,
        "page_size": size,
        "previous_page_uri": _page_uri(request, page - 1, size) if page else None,
        "start": start,
        "uri": _page_uri(request, page, size),
    }
    return web.json_response(body)


def passes_dates(query: Mapping[str, str], name: str, moment: float | None) -> bool:
    """Apply ``Name`` (a day), ``Name<`` and ``Name>`` (inclusive); what has no date yet passes only without them."""
    wanted = {mark: query[name + mark] for mark in ("", "<", ">") if query.get(name + mark)}
    if not wanted:
        return True
    if moment is None:
        return False
    at = datetime.fromtimestamp(moment, tz=UTC)
    for mark, value in wanted.items():
        starts_at, ends_at = _span(name + mark, value)
        if mark == "" and at.date() != starts_at.astimezone(UTC).date():
            return False
        if mark == "<" and not at < ends_at:
            return False
        if mark == ">" and not at >= starts_at:
            return False
    return True


def _span(name: str, value: str) -> tuple[datetime, datetime]:
    """A day stands for all of it, an instant for its second."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise bad_request(20001, f"Invalid parameter '{name}': not a date") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    is_day = re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None
    return moment, moment + (DAY if is_day else timedelta(seconds=1))


def _whole(request: web.Request, name: str, default: int) -> int:
    value = request.query.get(name)
    if value is None:
        return default
    if not value.isdigit():
        raise bad_request(20001, f"Invalid parameter '{name}': not a whole number")
    return int(value)


def _page_uri(request: web.Request, page: int, size: int) -> str:
    query = [(name, value) for name, value in request.query.items() if name not in PAGING_FIELDS]
    token = [("PageToken", f"PT{page}")] if page else []
    return f"{request.path}?{urlencode([*query, ('PageSize', size), ('Page', page), *token])}"
