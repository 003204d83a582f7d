"""Tables in text: rows of names and numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sklearn_dgex.datasets._formats._fields import RowFormat, split_rows
from sklearn_dgex.datasets._formats._numbers import parse_lines
from sklearn_dgex.datasets._formats._text import STRING_COST, TextFile, shown

ROW_COST = 48  # bytes that a name takes in a list and an index, even if the string is shared
MAX_LINES = 1 << 14  # that are split at once, for each field becomes an object for a while
MAX_SHARED = 1 << 16  # names of a column that are looked up, to be one string wherever they stand


def read_rows(
    text: TextFile, form: RowFormat, dtype: np.dtype, *, stop: bytes | None = None
) -> tuple[list[list[str]], np.ndarray]:
    """Read all further lines: columns of leading fields, and values (n_rows, n_numbers).

    ``stop`` is a line after which nothing is read, and that must be there.
    """
    text.check_memory(4 * STRING_COST * form.n_leading, f"{form.n_leading:,} fields of text")
    leading: list[list[str]] = [[] for _ in range(form.n_leading)]
    shared = [{} for _ in leading]  # one str for all fields that are alike
    n_strings = 0
    rows = GrowingRows(form.n_numbers, dtype)
    for numbers, lines in _filled_blocks(text, stop):
        fields, rests = split_rows(text, form, lines, numbers)
        for column, known, new in zip(leading, shared, fields, strict=True):
            n_strings += len(set(new).difference(known))
            look_up = known.setdefault if len(known) < MAX_SHARED else known.get
            column.extend([look_up(field, field) for field in new])
        n_rows = rows.n_rows + len(lines)
        cost = STRING_COST * n_strings + ROW_COST * form.n_leading * n_rows
        text.check_memory(cost, f"names of {n_rows:,} rows", numbers[-1])
        rows.reserve(text.expected_rows(len(lines) / (sum(map(len, lines)) + len(lines))))
        parse_lines(text, form, rests, numbers, rows.more(len(lines)))
    return leading, rows.finish()


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


def _filled_blocks(text: TextFile, stop: bytes | None) -> Iterator[tuple]:
    """Lines in blocks with their numbers; blank ones are left out, and all from ``stop`` on."""
    for first, lines in text.blocks():
        is_last = stop is not None and stop in lines
        lines = lines[: lines.index(stop)] if is_last else lines
        numbers = range(first, first + len(lines))
        if not all(lines):
            numbers = [n for n, line in zip(numbers, lines, strict=True) if line]
            lines = [line for line in lines if line]
        for start in range(0, len(lines), MAX_LINES):
            yield numbers[start : start + MAX_LINES], lines[start : start + MAX_LINES]
        if is_last:
            return
    if stop is not None:
        raise text.refuse(f"be followed by {shown(stop)}", "the end of the file", "get it again")
