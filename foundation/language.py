"""The language of the moment: which one a page, an answer or a text is in, and how a sentence is said in it.

The code says English. Every other language is a catalogue in `foundation/translations`; a new folder is a new language.
Catalogues are read as they are, once, by Babel's own code: there is nothing to build, and nothing can be out of date. A
sentence without a translation is said in English; a test fails for it.

Below the edge there is no request: `speaking` sets the language for whatever is written inside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale
from babel.core import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

ENGLISH: Final = "en"
FOLDER: Final = Path(__file__).parent / "translations"

_present: ContextVar[str] = ContextVar("language", default=ENGLISH)


@dataclass(frozen=True, slots=True)
class Language:
    """A language that the visitor's pages can be read in."""

    code: str
    name: str
    """In the language itself, as whoever reads it looks for it."""
    direction: str
    """"ltr" or "rtl"."""


def mark(sentence: str) -> str:
    """The sentence itself. Says that it is shown to visitors somewhere else, so that it gets a translation."""
    return sentence


def said(sentence: str, /, **values: object) -> str:
    """The sentence in the language of the moment, with the values in it."""
    translated = catalogue(present()).gettext(sentence) if sentence else ""
    return translated.format(**values) if values else translated


def present() -> str:
    """The code of the language of the moment."""
    return _present.get()


def speak(code: str) -> None:
    """Go on in this language; English when we do not have it. An edge sets it anew for each visit."""
    _present.set(known(code) or ENGLISH)


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Say what is said inside in this language; in English when we do not have it."""
    before = _present.set(known(code) or ENGLISH)
    try:
        yield
    finally:
        _present.reset(before)


def known(tag: str) -> str | None:
    """The code of a language that we have, from a tag such as "cy-GB"; None when we do not have it."""
    return best([tag])


def best(tags: Sequence[str]) -> str | None:
    """The first of the wished languages that we have."""
    return negotiate_locale([tag.replace("-", "_") for tag in tags], list(languages()))


def languages() -> dict[str, Language]:
    """Every language that we have, English first, by code."""
    return _CATALOGUED


def add(code: str, words: NullTranslations) -> None:
    """Have one more language, with its words from elsewhere than the folder."""
    _CATALOGUED[code], _FROM_ELSEWHERE[code] = _language(code), words


def take_away(code: str) -> None:
    """Have it no longer."""
    del _CATALOGUED[code], _FROM_ELSEWHERE[code]


def catalogue(code: str) -> NullTranslations:
    """What is said in a language: English sentence -> translated one."""
    return _FROM_ELSEWHERE.get(code) or _from_folder(code)


@cache
def _from_folder(code: str) -> NullTranslations:
    path = FOLDER / code / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as lines:
        write_mo(compiled, read_po(lines, locale=code))
    compiled.seek(0)
    return Translations(compiled)


def _language(code: str) -> Language:
    locale = Locale.parse(code)
    return Language(code, locale.get_display_name(code) or code, locale.text_direction)


_FROM_ELSEWHERE: Final[dict[str, NullTranslations]] = {}
_CATALOGUED: Final = {
    code: _language(code) for code in (ENGLISH, *sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir()))
}
