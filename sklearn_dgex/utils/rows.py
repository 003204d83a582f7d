"""Tables that are read by rows, as they are asked for: files larger than the memory."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pandas as pd

FLOATS = (np.dtype(np.float64), np.dtype(np.float32))


def is_on_disk(table) -> bool:
    """Whether a table is read as it is indexed: a memory map, or one of HDF5, zarr, dask, GCTX.

    These have ``chunks``, if only to say that there are none. Frames, lists and arrays in memory
    are not, nor is anything that holds no numbers or has not two axes.

    >>> import numpy as np
    >>> is_on_disk(np.ones((2, 3)))
    False
    """
    if isinstance(table, np.ndarray):
        return isinstance(table, np.memmap) and table.ndim == 2 and table.dtype.kind in "fiub"
    if not hasattr(table, "chunks") or hasattr(table, "iloc"):
        return False
    dtype, shape = getattr(table, "dtype", None), getattr(table, "shape", ())
    return isinstance(dtype, np.dtype) and dtype.kind in "fiub" and len(shape) == 2


def loaded(table):
    """Read a table on disk, as a frame if its genes have names; return others as they are."""
    if not is_on_disk(table):
        return table
    rows = Rows(table)
    return rows.named(rows[:])


class Rows:
    """Read a table by slices of rows, each as an array of its own in memory.

    Parameters
    ----------
    table : array-like of shape (n, p)
        Sliced as numpy arrays are.
    columns : list of int, default=None
        Which columns, and in which order; None is all of them as they stand.

    Attributes
    ----------
    shape : tuple of int
        Rows and columns.
    dtype : dtype
        float32 or float64: of the arrays that are handed out.
    n_together : int
        Rows that the table stores together, and that are best read together; 1 where any are.
    """

    ndim = 2

    def __init__(self, table, columns: list[int] | None = None):
        self.table, self.columns = table, columns
        self.shape = (table.shape[0], table.shape[1] if columns is None else len(columns))
        self.dtype = table.dtype if table.dtype in FLOATS else np.dtype(np.float64)
        self.n_together = _rows_of_a_chunk(table)
        self._map = _MappedPages(table) if isinstance(table, np.memmap) else None

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def names(self) -> list[str] | None:
        """Names of the table's genes, if it has any."""
        genes = getattr(self.table, "genes", None)
        return None if genes is None else list(genes.index)

    def named(self, values: np.ndarray) -> np.ndarray | pd.DataFrame:
        """Put the table's names above its values, if it has any."""
        names = self.names
        return values if names is None else pd.DataFrame(values, columns=names, copy=False)

    def first(self) -> np.ndarray | pd.DataFrame:
        """Return the first row alone, for checks of what all rows have in common."""
        return self.named(self[:1])

    def blocks(self, n_bytes: int = 32 << 20) -> Iterator[tuple[int, np.ndarray]]:
        """Read all rows, some at a time: the number of the first, and their values."""
        n_rows = max(1, n_bytes // max(1, self.n_together * self.shape[1] * self.dtype.itemsize))
        for start in range(0, len(self), n_rows * self.n_together):
            yield start, self[start : start + n_rows * self.n_together]

    def __getitem__(self, rows: slice) -> np.ndarray:
        part = self.table[rows]
        if self._map is not None:
            self._map.expect(part)
        values = np.array(part, dtype=self.dtype, order="C")
        if self._map is not None:
            self._map.let_go(part)
        return values if self.columns is None else values[:, self.columns]

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        values = self[:]
        return values if dtype is None else values.astype(dtype, copy=False)


def _rows_of_a_chunk(table) -> int:
    """First length of the chunks: h5py and zarr have one a dimension, dask one a chunk."""
    chunks = getattr(table, "chunks", None)
    if not chunks:
        return 1
    first = chunks[0]
    return int(max(first) if isinstance(first, tuple) else first)


class _MappedPages:
    """Pages of a memory map, which count as this process's memory once they were read.

    Read ahead before, and let go of after, they stay in the system's cache alone.
    """

    def __init__(self, table: np.memmap):
        base = table
        while isinstance(base, np.ndarray) and base.base is not None:
            base = base.base
        # Of a private map (mode "c"), pages that were written to exist nowhere else.
        shared = table.mode in ("r", "r+", "w+") and isinstance(base, mmap.mmap)
        self.pages = base if shared and hasattr(base, "madvise") else None
        if self.pages is not None:
            self.address = np.frombuffer(base, np.uint8).ctypes.data

    def expect(self, part: np.ndarray) -> None:
        self._advise(part, "MADV_WILLNEED")

    def let_go(self, part: np.ndarray) -> None:
        self._advise(part, "MADV_DONTNEED")

    def _advise(self, part: np.ndarray, advice: str) -> None:
        if self.pages is None or part.size == 0:
            return
        low, high = (address - self.address for address in np.lib.array_utils.byte_bounds(part))
        start = low - low % mmap.PAGESIZE
        with suppress(OSError, AttributeError):  # a system may not know it, or not for this file
            self.pages.madvise(getattr(mmap, advice), start, high - start)
