"""Tables as files that spreadsheets read and write (CSV): what is in each line, or in which line something is wrong.

Commas, semicolons or tabs; UTF-8, with or without a mark at the start, or UTF-16 with one; columns in any order.
Nothing is guessed: a file in several encodings, with columns missing or unknown, or with ragged lines is told line by
line.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

MOST_BYTES = 1024 * 1024
MOST_LINES = 5_000  # two hundred people for six weeks; more than anybody can check by eye
MOST_TOLD = 50  # problems of one kind; whoever has more has the wrong file
DELIMITERS = ",;\t"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would run as a formula."""
KEPT_PLAIN = (*FORMULA_STARTS, "'")
"""A cell that starts so is written with an apostrophe before it."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong in one line of the file; line 1 holds the names of the columns."""

    line: int
    words: str


@dataclass(frozen=True, slots=True, order=True)
class Remark:
    """Something worth knowing about one line of the file, and nothing wrong with it."""

    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number in the file, and its cells by column, empty where the column is missing."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TableFile:
    """What could be read, and what could not."""

    lines: tuple[Line, ...] = ()
    problems: tuple[Problem, ...] = field(default=())


def read_table(data: bytes, *, required: Sequence[str], optional: Collection[str] = ()) -> TableFile:
    """Read a file with these columns. A file with problems has no lines that count."""
    text, problems = _decoded(data)
    if problems:
        return TableFile(problems=problems)
    try:
        records = _records(text)
    except csv.Error:
        return _wrong(1, "A quotation mark opens somewhere and never closes. Save the table as “CSV UTF-8” again")
    if not records:
        return _wrong(1, f"The file is empty. The first line names the columns: {', '.join(required)}")
    (_, head), *body = records
    columns = [name.strip().casefold().replace(" ", "_") for name in head]
    if told := _wrong_columns(columns, required, optional):
        return TableFile(problems=tuple(Problem(1, words) for words in told))
    return _lines(columns, body)


def written(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as a file; a cell that a spreadsheet would run as a formula is kept from being one."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    return out.getvalue()


def _wrong(line: int, words: str) -> TableFile:
    return TableFile(problems=(Problem(line, words),))


def _decoded(data: bytes) -> tuple[str, tuple[Problem, ...]]:
    """The text, or each line that is not what the rest of the file is."""
    if len(data) > MOST_BYTES:
        return "", (Problem(1, "The file is larger than 1 MB. Split it"),)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16"), ()
        except UnicodeDecodeError:
            return "", (Problem(1, "The file is damaged. Save the table as “CSV UTF-8” again"),)
    if b"\0" in data:
        return "", (Problem(1, "This is not a CSV file. Save the table as “CSV UTF-8” and try again"),)
    try:
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        wrong = [number for number, line in enumerate(data.splitlines(), start=1) if not _is_utf8(line)]
        words = "A letter in this line is not in UTF-8. Save the whole table as “CSV UTF-8”"
        return "", tuple(Problem(number, words) for number in wrong[:MOST_TOLD])


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _records(text: str) -> list[tuple[int, list[str]]]:
    """Each record that holds anything, with the number of the line it starts in. Raises csv.Error."""
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found, starts = [], 1
    for record in reader:
        if any(cell.strip() for cell in record):
            found.append((starts, record))
        starts = reader.line_num + 1
    return found


def _wrong_columns(columns: Sequence[str], required: Sequence[str], optional: Collection[str]) -> list[str]:
    known = {*required, *optional}
    missing = [name for name in required if name not in columns]
    unknown = [name or "(no name)" for name in columns if name not in known]
    double = sorted({name for name in columns if columns.count(name) > 1})
    told = []
    if missing:
        told.append(f"These columns are missing: {', '.join(missing)}")
    if unknown:
        told.append(f"These columns are not known: {', '.join(unknown)}. Known are {', '.join(sorted(known))}")
    if double:
        told.append(f"These columns are there more than once: {', '.join(double)}")
    return told


def _lines(columns: Sequence[str], body: Sequence[tuple[int, list[str]]]) -> TableFile:
    if not body:
        return _wrong(1, "The file has no lines below the names of its columns")
    if len(body) > MOST_LINES:
        return _wrong(1, f"The file has {len(body):,} lines, and {MOST_LINES:,} are the most at once. Split it")
    words = "This line has {number} cells, and the first line names {columns} columns"
    ragged = [
        Problem(number, words.format(number=len(cells), columns=len(columns)))
        for number, cells in body
        if len(cells) != len(columns)
    ]
    if ragged:
        return TableFile(problems=tuple(ragged[:MOST_TOLD]))
    return TableFile(
        tuple(
            Line(number, dict(zip(columns, (_as_typed(cell) for cell in cells), strict=True))) for number, cells in body
        )
    )


def _as_typed(cell: str) -> str:
    """A cell without the apostrophe that kept it from being a formula, and without white space around it."""
    plain = cell.strip()
    return plain[1:] if plain.startswith("'") and plain[1:].startswith(KEPT_PLAIN) else plain


def _plain(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(KEPT_PLAIN) else cell
