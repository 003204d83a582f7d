"""Tables of numbers separated by tabs, commas or semicolons."""

from __future__ import annotations

from itertools import compress
from pathlib import Path

import numpy as np
import pandas as pd

from sklearn_dgex.datasets._formats.metadata import index_of
from sklearn_dgex.datasets._formats.table import ExpressionTable, as_table, table_of, values_of
from sklearn_dgex.datasets._formats.text.fields import (
    SEPARATORS,
    RowFormat,
    check_separator,
    is_blank,
    read_header,
    separator_of,
    split_quoted,
)
from sklearn_dgex.datasets._formats.text.file import TextFile, shown
from sklearn_dgex.datasets._formats.text.numbers import check_dtype
from sklearn_dgex.datasets._formats.text.rows import read_rows
from sklearn_dgex.datasets._formats.text.titles import OF_ROWS, plain
from sklearn_dgex.datasets._formats.text.writing import (
    check_writable,
    number_fields,
    text_writer,
)

NEED_QUOTES = '",;\t'
MISSING_NUMBER = "NA"


def read_delimited(path, *, genes="rows", separator=None, dtype=np.float32) -> ExpressionTable:
    r"""Read a CSV or TSV file of expression values.

    Parameters
    ----------
    path : str or path-like
        Text in UTF-8, gzipped or not. The first row names the columns, the first column the rows.
    genes : {"rows", "columns"}, default="rows"
        Where the file has its genes. Tables of counts and arrays have them in rows.
    separator : str or None, default=None
        One character. None takes a tab if there is one in the header, else the commoner of comma
        and semicolon; where the header has none, that of the first row.
    dtype : dtype, default=numpy.float32
        Type of the values, float32 or float64. float32 keeps seven digits, more than an array or a
        sequencer measures. Counts above 16,777,216 need float64; those that float32 does not have
        are refused.

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
    the end of every row is no field, if the header begins with a title such as "gene". Rows and
    columns that have neither a name nor a field, as spreadsheets leave them, are skipped. TRUE and
    FALSE are no numbers.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_dgex.datasets import read_delimited
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "samples_in_rows.tsv"
    >>> _ = path.write_text("sample\tTP53\tMYC\ns1\t7.5\t6\ns2\t8\tNA\n")
    >>> read_delimited(path, genes="columns").expression
        TP53  MYC
    s1   7.5  6.0
    s2   8.0  NaN
    >>> folder.cleanup()
    """
    check_orientation(genes)
    dtype = check_dtype(dtype)
    mark = None if separator is None else check_separator(separator)
    with TextFile(path) as text:
        rows, columns, values = _read_body(text, mark, dtype)
    samples, gene_ids = (columns, rows) if genes == "rows" else (rows, columns)
    values = values.T if genes == "rows" else values
    return table_of(
        values, pd.DataFrame(index=index_of(samples)), pd.DataFrame(index=index_of(gene_ids))
    )


