"""Telephone numbers: which ones we may ring, which ones may be sent a text, and how to show them to nobody.

The rule is possible + our own lengths and prefixes, because libphonenumber calls Ofcom's drama numbers invalid and
`116 123` possible. Refused are premium (09), directory (118 and three figures, for 0118 is Reading), personal (070),
revenue-share (0871-3, 084) and pager (076, but not the Isle of Man's 07624) numbers, and everything outside the United
Kingdom and the Crown dependencies.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers

from foundation.language import mark

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\\-"
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u00ad"
_FILLERS = re.compile(rf"[\s{_INVISIBLE}{_DASHES}().\u00a0/]+")
_REFUSED_PREFIXES = ("9", "70", "871", "872", "873", "84")
_DIRECTORY = re.compile(r"118\d{3}$")  # directory enquiries; ten figures that begin with 118 are a home in Reading
_DRAMA = re.compile(
    r"44(7700900|1632960|2079460|1134960|1144960|1154960|1164960|1174960|1184960|1214960|1314960|1414960|1514960|1614960|1914980|2890180|2920180|3069990|8081570)\d{3}$"
)


class NumberNotAllowed(Exception):
    """We cannot ring this number; `code` is stable, the message says what to type instead."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that may be dialled, in E.164. Its `repr` and `str` are masked; read `.e164` on purpose."""

    e164: str

    def __repr__(self) -> str:
        return f"Phone({self.masked})"

    __str__ = __repr__

    @property
    def masked(self) -> str:
        """The last three digits, for staff who must tell two numbers apart."""
        return f"…{self.e164[-3:]}"

    @property
    def spoken(self) -> str:
        """The national form, as people in the United Kingdom read it out."""
        return phonenumbers.format_number(phonenumbers.parse(self.e164), phonenumbers.PhoneNumberFormat.NATIONAL)

    @property
    def is_drama(self) -> bool:
        """Whether Ofcom set the number aside for films, demonstrations and tests."""
        return bool(_DRAMA.match(self.e164.lstrip("+")))

    @property
    def is_mobile(self) -> bool:
        """Whether a text reaches a screen; carriers read texts to landlines aloud, so this must be certain."""
        if self.e164.startswith("+447700900"):
            return True
        parsed = phonenumbers.parse(self.e164)
        return phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.MOBILE


_HELP = mark("Enter a UK phone number, like 01632 960 001 or 07700 900 982")
_ONLY_NUMBERS = mark(
    "Enter a UK phone number, like 01632 960 001 or 07700 900 982. Use numbers only, with spaces if you like"
)
_TOO_LONG = mark("Enter a UK phone number, like 01632 960 001 or 07700 900 982. What you entered is too long")
_TOO_SHORT = mark("Enter a UK phone number, like 01632 960 001 or 07700 900 982. Check that no number is missing")


def _digits(typed: str) -> str:
    """Figures of every script are figures, as they stand on the keyboards of those who write in it."""
    figures = "".join(str(unicodedata.decimal(sign, sign)) for sign in typed.replace("\uff0b", "+"))
    plain = _FILLERS.sub("", figures.replace("(0)", ""))
    if not re.fullmatch(r"\+?[0-9]+", plain) or not plain.isascii():
        raise NumberNotAllowed("phone_malformed", _ONLY_NUMBERS)
    return "+" + plain[2:] if plain.startswith("00") else plain


def _national(digits: str) -> str:
    try:
        parsed = phonenumbers.parse(digits, "GB")
    except phonenumbers.NumberParseException:
        raise NumberNotAllowed("phone_malformed", _HELP) from None
    if parsed.country_code != 44:  # noqa: PLR2004 - the country code of the United Kingdom and the Crown dependencies
        raise NumberNotAllowed("phone_foreign", mark("We can only ring UK numbers. Enter a UK phone number"))
    return str(parsed.national_number)


def parse(typed: str, *, drama_allowed: bool) -> Phone:
    """The number somebody typed, or NumberNotAllowed with words for the page.

    `drama_allowed` lets Ofcom's drama numbers through: true in demonstrations and tests, never in live use.
    """
    if not typed.strip():
        raise NumberNotAllowed("phone_missing", _HELP)
    if len(typed) > 60:  # noqa: PLR2004 - no written form of a number is longer; protects the parser
        raise NumberNotAllowed("phone_malformed", _TOO_LONG)
    nsn = _national(_digits(typed))
    is_pager = nsn.startswith("76") and not nsn.startswith("7624")
    if nsn.startswith(_REFUSED_PREFIXES) or _DIRECTORY.match(nsn) or is_pager:
        raise NumberNotAllowed(
            "phone_not_ringable",
            mark("We cannot ring premium, personal or service numbers. Enter a home or mobile number"),
        )
    ten_digits = len(nsn) == 10 and nsn[0] in "123578"  # noqa: PLR2004 - Ofcom's national numbering plan
    nine_digits = len(nsn) == 9 and nsn[0] in "18"  # noqa: PLR2004 - Brampton (016977) and old 0800 numbers
    if not (ten_digits or nine_digits):
        raise NumberNotAllowed("phone_malformed", _TOO_LONG if len(nsn) > 10 else _TOO_SHORT)  # noqa: PLR2004 - the same
    phone = Phone("+44" + nsn)
    if phone.is_drama and not drama_allowed:
        raise NumberNotAllowed(
            "phone_drama", mark("This number is set aside for films and examples. Enter your own number")
        )
    if not phone.is_drama and nsn[0] == "7" and not phonenumbers.is_valid_number(phonenumbers.parse(phone.e164)):
        raise NumberNotAllowed("phone_malformed", _TOO_SHORT)
    return phone
