"""Bank holidays of the three parts of the United Kingdom, with days that a supervisor adds.

From the `holidays` library, which keeps a substitute day beside the holiday it stands for: only the substitute is
then a bank holiday, so that no day is paid twice. No day off follows from a bank holiday in law; the rota counts them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache

import holidays

from rota.domain.rules import Site

_PARTS: dict[Site, str] = {Site.ENGLAND_AND_WALES: "ENG", Site.SCOTLAND: "SCT", Site.NORTHERN_IRELAND: "NIR"}
"""The library's names of the three parts that have bank holidays of their own."""

_SUBSTITUTE = re.compile(r"(.+) \((?:observed|substitute day)\)")  # how the library names a day that stands for another


def bank_holidays(site: Site, *, years: Iterable[int], added: Mapping[date, str] | None = None) -> dict[date, str]:
    """Every bank holiday of these years with its name, and the local ones."""
    found = {day: name for year in years for day, name in _of_year(site, year)}
    return found | dict(added or {})


@lru_cache(maxsize=64)
def _of_year(site: Site, year: int) -> tuple[tuple[date, str], ...]:
    named = holidays.country_holidays("GB", subdiv=_PARTS[site], years=year, language="en_GB")
    moved = {found[1] for name in named.values() if (found := _SUBSTITUTE.fullmatch(name))}
    return tuple(sorted((day, name) for day, name in named.items() if name not in moved))
