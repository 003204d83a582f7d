"""Tables of numbers separated by tabs, commas or semicolons."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from sklearn_dgex.datasets._formats._fields import RowFormat, read_header, split_quoted
from sklearn_dgex.datasets._formats._metadata import index_of
from sklearn_dgex.datasets._formats._numbers import check_dtype
from sklearn_dgex.datasets._formats._rows import read_rows
from sklearn_dgex.datasets._formats._table import ExpressionTable, as_table, table_of, values_of
from sklearn_dgex.datasets._formats._text import TextFile, shown
from sklearn_dgex.datasets._formats._text_writing import (
    check_writable,
    number_fields,
    text_writer,
)

SEPARATORS = (b"\t", b",", b";")
NEED_QUOTES = '",;\t'
MISSING_NUMBER = "NA"


def read_delimited(path, *, genes="rows", separator=None, dtype=np.float32) -> ExpressionTable:
    """Read a CSV or TSV file of expression values.

    Parameters
    ----------
    path : str or path-like
        Text in UTF-8, gzipped or not. The first row names the columns, the first column the rows.
    genes : {"rows", "columns"}, default="rows"
        Where the file has its genes. Tables of counts and arrays have them in rows.
    separator : str or None, default=None
        One character. None takes the commonest of tab, comma and semicolon in the first line.
    dtype : dtype, default=numpy.float32
        float32 or float64.

    Returns
    -------
    ExpressionTable
        Samples × genes whichever way the file has them, without metadata.

    Raises
    ------
    ValueError, OSError
        If the file is not such a table; the message names the line and the column.

    Notes
    -----
    An empty field, NA, NaN or null is a missing value among the numbers, and a name like any other
    among the names. Fields may be enclosed in double quotes, and must end on their line. A header
    with one field less than the rows has none above the row names, as R writes it; a separator at
    the end of every row is no field. Blank lines are skipped.
    """
    check_orientation(genes)
    dtype = check_dtype(dtype)
    with TextFile(path) as text:
        header = text.next_line()
        while header is not None and not header.strip():
            header = text.next_line()
        if header is None:
            raise text.refuse("name the columns", "an empty file", "check the file", line=1)
        mark = separator.encode() if separator else max(SEPARATORS, key=header.count)
        rows, columns, values = _read_body(text, header, mark, dtype)
    samples, gene_ids = (columns, rows) if genes == "rows" else (rows, columns)
    values = values.T if genes == "rows" else values
    return table_of(
        values, pd.DataFrame(index=index_of(samples)), pd.DataFrame(index=index_of(gene_ids))
    )


def write_delimited(table, path, *, genes="rows", separator=None) -> None:
    """Write expression values as CSV or TSV, without metadata.

    Parameters
    ----------
    table : ExpressionTable, or frame of shape (n_samples, n_genes)
        What to write.
    path : str or path-like
        Gzipped if it ends in .gz. A file that is there is replaced once the new one is whole.
    genes : {"rows", "columns"}, default="rows"
        Where the file is to have its genes.
    separator : str or None, default=None
        None is a comma if the name ends in .csv or .csv.gz, else a tab.

    Raises
    ------
    ValueError
        If a name has a line break in it.
    OSError
        If the file cannot be written.

    Notes
    -----
    Numbers have as many digits as it takes to read the same back, and a missing one is NA.
    """
    check_orientation(genes)
    table = as_table(table)
    expression, values = table.expression, values_of(table)
    turned = genes == "rows"
    with text_writer(path) as write:
        form = DelimitedForm(path, separator)
        form.write_header(write, expression.index if turned else expression.columns, turned)
        names = form.fields(expression.columns if turned else expression.index)
        for name, row in zip(names, values.T if turned else values, strict=True):
            form.write_row(write, name, row)


class DelimitedForm:
    """How a file of this name is written."""

    def __init__(self, path, separator=None):
        is_csv = Path(path).name.lower().removesuffix(".gz").endswith(".csv")
        self.separator = separator or ("," if is_csv else "\t")

    def write_header(self, write, columns, genes_in_rows: bool) -> None:
        """Write the names of the columns."""
        write(["gene" if genes_in_rows else "sample", *self.fields(columns)], self.separator)

    def write_row(self, write, name: str, values: np.ndarray) -> None:
        """Write a row of numbers; its name is one of :meth:`fields`."""
        write([name, *number_fields(values, MISSING_NUMBER)], self.separator)

    def fields(self, names) -> list[str]:
        """Names as fields, quoted where they need it."""
        return [
            '"' + name.replace('"', '""') + '"'
            if any(mark in name for mark in NEED_QUOTES)
            else name
            for name in check_writable(names, "names", forbidden="\r\n\0")
        ]


def check_orientation(genes) -> None:
    """Raise a ValueError unless ``genes`` says where a file has its genes."""
    if genes not in ("rows", "columns"):
        raise ValueError(
            f"The 'genes' parameter must be 'rows' or 'columns'. Got {genes!r} instead; it says "
            "where the file has its genes."
        )


def _read_body(text, header: bytes, separator: bytes, dtype):
    """Names of rows and columns, and the values."""
    names = read_header(text, header, separator)
    first = text.next_line()
    while first is not None and not first.strip():
        first = text.next_line()
    if first is None:
        raise text.refuse(
            "be followed by rows of numbers", "the end of the file", "check that it is whole"
        )
    n_fields = len(split_quoted(text, first, separator))
    text.put_back(first)
    if n_fields not in (len(names), len(names) + 1) or n_fields < 2:
        raise text.refuse(
            f"have {max(2, len(names)):,} fields, as the header says",
            f"{n_fields:,}, of which the first is {shown(first.split(separator)[0])}",
            "check that columns are separated by tabs, commas or semicolons throughout",
            line=text.n_lines + 1,
        )
    form = RowFormat(1, n_fields - 1, separator, quoted=True)
    (rows,), values = read_rows(text, form, dtype)
    if n_fields == len(names) + 1 and np.isnan(values[:, -1]).all():
        values, names = values[:, :-1], names[1:]  # each row ends in a separator
    elif n_fields == len(names):
        names = names[1:]
        if len(names) > 1 and names[-1] == "" and np.isnan(values[:, -1]).all():
            values, names = values[:, :-1], names[:-1]
    return rows, names, values
