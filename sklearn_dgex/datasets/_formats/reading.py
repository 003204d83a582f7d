"""Files of expression, read by what they hold and written by what they are called."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np

from sklearn_dgex.datasets._formats.delimited import read_delimited, write_delimited
from sklearn_dgex.datasets._formats.gct import read_gct, write_gct
from sklearn_dgex.datasets._formats.gctx import read_gctx, write_gctx
from sklearn_dgex.datasets._formats.h5ad import read_h5ad, write_h5ad
from sklearn_dgex.datasets._formats.hdf5.file import MAGIC, HDF5File
from sklearn_dgex.datasets._formats.limits import check_file
from sklearn_dgex.datasets._formats.precision import converted
from sklearn_dgex.datasets._formats.series_matrix import read_series_matrix
from sklearn_dgex.datasets._formats.table import ExpressionTable, as_table, table_of, values_of
from sklearn_dgex.datasets._formats.text.file import GZIP_MAGIC, TextFile
from sklearn_dgex.datasets._formats.text.numbers import check_dtype
from sklearn_dgex.utils.genes import listed

EXTENSIONS = {
    ".gct": "gct",
    ".gctx": "gctx",
    ".h5ad": "h5ad",
    ".csv": "delimited",
    ".tsv": "delimited",
    ".txt": "delimited",
}
OTHER_KINDS = {b"PK\x03\x04": "an Excel or zip file", b"PAR1": "a Parquet file"}
READERS = {
    "gct": read_gct,
    "gctx": read_gctx,
    "delimited": read_delimited,
    "series_matrix": read_series_matrix,
    "h5ad": read_h5ad,
}


def read_expression(path, *, format=None, genes="rows", dtype=np.float32) -> ExpressionTable:
    r"""Read expression values from a file of any format that is known.

    Parameters
    ----------
    path : str or path-like
        GCT, GCTX, CSV, TSV, a series matrix of GEO, or h5ad. Text may be gzipped.
    format : {"gct", "gctx", "delimited", "series_matrix", "h5ad"} or None, default=None
        None tells the format by what is in the file, and by its name where that leaves it open.
    genes : {"rows", "columns"}, default="rows"
        Where a CSV or TSV file has its genes; the other formats say so themselves.
    dtype : dtype, default=numpy.float32
        Type of the values. float32 keeps 7 digits, as expression is measured to; float64 is for
        counts above 16,777,216.

    Returns
    -------
    ExpressionTable
        Samples × genes, and what the file says of both.

    Raises
    ------
    ValueError, OSError
        If the file is of no known format or is damaged; the message names the place.
    ImportError
        If GCTX needs h5py, or h5ad anndata, and it is not installed.

    See Also
    --------
    open_expression : The same files as an array on disk.

    Notes
    -----
    A file takes at most four times its size of memory, and some 64 MB. A gzipped one counts as
    what it expands to, which may be 100 times its size; more is refused. So is a file whose names
    would take far more memory than the file, as in a table of a million rows of a few characters.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_dgex.datasets import read_expression
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "counts.csv"
    >>> _ = path.write_text("gene,s1,s2\nTP53,7.5,8\nMARCH1,6,NA\n")
    >>> read_expression(path).expression
        TP53  MARCH1
    s1   7.5     6.0
    s2   8.0     NaN
    >>> folder.cleanup()
    """
    format = format or format_of(path)
    if format not in READERS:
        raise ValueError(
            f"The 'format' parameter must be one of {listed(list(READERS))}. Got {format!r} "
            "instead."
        )
    options = {"genes": genes} if format == "delimited" else {}
    return READERS[format](path, dtype=dtype, **options)


def write_expression(table, path, *, genes="rows", dtype=None) -> None:
    """Write expression values in the format that the file's name ends in.

    Parameters
    ----------
    table : ExpressionTable, or frame of shape (n_samples, n_genes)
        A frame has no metadata.
    path : str or path-like
        Ends in .gct, .gctx, .csv, .tsv, .txt or .h5ad; text also in .gz after that. A file that is
        there is replaced once the new one is whole.
    genes : {"rows", "columns"}, default="rows"
        Where a CSV or TSV file is to have its genes.
    dtype : dtype or None, default=None
        Type to write, float32 or float64. None is that of the table, so that nothing is lost.

    Raises
    ------
    ValueError
        If the name ends otherwise, the table cannot be written, or its values do not fit into
        ``dtype``.
    OSError
        If the file cannot be written.

    See Also
    --------
    expression_writer : The same in blocks of samples, for what does not fit into memory.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from sklearn_dgex.datasets import read_expression, write_expression
    >>> folder = tempfile.TemporaryDirectory()
    >>> frame = pd.DataFrame({"TP53": [7.5, 8.0], "MYC": [6.0, 5.5]}, index=["s1", "s2"])
    >>> write_expression(frame, f"{folder.name}/small.csv.gz")
    >>> read_expression(f"{folder.name}/small.csv.gz").expression
        TP53  MYC
    s1   7.5  6.0
    s2   8.0  5.5
    >>> folder.cleanup()
    """
    format = format_to_write(path)
    if dtype is not None:
        table = as_table(table)
        values = converted(values_of(table), check_dtype(dtype), "Values to write")
        table = table_of(values, table.samples, table.genes)
    if format == "delimited":
        write_delimited(table, path, genes=genes)
    else:
        {"gct": write_gct, "gctx": write_gctx, "h5ad": write_h5ad}[format](table, path)


def format_to_write(path) -> str:
    """Format that the end of a file's name stands for."""
    name = Path(path).name.lower()
    format = EXTENSIONS.get(Path(name.removesuffix(".gz")).suffix)
    if format is None or (name.endswith(".gz") and format in ("gctx", "h5ad")):
        raise ValueError(
            "The name of a file of expression must end in .gct, .gctx, .csv, .tsv, .txt or .h5ad, "
            f"and text may end in .gz after that. Got {Path(path).name!r} instead."
        )
    return format