def write_delimited(table, path, *, genes="rows", separator=None) -> None:
    r"""Write expression values as CSV or TSV, without metadata.

    Parameters
    ----------
    table : ExpressionTable, or frame of shape (n_samples, n_genes)
        What to write.
    path : str or path-like
        Gzipped if it ends in .gz. A file that is there is replaced once the new one is whole.
    genes : {"rows", "columns"}, default="rows"
        Where the file is to have its genes.
    separator : str or None, default=None
        One character. None is a comma if the name ends in .csv or .csv.gz, else a tab.

    Raises
    ------
    ValueError
        If a name has a line break in it, or there are no samples or no genes.
    OSError
        If the file cannot be written.

    Notes
    -----
    Numbers have as many digits as it takes to read the same back, and a missing one is NA.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from sklearn_dgex.datasets import write_delimited
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "genes_in_rows.csv"
    >>> frame = pd.DataFrame({"TP53": [7.5, 8.0], "MYC": [6.0, None]}, index=["s1", "s2"])
    >>> write_delimited(frame, path)
    >>> print(path.read_text(), end="")
    gene,s1,s2
    TP53,7.5,8
    MYC,6,NA
    >>> folder.cleanup()
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
        self.separator = "," if is_csv else "\t"
        if separator is not None:
            self.separator = check_separator(separator).decode()

    def write_header(self, write, columns, genes_in_rows: bool) -> None:
        """Write the names of the columns."""
        write(["gene" if genes_in_rows else "sample", *self.fields(columns)], self.separator)

    def write_row(self, write, name: str, values: np.ndarray) -> None:
        """Write a row of numbers; its name is one of :meth:`fields`."""
        write([name, *number_fields(values, MISSING_NUMBER)], self.separator)

    def fields(self, names) -> list[str]:
        """Names as fields, quoted where they need it."""
        names = check_writable(names, "names", forbidden="\r\n\0")
        if not names:
            raise ValueError(
                "A CSV or TSV file must have at least one sample and one gene. Got none instead; "
                "write GCT or GCTX, which can be without."
            )
        marks = {*NEED_QUOTES, self.separator}
        return [
            '"' + name.replace('"', '""') + '"' if marks.intersection(name) else name
            for name in names
        ]


def check_orientation(genes) -> None:
    """Raise a ValueError unless ``genes`` says where a file has its genes."""
    if genes not in ("rows", "columns"):
        raise ValueError(
            f"The 'genes' parameter must be 'rows' or 'columns'. Got {genes!r} instead; it says "
            "where the file has its genes."
        )


def _read_body(text, separator: bytes | None, dtype):
    """Names of rows and columns, and the values."""
    header, line = _next_filled(text, b" "), text.n_lines
    if header is None:
        raise text.refuse("name the columns", "an empty file", "check the file", line=1)
    blanks = b" \t" + (separator or b"".join(SEPARATORS))
    if is_blank(header, blanks):
        raise text.refuse("name the columns", "separators alone", "name them or delete the line")
    first = _next_filled(text, blanks)
    if first is None:
        raise text.refuse(
            "be followed by rows of numbers", "the end of the file", "check that it is whole"
        )
    separator = separator or separator_of(header, first)
    names = read_header(text, header, separator, number=line)
    n_fields = len(split_quoted(text, first, separator))
    text.put_back(first)
    if n_fields not in (len(names), len(names) + 1) or n_fields < 2:
        raise text.refuse(
            f"have {max(2, len(names)):,} fields, as the header says",
            f"{n_fields:,}, of which the first is {shown(first.split(separator)[0])}",
            "check that columns are separated by tabs, commas or semicolons throughout",
            line=text.n_lines + 1,
        )
    is_titled = n_fields == len(names) or plain(names[0]) in OF_ROWS  # what names the rows, too
    titles = tuple(names) if is_titled else ("", *names)
    form = RowFormat(1, n_fields - 1, separator, quoted=True, titles=titles)
    watched = n_fields > len(names) or "" in names[1:]
    (rows,), values, is_empty = read_rows(text, form, dtype, watched=watched)
    names = _names_of_numbers(text, line, names, is_empty)
    is_kept = ~is_empty | np.fromiter(map(bool, names), bool, len(names))
    n_kept = is_kept.sum()
    if not n_kept:
        raise text.refuse("name the columns", "none with a field", "check the file", line=line)
    # most often only the last are left out, which needs no copy
    values = values[:, :n_kept] if is_kept[:n_kept].all() else values[:, is_kept]
    return rows, list(compress(names, is_kept)), values


def _next_filled(text, blanks: bytes) -> bytes | None:
    """Next line that is not blank, None after the last."""
    line = text.next_line()
    while line is not None and is_blank(line, blanks):
        line = text.next_line()
    return line


def _names_of_numbers(text, line: int, names: list[str], is_empty: np.ndarray) -> list[str]:
    """Names of the columns of numbers: those of the header, but for one above names of rows."""
    n_numbers = len(is_empty)
    if len(names) == n_numbers + 1:
        return names[1:]
    if not is_empty[-1] or names[-1] == "":
        return names  # as R writes them
    if plain(names[0]) not in OF_ROWS or len(names) == 1:
        raise text.refuse(
            "have as many fields as the rows",
            f"{len(names):,} for {n_numbers + 1:,}, of which the last is empty in all rows",
            "name the first column 'gene' if rows end in a separator, or write NA if the last "
            "sample has no values",
            line=line,
        )
    return [*names[1:], ""]  # each row ends in a separator
