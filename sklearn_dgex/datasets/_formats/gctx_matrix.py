"""Rows and columns of a matrix on disk, of which only what is asked for is read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sklearn_dgex.datasets._formats.hdf5.dataset import Dataset
from sklearn_dgex.datasets._formats.hdf5.errors import DamagedError
from sklearn_dgex.datasets._formats.precision import converted

# where a GCTX file has what
MATRIX, GENES, SAMPLES = "0/DATA/0/matrix", "0/META/ROW", "0/META/COL"
VERSION = "GCTX1.0"

BLOCK_BYTES = 4 << 20  # of a matrix that are read and converted at once
NARROW = 8  # a stretch of columns below this share of a row is read by itself


class GCTXMatrix:
    """The stored matrix, samples × genes."""

    def __init__(self, stored: Dataset):
        if len(stored.shape) != 2 or stored.dtype.kind not in "fiu":
            raise DamagedError(
                f"be a matrix of numbers. Got {len(stored.shape)} dimensions of "
                f"{stored.dtype.name} instead"
            )
        self.shape = stored.shape
        self._stored = stored
        self._what = f"Values of {str(stored.file.path)!r}"

    @property
    def precision(self) -> np.dtype:
        """float32 where it holds every value that the file can, else float64."""
        return np.dtype("f4" if np.can_cast(self._stored.dtype, "f4") else "f8")

    def take(self, rows: np.ndarray, columns: np.ndarray, dtype) -> np.ndarray:
        """Rows and columns at non-negative positions, in any order and repeated or not."""
        out = np.empty((len(rows), len(columns)), dtype)
        if not out.size:
            return out
        if self._stored.chunks is None:
            self._take_rows(rows, columns, out)
        else:
            self._take_chunks(rows, columns, out)
        return out

    def _take_rows(self, rows, columns, out) -> None:
        """Read rows in the order of the file, those that lie together at once."""
        first, last = int(columns.min()), int(columns.max()) + 1
        if (last - first) * NARROW > self.shape[1]:
            first, last = 0, self.shape[1]
        columns = _as_slice(columns - first)
        width = last - first
        row_bytes = width * self._stored.dtype.itemsize
        n_at_once = max(1, BLOCK_BYTES // row_bytes)
        order = None if (np.diff(rows) > 0).all() else np.argsort(rows, kind="stable")
        in_order = rows if order is None else rows[order]
        block = np.empty((min(n_at_once, len(rows)), width), self._stored.dtype)
        for start in range(0, len(rows), n_at_once):
            wanted = in_order[start : start + n_at_once]
            here = block[: len(wanted)]
            for i, j in _runs(wanted):
                self._read_run(int(wanted[i]), first, last, here[i:j])
            _repeat_alike(wanted, here)
            places = slice(start, start + len(wanted))
            values = converted(here[:, columns], out.dtype, self._what)
            out[places if order is None else order[places]] = values

    def _read_run(self, row: int, first: int, last: int, out: np.ndarray) -> None:
        """Fill ``out`` with rows that follow each other."""
        if last - first == self.shape[1]:
            self._stored.read_into(row * self.shape[1], out)
            return
        for i, values in enumerate(out):
            self._stored.read_into((row + i) * self.shape[1] + first, values)

    def _take_chunks(self, rows, columns, out) -> None:
        """Go through the chunks in their order, each once."""
        height, width = self._stored.chunks.shape
        for band, its_rows in _grouped(rows, height):
            for stripe, its_columns in _grouped(columns, width):
                block = self._stored.chunks[band, stripe]
                inner_rows = _as_slice(rows[its_rows] - band * height)
                inner_columns = _as_slice(columns[its_columns] - stripe * width)
                values = converted(block[inner_rows][:, inner_columns], out.dtype, self._what)
                out[np.ix_(its_rows, its_columns)] = values


def _runs(rows: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield where stretches of ``rows`` that count up by one start and stop, without repeats."""
    step = np.diff(rows)
    starts = np.concatenate([[0], np.flatnonzero(step != 1) + 1])
    stops = np.concatenate([starts[1:], [len(rows)]])
    repeated = np.concatenate([[False], step == 0])
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        start += bool(repeated[start])
        if start < stop:
            yield start, stop


def _repeat_alike(rows: np.ndarray, block: np.ndarray) -> None:
    """Copy the row above to each row that repeats it."""
    for i in np.flatnonzero(np.diff(rows) == 0).tolist():
        block[i + 1] = block[i]


def _grouped(positions: np.ndarray, size: int) -> Iterator[tuple[int, np.ndarray]]:
    """Numbers of the chunks that hold ``positions``, each with the places of its own."""
    chunk = positions // size
    order = np.argsort(chunk, kind="stable")
    starts = np.flatnonzero(np.diff(chunk[order], prepend=-1))
    for places in np.split(order, starts[1:]):
        yield int(chunk[places[0]]), places


def _as_slice(positions: np.ndarray):
    """Return a slice if the positions count up by one, which numpy then copies much quicker."""
    n = len(positions)
    if positions[-1] - positions[0] == n - 1 and (np.diff(positions) == 1).all():
        return slice(int(positions[0]), int(positions[0]) + n)
    return positions
