"""Each worked case of the rota, by its id, is a test: the table of cases, and where each is told."""

from __future__ import annotations

import re
from pathlib import Path

CASES = """
DST01 DST03 DST05 DST07 DST09 DST11 DST15 DST17 DST13 DST18 DST20 BND01 BND03 BND05 BND06 BND08
BND10 BND12 ROT01 ROT03 ROT05 ROT07 ROT09 OVR01 OVR03 OVR05 OVR07 TMP01 TMP03 SWP01 SWP03 SWP05
SWP07 COV01 COV03 COV05 COV06 WRK01 WRK03 WRK04 WRK06 LEV01 LEV03 REM01 ICS01 ICS03
"""
"""Clock changes, boundaries, rotations, overrides, temporary plans, swaps, cover, rules, leave, reminders, feeds."""


def test_each_worked_case_is_named_by_the_test_that_tells_it() -> None:
    named = {
        case
        for path in Path(__file__).parent.glob("test_*.py")
        if path != Path(__file__)
        for case in re.findall(r"\b[A-Z]{3}[0-9]{2}\b", path.read_text(encoding="utf-8"))
    }

    assert sorted({*CASES.split()} - named) == []
