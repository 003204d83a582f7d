"""Tables that are read by rows, as they are asked for: files larger than the memory."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from numbers import Integral

import numpy as np
import pandas as pd

FLOATS = (np.dtype(np.float64), np.dtype(np.float32))
BLOCK_BYTES = 32 << 20
MOST_BLOCKS = 8  # that what a table stores together may be as large as


def is_on_disk(table, what: str | None = None) -> bool:
    """Whether a table is read as it is indexed: a memory map, or one of HDF5, zarr, dask, GCTX.

    These have ``chunks``, if only to say that there are none. Frames, lists and arrays in memory
    are not, nor is anything that holds no numbers or has not two axes. ``what`` the table holds,
    such as "landmark", is for errors.

    Raises
    ------
    ValueError
        If a dask array does not know its shape.
    OSError
        If the table's file is closed.

    Examples
    --------
    >>> import numpy as np
    >>> is_on_disk(np.ones((2, 3)))
    False
    """
    if isinstance(table, np.ndarray):
        return isinstance(table, np.memmap) and table.ndim == 2 and table.dtype.kind in "fiub"
    with _named_errors(f"The {_name(table, what)} can't be read"):
        if not hasattr(table, "chunks") or hasattr(table, "iloc"):
            return False
        dtype, shape = getattr(table, "dtype", None), getattr(table, "shape", ())
    if not isinstance(dtype, np.dtype) or dtype.kind not in "fiub" or len(shape) != 2:
        return False
    if not all(isinstance(n, Integral) for n in shape):
        raise ValueError(
            f"The {_name(table, what)} must have known numbers of samples and genes. Got the shape "
            f"{shape} instead; call the array's compute_chunk_sizes() first."
        )
    return True


def loaded(table, what: str | None = None):
    """Read a table on disk, as a frame if its genes have names; return others as they are."""
    if not is_on_disk(table, what):
        return table
    rows = Rows(table, what=what)
    return rows.named(rows[:])


class Rows:
    """Read a table by slices of rows, each as an array of its own in memory.

    Parameters
    ----------
    table : array-like of shape (n, p)
        Sliced as numpy arrays are.
    columns : list of int, default=None
        Which columns, and in which order; None is all of them as they stand.
    what : str, default=None
        What the table holds, such as "landmark", for errors; None says of what kind it is.
    part_of : str, default=None
        What the table is a part of, such as "training data", for errors.

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

    def __init__(
        self,
        table,
        columns: list[int] | None = None,
        *,
        what: str | None = None,
        part_of: str | None = None,
    ):
        self.table, self.columns, self.what, self.part_of = table, columns, what, part_of
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

    def reordered(self, columns: list[int]) -> Rows:
        """Return rows of the same table, of other columns of it."""
        return Rows(self.table, columns, what=self.what, part_of=self.part_of)

    def blocks(self, n_bytes: int | None = None) -> Iterator[tuple[int, np.ndarray]]:
        """Read all rows, some at a time: the number of the first, and their values.

        What the table stores together comes together, once, where it is at most eight times
        ``n_bytes`` (32 MB). More than that is cut into so many bytes, and so read several times.
        """
        n_rows = max(1, (n_bytes or BLOCK_BYTES) // self._row_bytes)
        n_together = max(1, min(self.n_together, len(self)))
        n_whole = max(1, n_rows // n_together) * n_together
        n_most = MOST_BLOCKS * n_rows
        for start in range(0, len(self), n_whole):
            end = min(start + n_whole, len(self))
            for first in range(start, end, n_most):
                yield first, self[first : min(first + n_most, end)]

    def pieces(self, n_rows: int | None = None) -> Iterator[tuple[int, np.ndarray]]:
        """Read all rows as :meth:`blocks` does, and cut them every ``n_rows``, or every 32 MB.

        So the cuts do not depend on how the table is stored. A piece is not to be kept: it may be
        a view of a block.
        """
        n_rows = n_rows or max(1, BLOCK_BYTES // self._row_bytes)
        first, rest = 0, np.empty((0, self.shape[1]), self.dtype)
        for _, block in self.blocks():
            if len(rest):
                n_missing = n_rows - len(rest)
                rest, block = np.concatenate([rest, block[:n_missing]]), block[n_missing:]
            if len(rest) == n_rows:
                yield first, rest
                first, rest = first + n_rows, rest[:0]
            n_cut = len(block) // n_rows * n_rows
            for start in range(0, n_cut, n_rows):
                yield first, block[start : start + n_rows]
                first += n_rows
            if n_cut < len(block):
                rest = block[n_cut:].copy()
            del block  # while the next one is read
        if len(rest):
            yield first, rest

    def __getitem__(self, rows: slice) -> np.ndarray:
        first, stop, _ = rows.indices(len(self))
        whose = "" if self.part_of is None else f" of the {self.part_of}"
        with _named_errors(
            f"The samples {first} to {stop - 1}{whose} can't be read from "
            f"the {_name(self.table, self.what)}"
        ):
            values = self._read(rows)
            if len(values) != max(0, stop - first):
                raise ValueError(f"{len(values)} of them are left")
        return values

    def _read(self, rows: slice) -> np.ndarray:
        part = self.table[rows]
        if self._map is not None:
            self._map.expect(part)
        values = np.array(part, dtype=self.dtype, order="C")
        if self._map is not None:
            self._map.let_go(part)
        # Not by an index, after which columns would lie together, and sums be rounded otherwise.
        return values if self.columns is None else values.take(self.columns, axis=1)

    @property
    def _row_bytes(self) -> int:
        return max(1, self.shape[1] * self.dtype.itemsize)

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        values = self[:]
        return values if dtype is None else values.astype(dtype, copy=False)


def _name(table, what: str | None) -> str:
    if what is not None:
        return f"{what} table"
    kind = type(table)
    return f"table of type {kind.__module__.partition('.')[0]}.{kind.__name__}"


@contextmanager
def _named_errors(what_failed: str):
    """Turn what reading raises, of a kind of each file format's own, into one OSError."""
    try:
        yield
    except MemoryError:  # which is not the file's fault
        raise
    except Exception as error:
        cause = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise OSError(
            f"{what_failed} ({cause}); keep its file open, and as it is, until all has been read, "
            "and make or download a damaged one again."
        ) from error


def _rows_of_a_chunk(table) -> int:
    """First length of the chunks: h5py and zarr have one a dimension, dask one a chunk."""
    chunks = getattr(table, "chunks", None)
    if not chunks:
        return 1
    first = chunks[0]
    return int(max(first) if isinstance(first, tuple) else first)


class _MappedPages:
    """Pages of a memory map, which count as this process's memory once they were read.

    Read ahead before, and let go of after, they stay in the system's cache alone. Rows whose values
    lie apart, as of the transpose of genes × samples, are not read ahead: from the first to the
    last of a slice's values there is most of the file.
    """

    def __init__(self, table: np.memmap):
        base = table
        while isinstance(base, np.ndarray) and base.base is not None:
            base = base.base
        # Of a private map (mode "c"), pages that were written to exist nowhere else.
        shared = table.mode in ("r", "r+", "w+") and isinstance(base, mmap.mmap)
        self.pages = base if shared and hasattr(base, "madvise") else None
        steps = zip(table.shape[1:], table.strides[1:], strict=True)
        row_bytes = table.itemsize + sum((n - 1) * abs(step) for n, step in steps)
        self.rows_together = table.strides[0] >= row_bytes
        if self.pages is not None:
            self.address = np.frombuffer(base, np.uint8).ctypes.data

    def expect(self, part: np.ndarray) -> None:
        if self.rows_together:
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
