"""Migrations are numbered in one line, named in plain words, and `.head` holds the newest number."""

from __future__ import annotations

import re
from pathlib import Path

VERSIONS = Path(__file__).parent.parent / "migrations" / "versions"
HEAD = VERSIONS.parent / ".head"


def migrations() -> list[Path]:
    return sorted(VERSIONS.glob("*.py"))


def test_names_are_a_number_and_plain_words() -> None:
    odd = [path.name for path in migrations() if not re.fullmatch(r"[0-9]{4}(_[a-z0-9]+)+\.py", path.name)]

    assert odd == []


def test_each_follows_the_one_before_without_a_hole_or_a_fork() -> None:
    for number, path in enumerate(migrations(), start=1):
        source = path.read_text(encoding="utf-8")
        before = f"['\"]{number - 1:04d}['\"]" if number > 1 else "None"

        assert path.name.startswith(f"{number:04d}_")
        assert re.search(rf"^revision(: str)? = ['\"]{number:04d}['\"]$", source, re.MULTILINE)
        assert re.search(rf"^down_revision(: [^=]+)? = {before}$", source, re.MULTILINE)


def test_head_names_the_newest_so_that_two_branches_conflict_in_version_control() -> None:
    newest = migrations()[-1]

    assert HEAD.read_text(encoding="utf-8").strip() == newest.name[:4]


def test_none_depends_on_code_that_may_change_later() -> None:
    ours = re.compile(r"^(from|import) (accounts|rota|callbacks|notifications|foundation|app)\b", re.MULTILINE)

    assert [path.name for path in migrations() if ours.search(path.read_text(encoding="utf-8"))] == []
