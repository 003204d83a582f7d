"""Profiles of a file as an array that is read as it is asked for."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from sklearn_dgex.datasets._formats.gctx import MATRIX, read_parts
from sklearn_dgex.datasets._formats.hdf5.errors import named_errors
from sklearn_dgex.datasets._formats.hdf5.file import HDF5File
from sklearn_dgex.datasets._formats.limits import SPARE, check_file
from sklearn_dgex.datasets._formats.positions import positions
from sklearn_dgex.datasets._formats.reading import format_of, read_expression
from sklearn_dgex.datasets._formats.text.numbers import check_dtype
from sklearn_dgex.exceptions import GeneMismatchError
from sklearn_dgex.utils.genes import check_unique_genes, listed


def open_expression(path, *, format=None, genes="rows", dtype=np.float32) -> ExpressionSource:
    """Open a file of expression values as an array of samples × genes on disk.

    From a GCTX file only the rows that are asked for are read, so it may be far larger than the
    memory. Any other file is loaded once, whole.

    Parameters
    ----------
    path : str or path-like
        As for :func:`read_expression`.
    format : {"gct", "gctx", "delimited", "series_matrix", "h5ad"} or None, default=None
        As for :func:`read_expression`.
    genes : {"rows", "columns"}, default="rows"
        Where a CSV or TSV file has its genes.
    dtype : dtype or None, default=numpy.float32
        Type of the rows that are handed out, float32 or float64. float32 keeps 7 digits; counts
        above 16,777,216, which it would change, need float64. None loses nothing: it is float32 for
        a GCTX file of such values, else float64.

    Returns
    -------
    ExpressionSource
        Close it, or use it in a ``with`` block.

    Raises
    ------
    ValueError, OSError
        As :func:`read_expression` does.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from sklearn_dgex.datasets import open_expression, write_expression
    >>> folder = tempfile.TemporaryDirectory()
    >>> frame = pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], index=["s1", "s2"], columns=["TP53", "MYC"])
    >>> write_expression(frame, f"{folder.name}/small.gct")
    >>> with open_expression(f"{folder.name}/small.gct") as source:
    ...     print(source.shape, list(source.genes.index))
    ...     print(source[[1, 0], 1])
    (2, 2) ['TP53', 'MYC']
    [4. 2.]
    >>> folder.cleanup()
    """
    dtype = None if dtype is None else check_dtype(dtype)
    recipe = (os.path.abspath(Path(path).expanduser()), format, genes)
    if (format or format_of(path)) != "gctx":
        dtype = dtype or np.dtype(np.float64)
        table = read_expression(path, format=format, genes=genes, dtype=dtype)
        values = table.expression.to_numpy()
        if 2 * values.nbytes <= 4 * check_file(path).stat().st_size + SPARE:
            values = np.ascontiguousarray(values)  # rows are then read much quicker
        return ExpressionSource(_Loaded(values), table.samples, table.genes, (*recipe, dtype))
    file = HDF5File(path)
    try:
        samples, about_genes, matrix = read_parts(file)
    except BaseException:
        file.close()
        raise
    recipe = (*recipe, dtype or matrix.precision)
    return ExpressionSource(matrix, samples, about_genes, recipe, file)


class ExpressionSource:
    """Profiles on disk that can be indexed, and streamed, like an array.

    Made by :func:`open_expression`.

    Parameters
    ----------
    matrix : object
        Its ``take(rows, columns, dtype)`` reads values at positions of samples and genes.
    samples, genes : frame
        Metadata by sample id and by gene id.
    recipe : tuple of path, format, genes and dtype
        Arguments of :func:`open_expression`, to open the file again by.
    file : HDF5File, default=None
        The open file, for :meth:`close`; None where the values are in memory.

    Attributes
    ----------
    samples, genes : frame
        Metadata by sample id and by gene id.
    shape : tuple of int
        Numbers of samples and genes.
    dtype : dtype
        Of the values that are handed out.
    ndim : int
        2.
    chunks : None
        A file's own chunks, if it has any, are handled by the reader.

    Notes
    -----
    ``source[rows]`` and ``source[rows, columns]`` return an array of samples × genes. An index may
    be an int, a slice, a mask, or integers in any order and repeated. Rows and columns are chosen
    one by the other: ``source[[0, 1], [2, 3]]`` has four values, where numpy has two. Rows are read
    in the order of the file and put into the order asked for. A source can be pickled, and opens
    its file again where it is loaded.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from sklearn_dgex.datasets import open_expression, write_expression
    >>> folder = tempfile.TemporaryDirectory()
    >>> frame = pd.DataFrame({"TP53": [7.5, 8.0, 6.5], "MYC": [6.0, 5.5, 5.0]}, index=list("abc"))
    >>> write_expression(frame, f"{folder.name}/small.gctx")
    >>> with open_expression(f"{folder.name}/small.gctx") as source:
    ...     print(source.shape, source.dtype, source[[2, 0]].tolist())
    (3, 2) float32 [[6.5, 5.0], [7.5, 6.0]]
    >>> folder.cleanup()
    """

    ndim, chunks = 2, None

    def __init__(
        self, matrix, samples: pd.DataFrame, genes: pd.DataFrame, recipe, file=None
    ) -> None:
        self.samples, self.genes = samples, genes
        self.shape = (len(samples), len(genes))
        self.dtype = recipe[-1]
        self._matrix, self._recipe, self._file = matrix, recipe, file

    def select(self, genes) -> ExpressionSource:
        """Return a view of some genes, in the order given, on the same open file.

        Parameters
        ----------
        genes : sequence of str
            Ids out of ``genes.index``.

        Returns
        -------
        ExpressionSource
            Closing either closes the file for both.

        Raises
        ------
        GeneMismatchError
            If an id is unknown or stands twice.

        Examples
        --------
        >>> import tempfile
        >>> from sklearn_dgex.datasets import make_expression, open_expression, write_expression
        >>> folder = tempfile.TemporaryDirectory()
        >>> X, _ = make_expression(9, n_landmarks=4, n_targets=2, as_frame=True, random_state=0)
        >>> write_expression(X, f"{folder.name}/small.gct")
        >>> with open_expression(f"{folder.name}/small.gct") as source:
        ...     print(source.select(list(X.columns[2:])).shape)
        (9, 2)
        >>> folder.cleanup()
        """
        genes = np.asarray(list(genes), dtype=object)
        check_unique_genes(genes, what="selected")
        places = self.genes.index.get_indexer(genes)
        if (places < 0).any():
            unknown = list(genes[places < 0])
            raise GeneMismatchError(
                f"The genes to select must be of the file {self._recipe[0]!r}. Got {len(unknown)} "
                f"others ({listed(unknown)}); choose among the index of its 'genes'."
            )
        return _SelectedGenes(self, genes, places)

    @property
    def size(self) -> int:
        """Number of values."""
        return self.shape[0] * self.shape[1]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key) -> np.ndarray:
        rows, columns = _two_keys(key)
        if self._matrix is None:
            raise ValueError(
                f"The file {self._recipe[0]!r} must be open. Got a closed one instead."
            )
        wanted = [positions(k, n) for k, n in zip((rows, columns), self.shape, strict=True)]
        with named_errors(self._recipe[0], f"The dataset '/{MATRIX}'"):
            values = self._matrix.take(*map(np.atleast_1d, wanted), self.dtype)
        dropped = tuple(axis for axis, place in enumerate(wanted) if not place.ndim)
        return values.squeeze(dropped)[()] if dropped else values

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        if copy is False:
            raise ValueError(
                "The values are read from a file, so they cannot be had uncopied. Got copy=False; "
                "leave it out."
            )
        values = self[:]
        return values if dtype is None else values.astype(dtype, copy=False)

    def __reduce__(self):
        path, format, genes, dtype = self._recipe
        return _open_again, (path, format, genes, dtype.name)

    def __enter__(self) -> ExpressionSource:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        self._matrix = None
        if self._file is not None:
            self._file.close()
            self._file = None

    def __repr__(self) -> str:
        n_samples, n_genes = self.shape
        where = "on disk" if self._file is not None else "in memory"
        where = "closed" if self._matrix is None else where
        return (
            f"<ExpressionSource {self._recipe[0]!r}: {n_samples:,} samples × {n_genes:,} genes, "
            f"{self.dtype.name}, {where}>"
        )


class _SelectedGenes(ExpressionSource):
    """Some genes of a source, which it asks for them."""

    def __init__(self, source: ExpressionSource, ids: np.ndarray, places: np.ndarray) -> None:
        super().__init__(self, source.samples, source.genes.iloc[places], source._recipe)
        self._source, self._ids, self._places = source, ids, places

    def take(self, rows: np.ndarray, columns: np.ndarray, dtype) -> np.ndarray:
        return self._source[rows, self._places[columns]].astype(dtype, copy=False)

    def __reduce__(self):
        return _select_again, (self._source, list(self._ids))

    def close(self) -> None:
        self._source.close()
        self._matrix = None


class _Loaded:
    """A matrix in memory."""

    def __init__(self, values: np.ndarray) -> None:
        self._values = values

    def take(self, rows: np.ndarray, columns: np.ndarray, dtype) -> np.ndarray:
        if len(columns) == self._values.shape[1] and (columns == np.arange(len(columns))).all():
            return self._values[rows].astype(dtype, copy=False)
        return self._values[np.ix_(rows, columns)].astype(dtype, copy=False)


def _open_again(path, format, genes, dtype):
    return open_expression(path, format=format, genes=genes, dtype=dtype)


def _select_again(source, genes):
    return source.select(genes)


def _two_keys(key) -> tuple:
    keys = key if isinstance(key, tuple) else (key,)
    if any(k is Ellipsis for k in keys):
        place = next(i for i, k in enumerate(keys) if k is Ellipsis)
        n_left_out = 3 - len(keys)
        keys = (*keys[:place], *[slice(None)] * n_left_out, *keys[place + 1 :])
    if len(keys) > 2 or any(k is None for k in keys):
        raise IndexError(
            "An index of expression must be of rows, or of rows and columns. Got "
            f"{len(keys)} instead."
        )
    return (*keys, *[slice(None)] * (2 - len(keys)))
