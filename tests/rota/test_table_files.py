"""Tables as files: every line that cannot be read is named, and what we write can be read again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.domain.table_files import MOST_LINES, read_table, written

COLUMNS = ("email", "name")


def read(text: str | bytes) -> list[dict[str, str]]:
    table = read_table(text.encode() if isinstance(text, str) else text, required=COLUMNS, optional=("note",))
    assert table.problems == ()
    return [dict(line.cells) for line in table.lines]


def problems(text: str | bytes) -> list[tuple[int, str]]:
    table = read_table(text.encode() if isinstance(text, str) else text, required=COLUMNS, optional=("note",))
    assert table.lines == ()
    return [(problem.line, problem.words) for problem in table.problems]


ANA = [{"email": "ana@example.org", "name": "Siân"}]


@pytest.mark.parametrize(
    "data",
    [
        "email,name\nana@example.org,Siân\n".encode(),
        "email;name\r\nana@example.org;Siân\r\n".encode(),
        "Email\tName\nana@example.org\tSiân".encode(),
        "\ufeffname,email\nSiân,ana@example.org\n\n".encode(),
        "email,name\nana@example.org,Siân\n".encode("utf-16"),
    ],
)
def test_whatever_a_spreadsheet_makes_of_a_table_is_read_alike(data: bytes) -> None:
    assert [dict(sorted(line.items())) for line in read(data)] == ANA


def test_each_line_keeps_its_number_in_the_file() -> None:
    table = read_table(b'email,name\n\na,"two\nlines"\nb,B\n', required=COLUMNS)

    assert [line.number for line in table.lines] == [3, 5]


def test_lines_in_another_encoding_are_named() -> None:
    data = "email,name\na,Siân\n".encode() + "b,Siân\nc,Zoë\n".encode("latin-1")

    assert [line for line, _ in problems(data)] == [3, 4]
    assert "UTF-8" in problems(data)[0][1]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "The file is empty"),
        ("email,name\n", 1, "no lines below"),
        ("email,phone\na,b\n", 1, "columns are missing: name"),
        ("email,name,colour\na,b,c\n", 1, "not known: colour"),
        ("email,name,name\na,b,c\n", 1, "more than once: name"),
        ("email,name\na,b\na,b,c\n", 3, "3 cells, and the first line names 2"),
        ('email,name\na,"b\n', 1, "never closes"),
        ("PK\0\1", 1, "not a CSV file"),
        ("email,name\n" + "a,b\n" * (MOST_LINES + 1), 1, "Split it"),
        ("email,name\n" + "a" * 1024 * 1024, 1, "larger than 1 MB"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(text: str, line: int, words: str) -> None:
    found = problems(text)

    assert found[0][0] == line
    assert any(words in told for _, told in found)


CELLS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=12).map(str.strip)


@given(st.lists(st.tuples(CELLS, CELLS.filter(bool)), min_size=1, max_size=8))
def test_what_is_written_is_read_again_as_it_was(rows: list[tuple[str, str]]) -> None:
    text = written(COLUMNS, rows)

    assert [tuple(line.values()) for line in read(text)] == rows


def test_no_cell_is_run_as_a_formula() -> None:
    text = written(COLUMNS, [("=1+1", "@ana")])

    assert text.splitlines()[1] == "'=1+1,'@ana"
    assert read(text) == [{"email": "=1+1", "name": "@ana"}]
