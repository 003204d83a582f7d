"""Series matrix files of the Gene Expression Omnibus."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from sklearn_dgex.datasets._formats.limits import STRING_COST
from sklearn_dgex.datasets._formats.metadata import index_of, typed_frame, unique_names
from sklearn_dgex.datasets._formats.table import ExpressionTable, table_of
from sklearn_dgex.datasets._formats.text.fields import QUOTE, RowFormat, read_header, split_quoted
from sklearn_dgex.datasets._formats.text.file import TextFile, shown
from sklearn_dgex.datasets._formats.text.numbers import check_dtype
from sklearn_dgex.datasets._formats.text.rows import read_rows
from sklearn_dgex.utils.genes import listed

BEGIN, END = b"!series_matrix_table_begin", b"!series_matrix_table_end"
NEXT_FIELDS = (b"!Series_", b"!Sample_", b"!series_matrix", b'"!S')  # beginnings of lines
TAB = b"\t"
KEYED = ("characteristics", "relation")  # fields of the form "key: value"


def read_series_matrix(path, *, dtype=np.float32) -> ExpressionTable:
    r"""Read a series matrix file, as GEO offers for every series of arrays.

    Parameters
    ----------
    path : str or path-like
        Text, gzipped or not.
    dtype : dtype, default=numpy.float32
        Type of the values, float32 or float64. float32 keeps seven digits; whole numbers above
        16,777,216 that it does not have are refused.

    Returns
    -------
    ExpressionTable
        The ids of samples are GEO's (GSM…), those of genes the platform's: probes, for most arrays.
        The metadata of samples are the ``!Sample_`` rows; a characteristic "cell line: A375" is the
        value "A375" of the column "cell line". Where "status" is a characteristic and another
        field too, or one of both channels, it is "status (ch1)". Genes have none.

    Raises
    ------
    ValueError, OSError
        If the file is not such a file; the message names the line and the column.

    Notes
    -----
    Samples that the table has in another order than ``!Sample_geo_accession`` are matched by their
    accessions. A line break within a quoted field becomes a space. Text that is not UTF-8 is taken
    for Latin-1.

    Series of sequencing have a series matrix without values: their counts are in supplementary
    files. It is refused.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_dgex.datasets import read_series_matrix
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "GSE1_series_matrix.txt"
    >>> rows = [
    ...     "!Sample_geo_accession\tGSM1\tGSM2",
    ...     "!Sample_characteristics_ch1\tcell line: A375\tcell line: MCF7",
    ...     "!series_matrix_table_begin",
    ...     "ID_REF\tGSM1\tGSM2",
    ...     "200814_at\t7.5\t8",
    ...     "!series_matrix_table_end",
    ... ]
    >>> _ = path.write_text("\n".join(rows))
    >>> table = read_series_matrix(path)
    >>> table.expression
          200814_at
    GSM1        7.5
    GSM2        8.0
    >>> table.samples["cell line"].to_dict()
    {'GSM1': 'A375', 'GSM2': 'MCF7'}
    >>> folder.cleanup()
    """
    dtype = check_dtype(dtype)
    with TextFile(path) as text:
        about = _read_about_samples(text)
        header = text.next_line()
        if header is None:
            raise text.refuse("name the samples", "the end of the file", "download it again")
        samples = read_header(text, header, TAB)[1:]
        order = _check_samples(text, about, samples)
        form = RowFormat(1, len(samples), TAB, quoted=True)
        (ids,), values, _ = read_rows(text, form, dtype, stop=END)
        if not ids:
            raise text.refuse(
                "have values in its table",
                "none",
                "of a series of sequencing, download the counts from its supplementary files",
            )
    rows = [(row.field, [row.cells[i] for i in order]) for row in about]
    fields = typed_frame(_columns(rows), index_of(samples))
    return table_of(values.T, fields, typed_frame({}, index_of(ids)))


class _About(NamedTuple):
    """A row of what is said of the samples. A field may have several rows."""

    line: int
    field: str
    cells: list[str]


def _read_about_samples(text: TextFile) -> list[_About]:
    """Read up to the table: the rows about samples."""
    rows, n_bytes = [], 0
    while (line := text.next_line()) is not None and not line.startswith(BEGIN):
        if line and not line.startswith((b"!", b'"!')):
            raise text.refuse(
                "begin with '!', as all lines above the table do",
                shown(line),
                "check that it is a series matrix file",
            )
        number = text.n_lines
        is_about_samples = line.startswith((b"!Sample_", b'"!Sample_'))
        line = _with_its_end(text, line, is_about_samples)
        if is_about_samples:
            n_bytes += STRING_COST * (line.count(TAB) + 5)
            text.check_memory(n_bytes, "metadata of samples", number)
            name, *cells = map(_text_of, split_quoted(text, line, TAB, number))
            rows.append(_About(number, name.removeprefix("!Sample_"), cells))
    if line is None:
        raise text.refuse(
            f"be followed by '{BEGIN.decode()}'", "the end of the file", "download it again"
        )
    return rows


def _with_its_end(text: TextFile, line: bytes, is_wanted: bool) -> bytes:
    """Line with those after it that a quoted field goes on in, joined by spaces if they matter."""
    parts, n_quotes = [line], line.count(QUOTE)
    while n_quotes % 2:
        more = text.next_line()
        if more is None:
            break
        if more.startswith(NEXT_FIELDS):  # the quote was a mark of inches, or a line is lost
            text.put_back(more)
            break
        if is_wanted:
            parts.append(more)
            text.check_memory(STRING_COST * len(parts), "a field of many lines")
        n_quotes += more.count(QUOTE)
    return b" ".join(parts)


def _text_of(cell: bytes) -> str:
    """Text in UTF-8, or as submitters of old wrote it; only metadata is ever in the latter."""
    try:
        return cell.decode("utf-8")
    except UnicodeDecodeError:
        return cell.decode("latin-1")


def _check_samples(text: TextFile, about: list[_About], samples: list[str]) -> list[int]:
    """Positions in the rows of metadata of the samples that the table has."""
    for row in about:
        if len(row.cells) != len(samples):
            raise text.refuse(
                f"have a value for each of {len(samples):,} samples",
                f"{len(row.cells):,} of {row.field}",
                "download it again",
                line=row.line,
            )
    for row in about:
        if row.field == "geo_accession" and row.cells != samples:
            position = {name: i for i, name in enumerate(row.cells)}
            expected = set(samples)
            if len(position) < len(samples) or position.keys() != expected:
                others = [name for name in row.cells if name not in expected]
                raise text.refuse(
                    "name each sample of the table once",
                    f"{len(others)} others ({listed(others) or 'but some twice'})",
                    "download it again",
                    line=row.line,
                )
            return [position[name] for name in samples]
    return list(range(len(samples)))


def _columns(rows: list[tuple[str, list[str]]]) -> dict[str, list[str]]:
    """Columns of metadata; rows of "key: value" cells make one for each of their keys.

    A key that another field has as its name, or another family of rows as its key, is named with
    its family: "status (ch1)".
    """
    names = unique_names(field for field, _ in rows)
    columns: dict[tuple[str, str], list[str]] = {}  # by family and key; by "" and name
    for name, (field, cells) in zip(names, rows, strict=True):
        if not field.startswith(KEYED):
            columns["", name] = cells
            continue
        for i, cell in enumerate(cells):
            # samples need not have their keys in the same row
            key, found, value = cell.partition(": ")
            family, key, value = (field, key, value) if found and key else ("", name, cell)
            if cell:
                column = columns.setdefault((family, key), [""] * len(cells))
                column[i] = f"{column[i]}; {value}" if column[i] else value
    shared = Counter(key for _, key in columns)
    titles = [
        f"{key} ({family.removeprefix('characteristics_')})" if family and shared[key] > 1 else key
        for family, key in columns
    ]
    return dict(zip(unique_names(titles), columns.values(), strict=True))
