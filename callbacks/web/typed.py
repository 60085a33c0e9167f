"""Words as people type or paste them, made plain: no invisible characters, one form for each letter."""

from __future__ import annotations

import re
import unicodedata

_JOINERS = "\u200c\u200d"
"""They shape letters in Persian, Hindi and others, and hold an emoji together; anywhere else they are invisible."""

_BLANKS = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters by their category, and nothing to see."""

_IDLE_JOINER = re.compile(rf"(?<!\S)[{_JOINERS}]+|[{_JOINERS}]+(?!\S)")


def line(typed: str) -> str:
    """One line of text."""
    return " ".join(_visible(typed).split())


def lines(typed: str) -> str:
    """A longer text that keeps its line breaks, at most one empty line at a time."""
    plain = _visible(typed.replace("\r\n", "\n").replace("\r", "\n"), keep="\n")
    stripped = "\n".join(" ".join(row.split()) for row in plain.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", stripped).strip()


def _visible(typed: str, *, keep: str = "") -> str:
    letters = (
        letter if letter in keep or not unicodedata.category(letter).startswith("Z") else " "
        for letter in unicodedata.normalize("NFC", typed).replace("\t", " ")
        if letter in keep or letter in _JOINERS or _is_visible(letter)
    )
    return _IDLE_JOINER.sub("", "".join(letters))


def _is_visible(letter: str) -> bool:
    """Control, format, surrogate and private characters show nothing, or something that we cannot know."""
    return letter not in _BLANKS and not unicodedata.category(letter).startswith("C")
