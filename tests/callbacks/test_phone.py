"""Which numbers we ring: possible ones by our own lengths and prefixes, and none that costs the person or us dearly."""

from __future__ import annotations

import pytest

from foundation.phone import NumberNotAllowed, Phone, parse


@pytest.mark.parametrize(
    ("typed", "e164"),
    [
        ("07700 900123", "+447700900123"),
        ("07700\u00a0900\u2009123", "+447700900123"),
        ("07700-900-123", "+447700900123"),
        ("07700\u2013900\u2014123", "+447700900123"),
        ("(07700) 900 123", "+447700900123"),
        ("\u202a07700 900123\u202c", "+447700900123"),
        ("+447700900123", "+447700900123"),
        ("0044 7700 900123", "+447700900123"),
        ("٠٧٧٠٠٩٠٠١٢٣", "+447700900123"),
        ("０７７００ ９００ １２３", "+447700900123"),
        ("＋４４ ７７００ ９００１２３", "+447700900123"),
        ("०७७०० ९००१२३", "+447700900123"),
        ("01632 960001", "+441632960001"),
        ("+44 (0)20 7946 0000", "+442079460000"),
        ("020 7946 0000", "+442079460000"),
        ("0300 123 1110", "+443001231110"),
        ("0808 157 0192", "+448081570192"),
        ("07624 400000", "+447624400000"),
        ("016977 3999", "+44169773999"),
        ("0118 950 0950", "+441189500950"),
        ("0118 496 0123", "+441184960123"),
    ],
)
def test_numbers_are_read_as_people_write_them(typed: str, e164: str) -> None:
    assert parse(typed, drama_allowed=True) == Phone(e164)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "phone_missing"),
        ("   ", "phone_missing"),
        ("call me", "phone_malformed"),
        ("07700 90012", "phone_malformed"),
        ("07700 9001234", "phone_malformed"),
        ("0770090", "phone_malformed"),
        ("999", "phone_not_ringable"),
        ("116 123", "phone_malformed"),
        ("118 500", "phone_not_ringable"),
        ("0118 500", "phone_not_ringable"),
        ("+44 118 118", "phone_not_ringable"),
        ("0800 1111", "phone_malformed"),
        ("0909 879 0000", "phone_not_ringable"),
        ("070 1234 5678", "phone_not_ringable"),
        ("0844 123 4567", "phone_not_ringable"),
        ("0871 123 4567", "phone_not_ringable"),
        ("07600 123456", "phone_not_ringable"),
        ("+33 1 23 45 67 89", "phone_foreign"),
        ("+353 1 234 5678", "phone_foreign"),
        ("1" * 61, "phone_malformed"),
        ("٠٧٧٠٠٩٠٠", "phone_malformed"),
        ("Ⅶ", "phone_malformed"),
        ("0⁷700 900123", "phone_malformed"),
    ],
)
def test_numbers_that_we_cannot_ring_are_refused_with_words(typed: str, code: str) -> None:
    with pytest.raises(NumberNotAllowed) as refused:
        parse(typed, drama_allowed=True)

    assert refused.value.code == code
    assert refused.value.detail


@pytest.mark.parametrize(("typed", "hint"), [("07700 9001234", "too long"), ("07700 90012", "no number is missing")])
def test_whoever_typed_a_figure_too_many_is_not_told_that_one_is_missing(typed: str, hint: str) -> None:
    with pytest.raises(NumberNotAllowed) as refused:
        parse(typed, drama_allowed=True)

    assert hint in refused.value.detail


def test_numbers_from_films_are_refused_in_live_use() -> None:
    with pytest.raises(NumberNotAllowed) as refused:
        parse("07700 900123", drama_allowed=False)

    assert refused.value.code == "phone_drama"


def test_a_number_shows_itself_to_nobody_by_accident() -> None:
    phone = parse("07700 900123", drama_allowed=True)

    assert "7700900" not in f"{phone} {phone!r} {[phone]}"
    assert phone.masked == "…123"
