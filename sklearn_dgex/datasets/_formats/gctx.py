"""GCTX, the Connectivity Map's format in HDF5."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sklearn_dgex.datasets._formats.gctx_matrix import (
    BLOCK_BYTES,
    GENES,
    MATRIX,
    SAMPLES,
    GCTXMatrix,
)
from sklearn_dgex.datasets._formats.gctx_writing import LARGEST_WHOLE, gctx_writer
from sklearn_dgex.datasets._formats.hdf5.dataset import VLEN, Dataset
from sklearn_dgex.datasets._formats.hdf5.errors import DamagedError, named_errors
from sklearn_dgex.datasets._formats.hdf5.file import HDF5File
from sklearn_dgex.datasets._formats.hdf5.strings import read_strings
from sklearn_dgex.datasets._formats.metadata import CMAP_MISSING, MISSING, STRINGS, index_of
from sklearn_dgex.datasets._formats.positions import positions
from sklearn_dgex.datasets._formats.table import ExpressionTable, as_table, table_of, values_of
from sklearn_dgex.datasets._formats.text.numbers import check_dtype
from sklearn_dgex.utils.genes import listed


def read_gctx(path, *, samples=None, genes=None, dtype=np.float32) -> ExpressionTable:
    """Read a GCTX file, or some samples and genes of it.

    Parameters
    ----------
    path : str or path-like
        An HDF5 file in the layout of the Connectivity Map.
    samples, genes : array-like or slice, default=None
        Which to read, and in which order: ids, positions or a mask; None is all. The rest of the
        matrix is not loaded.
    dtype : dtype, default=numpy.float32
        Type of the values. float32 keeps 7 digits, as expression is measured to. float64 is for
        counts above 16,777,216, which float32 would change: such are refused.

    Returns
    -------
    ExpressionTable
        Metadata of text stays text and of numbers stays numbers, as stored; "-666", "NA", "nan" and
        an empty string are missing values, and so is the number -666.

    Raises
    ------
    ValueError
        If an id is not in the file, or stands in it several times, a position is not in it, or
        values do not fit into ``dtype``.
    OSError
        If the file is not such a file; the message names the HDF5 dataset.
    ImportError
        If h5py is not installed.

    See Also
    --------
    open_expression : Rows of a file as they are asked for, as training does.

    Notes
    -----
    The matrix is ``/0/DATA/0/matrix``, stored samples × genes. Ids of genes are in
    ``/0/META/ROW/id`` and of samples in ``/0/META/COL/id``, with one dataset for each field of
    metadata beside them. Links out of the file are not followed, and a matrix that claims far more
    than the file holds is refused: if gzipped, more than 100 times what is stored.

    References
    ----------
    Enache, O. M. et al. (2019). The GCTx format and cmap{Py, R, M, J} packages: resources for
    optimized storage and integrated traversal of annotated dense matrices. Bioinformatics 35,
    1427-1429.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_dgex.datasets import make_expression, read_gctx, write_gctx
    >>> folder = tempfile.TemporaryDirectory()
    >>> X, _ = make_expression(3, n_landmarks=4, n_targets=1, as_frame=True, random_state=0)
    >>> write_gctx(X, f"{folder.name}/small.gctx")
    >>> table = read_gctx(f"{folder.name}/small.gctx", genes=["L0003", "L0001"])
    >>> table
    ExpressionTable: 3 samples × 2 genes, float32
      samples: 'S0001', 'S0002', 'S0003'
      genes: 'L0003', 'L0001'
    >>> table.expression.equals(X[["L0003", "L0001"]])
    True
    >>> folder.cleanup()
    """
    dtype = check_dtype(dtype)
    with HDF5File(path) as file:
        about_samples, about_genes, matrix = read_parts(file)
        rows = _chosen(samples, about_samples.index, "samples")
        columns = _chosen(genes, about_genes.index, "genes")
        with named_errors(file.path, f"The dataset '/{MATRIX}'"):
            values = matrix.take(rows, columns, dtype)
    return table_of(values, about_samples.iloc[rows], about_genes.iloc[columns])


def write_gctx(table, path, *, dtype=None, compression=None) -> None:
    """Write expression values as GCTX, which the Connectivity Map's tools read too.

    Parameters
    ----------
    table : ExpressionTable, or frame of shape (n_samples, n_genes)
        A frame has no metadata.
    path : str or path-like
        A file that is there is replaced once the new one is whole.
    dtype : dtype or None, default=None
        Type to write, float32 or float64. None is that of the table, and float64 if it has no
        floats, so that nothing is lost.
    compression : int or None, default=None
        Level of gzip from 1 to 9. None stores the matrix in one piece, which is read much faster;
        measured values shrink little.

    Raises
    ------
    ValueError
        If a parameter is out of range, values do not fit into ``dtype``, or text has a NUL in it.
    OSError
        If the file cannot be written.
    ImportError
        If h5py is not installed.

    See Also
    --------
    expression_writer : The same in blocks of samples.

    Notes
    -----
    Missing text is written as -666, as the Connectivity Map does, and a missing number as NaN. True
    is written 1. A field of metadata called "id" becomes "id.1", for "id" holds the ids.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from sklearn_dgex.datasets import read_gctx, write_gctx
    >>> folder = tempfile.TemporaryDirectory()
    >>> frame = pd.DataFrame({"TP53": [7.5, 8.0], "MYC": [6.0, 5.5]}, index=["s1", "s2"])
    >>> write_gctx(frame, f"{folder.name}/small.gctx", dtype="float32")
    >>> read_gctx(f"{folder.name}/small.gctx").expression
        TP53  MYC
    s1   7.5  6.0
    s2   8.0  5.5
    >>> folder.cleanup()
    """
    table = as_table(table)
    values = values_of(table)
    dtype = values.dtype if dtype is None else dtype
    with gctx_writer(path, table.samples, table.genes, dtype, compression) as writer:
        n_rows = max(1, BLOCK_BYTES // max(1, 4 * table.shape[1]))
        for start in range(0, len(values), n_rows):
            writer.write(values[start : start + n_rows])


def read_parts(file: HDF5File) -> tuple[pd.DataFrame, pd.DataFrame, GCTXMatrix]:
    """Metadata of samples and genes, and the matrix, of which nothing is loaded yet."""
    stored = file.dataset(MATRIX)
    with named_errors(file.path, f"The dataset '/{MATRIX}'"):
        matrix = GCTXMatrix(stored)
    about_samples = _read_metadata(file, SAMPLES, matrix.shape[0])
    return about_samples, _read_metadata(file, GENES, matrix.shape[1]), matrix


def _read_metadata(file: HDF5File, group: str, n_expected: int) -> pd.DataFrame:
    index, columns = None, {}
    known: dict[int, pd.Series] = {}  # by the address, for a dataset may have several names
    for name in ["id", *(name for name in file.names(group) if name != "id")]:
        dataset = file.dataset(f"{group}/{name}")
        with named_errors(file.path, f"The dataset '/{group}/{name}'"):
            if index is None:
                index = index_of(map(str, _read_field(dataset, n_expected)))
                continue
            if dataset.address in known:
                file.spend(known[dataset.address].nbytes, f"{n_expected:,} values again")
            else:
                known[dataset.address] = _column(_read_field(dataset, n_expected), index)
            columns[name] = known[dataset.address]
    return pd.DataFrame(columns, index=index)


def _read_field(dataset: Dataset, n_expected: int) -> list[str] | np.ndarray:
    if dataset.shape not in ((n_expected,), (n_expected, 1), (1, n_expected)):
        raise DamagedError(
            f"have {n_expected:,} values, as the matrix has. Got the shape {dataset.shape} instead"
        )
    if dataset.dtype == VLEN or dataset.dtype.kind == "S":
        return read_strings(dataset)
    dataset.file.spend(max(8, dataset.dtype.itemsize) * n_expected, f"{n_expected:,} numbers")
    return dataset.read().ravel()


def _column(values, index: pd.Index) -> pd.Series:
    if isinstance(values, list):
        return pd.Series(
            [np.nan if v in MISSING else v for v in values], index=index, dtype=STRINGS
        )
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    is_missing = values == int(CMAP_MISSING)
    if not is_missing.any():
        return pd.Series(values, index=index)
    if values.dtype.kind == "i" and np.abs(values).max() > LARGEST_WHOLE:
        # as floats, which have a missing value, they would be rounded
        texts = [
            np.nan if gap else str(value)
            for value, gap in zip(values.tolist(), is_missing, strict=True)
        ]
        return pd.Series(texts, index=index, dtype=STRINGS)
    return pd.Series(np.where(is_missing, np.nan, values), index=index)


def _chosen(key, index: pd.Index, what: str) -> np.ndarray:
    """Positions in ``index`` of what was asked for by id, position or mask."""
    if key is None:
        return np.arange(len(index))
    given = np.asarray(key)
    if not given.ndim and not isinstance(key, slice):
        raise ValueError(
            f"The {what!r} parameter must be a list or a slice. Got {key!r} alone instead; pass "
            f"[{key!r}]."
        )
    if given.ndim == 1 and given.size and given.dtype.kind not in "biu":
        return _named(list(map(str, given)), index, what)
    try:
        return positions(key, len(index), f"The {what!r} parameter")
    except IndexError as error:
        raise ValueError(str(error)) from None


def _named(ids: list[str], index: pd.Index, what: str) -> np.ndarray:
    """Positions of ids, each of which must be there once."""
    wanted = index[index.isin(ids)]
    there = set(wanted)
    unknown = [name for name in dict.fromkeys(ids) if name not in there]
    if unknown or wanted.has_duplicates:
        repeated = list(map(str, wanted[wanted.duplicated()]))
        raise ValueError(
            f"The {what!r} parameter must name {what} that the file has once. Got "
            f"{len(unknown)} unknown ({listed(unknown)}) and {len(repeated)} that it repeats "
            f"({listed(repeated)}); choose others, or choose by position."
        )
    return index.get_indexer(ids)
