"""Lines split into fields: leading ones of text, and the numbers after them as they stand."""

from __future__ import annotations

import csv
import string
from collections.abc import Sequence
from dataclasses import dataclass

from sklearn_dgex.datasets._formats.limits import STRING_COST
from sklearn_dgex.datasets._formats.text.file import TextFile, shown

QUOTE = b'"'
SEPARATORS = (b"\t", b",", b";")
NO_SEPARATORS = string.ascii_letters + string.digits + '"+-.\r\n\0\x1f'
HIDDEN = b"\0"  # stands for a separator within a leading field; no text has it


@dataclass(frozen=True)
class RowFormat:
    """How a row is written: some leading fields of text, then numbers."""

    n_leading: int
    n_numbers: int
    separator: bytes
    quoted: bool  # whether double quotes may enclose a field
    titles: tuple[str, ...] = ()  # of the fields from the first on, for messages

    def title_of(self, column: int) -> str:
        """Title of a column, counted from 1; empty if none is known."""
        return self.titles[column - 1] if column <= len(self.titles) else ""

    @property
    def blanks(self) -> bytes:
        """Characters of which a blank line may consist."""
        return b" \t" + self.separator + (QUOTE if self.quoted else b"")


def is_blank(line: bytes, blanks: bytes) -> bool:
    """Whether a line has no field: it is empty, or of separators, spaces and quotes alone."""
    return not line.strip(blanks)


def check_separator(separator) -> bytes:
    """Separator as a byte, after checking that fields can be told by it."""
    if (
        not isinstance(separator, str)
        or len(separator) != 1
        or not separator.isascii()
        or separator in NO_SEPARATORS
    ):
        raise ValueError(
            "The 'separator' parameter must be one character that is no part of a number, such as "
            f"',' or '|'. Got {separator!r} instead; None stands for the usual ones."
        )
    return separator.encode()


def separator_of(*lines: bytes) -> bytes:
    """Tab, comma or semicolon: what the first line has that has any, outside of quotes.

    A tab is it wherever there is one, for text has commas and semicolons but hardly tabs.
    """
    for line in [*(b"".join(line.split(QUOTE)[::2]) for line in lines), *lines]:
        if SEPARATORS[0] in line:
            return SEPARATORS[0]
        best = max(SEPARATORS, key=line.count)
        if best in line:
            return best
    return SEPARATORS[0]


def read_header(
    text: TextFile, line: bytes, separator: bytes, *, quoted=True, number: int | None = None
) -> list[str]:
    """Names of the columns in a line: by default the one that was read last."""
    n_names = line.count(separator) + 1
    text.check_memory(n_names * STRING_COST, f"{n_names:,} names of columns", number)
    if quoted and QUOTE in line:
        return [text.decode(name, number) for name in split_quoted(text, line, separator, number)]
    return text.decode(line, number).split(separator.decode())


def split_rows(
    text: TextFile, form: RowFormat, lines: list[bytes], numbers: Sequence[int]
) -> tuple[list[list[str]], list[bytes]]:
    """Columns of the leading fields, and what follows them in each line."""
    n, separator = form.n_leading, form.separator
    has_quotes = form.quoted and any(QUOTE in line for line in lines)
    if has_quotes:
        lines = [
            _without_quotes(text, line, form, number) if QUOTE in line else line
            for line, number in zip(lines, numbers, strict=True)
        ]
    n_separators = n + form.n_numbers - 1
    for place, line in enumerate(lines):
        if line.count(separator) != n_separators:
            raise _wrong_number(text, form, line.count(separator) + 1, numbers[place])
    rows = [line.split(separator, n) for line in lines]
    rests = [row[n] for row in rows] if form.n_numbers else [b""] * len(rows)
    columns = [_decoded(text, [row[i] for row in rows], numbers) for i in range(n)]
    if has_quotes:
        columns = [_restored(column, separator.decode()) for column in columns]
    return columns, rests


def split_quoted(text: TextFile, line: bytes, separator: bytes, number=None) -> list[bytes]:
    """Fields of a line, without the double quotes that enclose some."""
    if QUOTE not in line:
        return line.split(separator)
    n_fields = line.count(separator) + 1
    text.check_memory(2 * STRING_COST * n_fields, f"{n_fields:,} fields with quotes", number)
    csv.field_size_limit(max(csv.field_size_limit(), len(line)))
    # latin-1 maps bytes to characters one to one; what they mean is decided later
    source = [line.decode("latin-1")]
    try:
        (row,) = csv.reader(source, delimiter=separator.decode(), strict=True)
    except (csv.Error, ValueError) as error:
        raise text.refuse(
            "have quotes in pairs around whole fields",
            f"others ({error})",
            "check the quotes; a field must end on its line",
            line=number,
        ) from None
    return [field.encode("latin-1") for field in row]


def _without_quotes(text, line: bytes, form: RowFormat, number: int) -> bytes:
    """Return the line without quotes, in which separators within leading fields are hidden."""
    separator = form.separator
    first, second = line.find(QUOTE), line.find(QUOTE, 1)
    if not first and line[second + 1 : second + 2] == separator and line.count(QUOTE) == 2:
        name = line[1:second]  # a quoted name, then plain numbers
        if separator not in name:
            return name + line[second + 1 :]
    between = QUOTE + separator + QUOTE
    if not first and line.endswith(QUOTE) and line.count(separator) == line.count(between):
        plain = line[1:-1].replace(between, separator)  # all fields quoted
        if QUOTE not in plain:
            return plain
    fields = split_quoted(text, line, separator, number)
    for column, field in enumerate(fields, 1):
        if separator in field and column > form.n_leading:
            raise not_a_number(text, form, field, number, column)
    return separator.join(field.replace(separator, HIDDEN) for field in fields)


def _restored(column: list[str], separator: str) -> list[str]:
    if not any(HIDDEN.decode() in field for field in column):
        return column
    return [field.replace(HIDDEN.decode(), separator) for field in column]


def _decoded(text: TextFile, fields: list[bytes], numbers) -> list[str]:
    try:
        return b"\n".join(fields).decode("utf-8").split("\n")
    except UnicodeDecodeError:
        return [text.decode(field, n) for field, n in zip(fields, numbers, strict=True)]


def _wrong_number(text, form, n_found: int, number: int) -> ValueError:
    return text.refuse(
        f"have {form.n_leading + form.n_numbers:,} fields, as the header says",
        f"{n_found:,}",
        "check its separators and that the file is whole",
        line=number,
    )


def not_a_number(text, form: RowFormat, field: bytes, number: int, column: int) -> ValueError:
    """Error for a field that must be a number."""
    title, names = form.title_of(column), "keep names in the first row and column"
    if title:
        names = f"remove column {shown(title)} if it annotates, for names stand in the first alone"
    return text.refuse(
        "be a number, or empty where the value is missing",
        shown(field),
        f"{names}, and write decimals with a point",
        line=number,
        column=column,
    )
