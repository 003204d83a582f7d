"""Tables in text: rows of names and numbers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import compress
from typing import NamedTuple

import numpy as np

from sklearn_dgex.datasets._formats.limits import STRING_COST
from sklearn_dgex.datasets._formats.text.fields import RowFormat, is_blank, split_rows
from sklearn_dgex.datasets._formats.text.file import TextFile, shown
from sklearn_dgex.datasets._formats.text.numbers import parse_lines

ROW_COST = 48  # bytes that a name takes in a list and an index, even if the string is shared
MAX_LINES = 1 << 14  # that are split at once, for each field becomes an object for a while
MAX_SHARED = 1 << 16  # names of a column that are looked up, to be one string wherever they stand


class Rows(NamedTuple):
    """What rows hold: columns of leading fields, and values of shape (n_rows, n_numbers)."""

    leading: list[list[str]]
    values: np.ndarray
    is_empty: np.ndarray  # of shape (n_numbers,): columns without a field, if they are watched


def read_rows(
    text: TextFile,
    form: RowFormat,
    dtype: np.dtype,
    *,
    stop: bytes | None = None,
    watched: bool = False,
) -> Rows:
    """Read all further lines but the blank ones.

    ``stop`` is a line after which nothing is read, and that must be there.
    """
    text.check_memory(4 * STRING_COST * form.n_leading, f"{form.n_leading:,} fields of text")
    leading: list[list[str]] = [[] for _ in range(form.n_leading)]
    is_empty = np.full(form.n_numbers, watched)
    shared = [{} for _ in leading]  # one str for all fields that are alike
    n_strings = 0
    rows = GrowingRows(form.n_numbers, dtype)
    for numbers, lines in _filled_blocks(text, form, stop):
        fields, rests = split_rows(text, form, lines, numbers)
        for column, known, new in zip(leading, shared, fields, strict=True):
            n_strings += len(set(new).difference(known))
            look_up = known.setdefault if len(known) < MAX_SHARED else known.get
            column.extend([look_up(field, field) for field in new])
        _find_fields(is_empty, rests, form.separator)
        n_rows = rows.n_rows + len(lines)
        cost = STRING_COST * n_strings + ROW_COST * form.n_leading * n_rows
        text.check_memory(cost, f"names of {n_rows:,} rows", numbers[-1])
        rows.reserve(text.expected_rows(len(lines) / (sum(map(len, lines)) + len(lines))))
        parse_lines(text, form, rests, numbers, rows.more(len(lines)))
    return Rows(leading, rows.finish(), is_empty)


class GrowingRows:
    """An array to which rows are added: at its final size at once where that can be foretold."""

    def __init__(self, n_columns: int, dtype: np.dtype):
        self._values = np.empty((0, n_columns), dtype)
        self.n_rows = 0

    def reserve(self, n_rows: int) -> None:
        """Make room, once; memory that is never written to is never taken."""
        if not len(self._values) and n_rows > 0:
            self._values = np.empty((n_rows, self._values.shape[1]), self._values.dtype)

    def more(self, n_rows: int) -> np.ndarray:
        """View of the next rows, to be filled."""
        start, self.n_rows = self.n_rows, self.n_rows + n_rows
        if self.n_rows > len(self._values):
            self._resize(max(self.n_rows, int(1.2 * len(self._values))))
        return self._values[start : self.n_rows]

    def finish(self) -> np.ndarray:
        """All rows that were filled."""
        self._resize(self.n_rows)
        return self._values

    def _resize(self, n_rows: int) -> None:
        # no view of the rows is in use here
        self._values.resize((n_rows, self._values.shape[1]), refcheck=False)


def _find_fields(is_empty: np.ndarray, rests: list[bytes], separator: bytes) -> None:
    """Take columns from the empty ones that have a field in some row."""
    columns = np.flatnonzero(is_empty)
    for rest in rests:
        if not len(columns):
            break
        fields = rest.split(separator)
        columns = columns[[not fields[i] for i in columns]]
    is_empty[:] = False
    is_empty[columns] = True


def _filled_blocks(text: TextFile, form: RowFormat, stop: bytes | None) -> Iterator[tuple]:
    """Lines in blocks with their numbers; blank ones are left out, and all from ``stop`` on."""
    blanks = form.blanks
    for first, lines in text.blocks():
        is_last = stop is not None and stop in lines
        lines = lines[: lines.index(stop)] if is_last else lines
        numbers = range(first, first + len(lines))
        if any(line[:1] in blanks for line in lines):  # as is that of an empty line
            filled = [not is_blank(line, blanks) for line in lines]
            numbers, lines = list(compress(numbers, filled)), list(compress(lines, filled))
        for start in range(0, len(lines), MAX_LINES):
            yield numbers[start : start + MAX_LINES], lines[start : start + MAX_LINES]
        if is_last:
            return
    if stop is not None:
        raise text.refuse(f"be followed by {shown(stop)}", "the end of the file", "get it again")
