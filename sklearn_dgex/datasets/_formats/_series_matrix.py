"""Series matrix files of the Gene Expression Omnibus."""

from __future__ import annotations

import numpy as np

from sklearn_dgex.datasets._formats._fields import RowFormat, read_header, split_quoted
from sklearn_dgex.datasets._formats._metadata import index_of, typed_frame, unique_names
from sklearn_dgex.datasets._formats._numbers import check_dtype
from sklearn_dgex.datasets._formats._rows import read_rows
from sklearn_dgex.datasets._formats._table import ExpressionTable, table_of
from sklearn_dgex.datasets._formats._text import STRING_COST, TextFile, shown

BEGIN, END = b"!series_matrix_table_begin", b"!series_matrix_table_end"
TAB = b"\t"
KEYED = ("characteristics", "relation")  # fields of the form "key: value"


def read_series_matrix(path, *, dtype=np.float32) -> ExpressionTable:
    """Read a series matrix file, as GEO offers for every series of arrays.

    Parameters
    ----------
    path : str or path-like
        Text, gzipped or not.
    dtype : dtype, default=numpy.float32
        float32 or float64.

    Returns
    -------
    ExpressionTable
        The ids of samples are GEO's (GSM…), those of genes the platform's: probes, for most arrays.
        The metadata of samples are the ``!Sample_`` rows; a characteristic "cell line: A375" is the
        value "A375" of the column "cell line". Genes have none.

    Raises
    ------
    ValueError, OSError
        If the file is not such a file; the message names the line and the column.

    Notes
    -----
    Series of sequencing have a series matrix without values: their counts are in supplementary
    files. It is refused.
    """
    dtype = check_dtype(dtype)
    with TextFile(path) as text:
        fields = _read_sample_fields(text)
        header = text.next_line()
        if header is None:
            raise text.refuse("name the samples", "the end of the file", "download it again")
        samples = read_header(text, header, TAB)[1:]
        form = RowFormat(1, len(samples), TAB, quoted=True)
        (ids,), values = read_rows(text, form, dtype, stop=END)
        if not ids:
            raise text.refuse(
                "have values in its table",
                "none",
                "of a series of sequencing, download the counts from its supplementary files",
            )
    for name, (line, cells) in fields.items():
        if len(cells) != len(samples):
            raise text.refuse(
                f"have a value for each of {len(samples):,} samples",
                f"{len(cells):,} of {name}",
                "download it again",
                line=line,
            )
    about = typed_frame(
        _columns({name: cells for name, (_, cells) in fields.items()}), index_of(samples)
    )
    return table_of(values.T, about, typed_frame({}, index_of(ids)))


def _read_sample_fields(text: TextFile) -> dict[str, tuple[int, list[str]]]:
    """Read up to the table: line and cells of each row of metadata, by a name of its own."""
    names, rows, n_bytes = [], [], 0
    while (line := text.next_line()) is not None and not line.startswith(BEGIN):
        if line and not line.startswith((b"!", b'"!')):
            raise text.refuse(
                "begin with '!', as all lines above the table do",
                shown(line),
                "check that it is a series matrix file",
            )
        if line.startswith((b"!Sample_", b'"!Sample_')):
            n_bytes += STRING_COST * (line.count(TAB) + 5)
            text.check_memory(n_bytes, "metadata of samples")
            name, *cells = map(text.decode, split_quoted(text, line, TAB))
            names.append(name.removeprefix("!Sample_"))
            rows.append((text.n_lines, cells))
    if line is None:
        raise text.refuse(
            f"be followed by '{BEGIN.decode()}'", "the end of the file", "download it again"
        )
    return dict(zip(unique_names(names), rows, strict=True))


def _columns(fields: dict[str, list[str]]) -> dict[str, list[str]]:
    """Columns of metadata; a row of "key: value" cells makes one for each of its keys."""
    columns: dict[str, list[str]] = {}
    for name, cells in fields.items():
        if not name.startswith(KEYED):
            columns.setdefault(name, [""] * len(cells))[:] = cells
            continue
        for i, cell in enumerate(cells):
            # samples need not have their keys in the same row
            key, found, value = cell.partition(": ")
            key, value = (key, value) if found else (name, cell)
            if cell:
                column = columns.setdefault(key, [""] * len(cells))
                column[i] = f"{column[i]}; {value}" if column[i] else value
    return columns
