"""Chunks of a dataset, found by an index that is made once, and decoded here."""

from __future__ import annotations

import os
import threading
import weakref
import zlib
from collections import OrderedDict

import numpy as np

from sklearn_dgex.datasets._formats.hdf5.errors import DamagedError, library_errors

DEFLATE, SHUFFLE = 1, 2  # HDF5's numbers of filters
CACHE_BYTES = 32 << 20  # of decoded chunks
SMALLEST_ENTRY = 8  # bytes that a file needs at least to say where a chunk is


class Chunks:
    """All chunks of a dataset, each of which must be in the file."""

    def __init__(self, file, dataset_id, shape, chunk_shape, filters, dtype):
        self.shape, self._file, self._id = chunk_shape, file, dataset_id
        self._filters, self._dtype = filters, dtype
        self.grid = tuple(-(-n // c) for n, c in zip(shape, chunk_shape, strict=True))
        self._n_bytes = dtype.itemsize * int(np.prod(chunk_shape, dtype=object))
        n_chunks = int(np.prod(self.grid, dtype=object))
        if n_chunks * SMALLEST_ENTRY > file.size:
            raise DamagedError(f"have all its chunks. Got fewer than {n_chunks:,} instead")
        self._places: np.ndarray | None = None
        self._cache: OrderedDict[tuple, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()  # of the index and the cache
        _OPEN.add(self)

    def __getitem__(self, place: tuple[int, ...]) -> np.ndarray:
        """Return the decoded chunk at a place of the grid; those read last are kept."""
        with self._lock:
            if place in self._cache:
                self._cache.move_to_end(place)
                return self._cache[place]
            if self._places is None:
                self._places = self._index()
        block = self._read(place)  # which threads may do side by side
        with self._lock:
            self._cache[place] = block
            while len(self._cache) > max(1, CACHE_BYTES // self._n_bytes):
                self._cache.popitem(last=False)
        return block

    def forget_lock(self) -> None:
        """Make a new lock, in a fork whose parent may have held the old one."""
        self._lock = threading.Lock()

    def _read(self, place: tuple[int, ...]) -> np.ndarray:
        offset, size, mask = self._places[place].tolist()
        if not 0 < size <= 1.1 * self._n_bytes + 4096:
            raise DamagedError(f"have all its chunks whole. Got none or a damaged one at {place}")
        raw = self._file.pread(offset, size)
        decoded = decode(raw, mask, self._filters, self._n_bytes, self._dtype.itemsize)
        return np.frombuffer(decoded, self._dtype).reshape(self.shape)

    def _index(self) -> np.ndarray:
        """Offset, size and mask of skipped filters of each chunk."""
        places = np.zeros((*self.grid, 3), np.int64)

        def note(chunk) -> None:
            place = tuple(i // c for i, c in zip(chunk.chunk_offset, self.shape, strict=True))
            # A damaged index may name chunks outside; that one is missing shows when it is read.
            if all(i < n for i, n in zip(place, self.grid, strict=True)):
                places[place] = chunk.byte_offset, chunk.size, chunk.filter_mask

        with library_errors():
            self._id.chunk_iter(note)
        return places


_OPEN: weakref.WeakSet[Chunks] = weakref.WeakSet()


def _forget_locks() -> None:
    for chunks in _OPEN:
        chunks.forget_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_locks)


def decode(raw: bytes, mask: int, filters, n_bytes: int, itemsize: int) -> bytes:
    """Undo the filters of a chunk that must have ``n_bytes`` bytes."""
    for position in reversed(range(len(filters))):
        if mask >> position & 1:  # was not applied to this chunk
            continue
        raw = _inflated(raw, n_bytes) if filters[position] == DEFLATE else _sorted(raw, itemsize)
    if len(raw) != n_bytes:
        raise DamagedError(f"hold whole chunks. Got {len(raw):,} bytes for {n_bytes:,} instead")
    return raw


def _inflated(raw: bytes, n_bytes: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(raw, n_bytes + 1)
    except zlib.error as error:
        raise DamagedError(f"hold whole chunks. Got '{error}' instead") from None
    if not inflater.eof:
        raise DamagedError("hold whole chunks. Got one of another length instead")
    return data


def _sorted(raw: bytes, itemsize: int) -> bytes:
    """Undo HDF5's shuffle, which stores all first bytes, then all second ones, and so on."""
    n_whole = len(raw) // itemsize * itemsize
    planes = np.frombuffer(raw[:n_whole], np.uint8).reshape(itemsize, -1)
    return planes.T.tobytes() + raw[n_whole:]
