"""Bank holidays of the three parts of the United Kingdom, with days that a supervisor adds.

From the `holidays` library, which keeps a substitute day beside the holiday it stands for: only the substitute is
then a bank holiday, so that no day is paid twice. No day off follows from a bank holiday in law; the rota counts them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from functools import lru_cache

import holidays


class Division(StrEnum):
    """The three divisions that have bank holidays of their own; their values are the library's."""

    ENGLAND_AND_WALES = "ENG"
    SCOTLAND = "SCT"
    NORTHERN_IRELAND = "NIR"


_SUBSTITUTE = re.compile(r"(.+) \((?:observed|substitute day)\)")  # how the library names a day that stands for another


def bank_holidays(
    division: Division, *, years: Iterable[int], added: Mapping[date, str] | None = None
) -> dict[date, str]:
    """Every bank holiday of these years with its name, and the local ones."""
    found = {day: name for year in years for day, name in _of_year(division, year)}
    return found | dict(added or {})


@lru_cache(maxsize=64)
def _of_year(division: Division, year: int) -> tuple[tuple[date, str], ...]:
    named = holidays.country_holidays("GB", subdiv=division.value, years=year, language="en_GB")
    moved = {found[1] for name in named.values() if (found := _SUBSTITUTE.fullmatch(name))}
    return tuple(sorted((day, name) for day, name in named.items() if name not in moved))