def format_of(path) -> str:
    """Format of a file by what is in it; where that leaves it open, by its name."""
    path = check_file(path)
    with path.open("rb") as stream:
        start = stream.read(len(MAGIC))
    if start == MAGIC:
        return _hdf5_format(path)
    kind = next((kind for magic, kind in OTHER_KINDS.items() if start.startswith(magic)), None)
    if kind is not None:
        raise ValueError(
            f"The file {str(path)!r} must be GCT, GCTX, CSV, TSV, a series matrix or h5ad. Got "
            f"{kind} instead; save it as CSV."
        )
    if start.startswith(GZIP_MAGIC) and _gunzipped_start(path) == MAGIC:
        raise ValueError(
            f"An HDF5 file such as GCTX or h5ad must be unpacked. Got {str(path)!r} instead, which "
            "is gzipped; run gunzip on it first."
        )
    named = EXTENSIONS.get(Path(path.name.lower().removesuffix(".gz")).suffix)
    if named in ("gctx", "h5ad") and not start.startswith(b"#1."):
        return named
    with TextFile(path) as text:
        line = (text.next_line() or b"").lstrip(b'"')
    if line.rstrip() in (b"#1.2", b"#1.3"):
        return "gct"
    if line.startswith((b"!Series_", b"!Sample_", b"!series_matrix")):
        return "series_matrix"
    return named or "delimited"


def _gunzipped_start(path: Path) -> bytes:
    try:
        with gzip.open(path) as stream:
            return stream.read(len(MAGIC))
    except (OSError, EOFError, zlib.error):
        return b""  # the reader of text says what is wrong


def _hdf5_format(path: Path) -> str:
    with HDF5File(path) as file:
        groups = file.names("")
    if "0" in groups:
        return "gctx"
    if {"obs", "var"} <= set(groups):
        return "h5ad"
    raise ValueError(
        f"The HDF5 file {str(path)!r} must have a group '0', as GCTX, or 'obs' and 'var', as h5ad. "
        f"Got {listed(groups) or 'none'} instead."
    )
