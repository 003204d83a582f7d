"""A matrix that is written by rows and read by columns, on disk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

TILE_BYTES = 64 << 20  # held in memory at once, so that what is read is long runs of the disk


class Scratch:
    """Samples come in, genes go out; the file has no name and vanishes with the process.

    It consists of tiles of some samples, each stored genes × samples.
    """

    def __init__(self, path: Path, shape: tuple[int, int], dtype: np.dtype):
        self.shape, self.dtype = shape, dtype
        n_rows = min(shape[0], max(1, TILE_BYTES // max(1, shape[1] * dtype.itemsize)))
        self._tile = np.empty((n_rows, shape[1]), dtype)
        self._n_filled = 0
        self._sizes: list[int] = []  # samples of each tile
        name = f".{path.name[:100]}."
        self._file = tempfile.TemporaryFile(dir=path.parent, prefix=name)  # noqa: SIM115

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()

    def add(self, rows: slice, block: np.ndarray) -> None:
        """Append samples."""
        start = 0
        while start < len(block):
            n = min(len(self._tile) - self._n_filled, len(block) - start)
            self._tile[self._n_filled : self._n_filled + n] = block[start : start + n]
            self._n_filled, start = self._n_filled + n, start + n
            if self._n_filled == len(self._tile):
                self._store_tile()

    def genes(self) -> Iterator[np.ndarray]:
        """Values of each gene in all samples."""
        self._store_tile()
        n_samples, n_genes = self.shape
        n_at_once = max(1, TILE_BYTES // max(1, n_samples * self.dtype.itemsize))
        for start in range(0, n_genes, n_at_once):
            stop = min(start + n_at_once, n_genes)
            parts = [np.empty((stop - start, 0), self.dtype)]
            offset = 0
            for size in self._sizes:
                self._file.seek((offset * n_genes + start * size) * self.dtype.itemsize)
                values = np.fromfile(self._file, self.dtype, (stop - start) * size)
                parts.append(values.reshape(stop - start, size))
                offset += size
            yield from np.concatenate(parts, axis=1)

    def _store_tile(self) -> None:
        if self._n_filled:
            np.ascontiguousarray(self._tile[: self._n_filled].T).tofile(self._file)
            self._sizes.append(self._n_filled)
            self._n_filled = 0
