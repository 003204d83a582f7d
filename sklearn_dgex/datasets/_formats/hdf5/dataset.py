"""A dataset of an HDF5 file: checked when it is found, and read from the file's own bytes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sklearn_dgex.datasets._formats.hdf5.chunks import DEFLATE, SHUFFLE, Chunks
from sklearn_dgex.datasets._formats.hdf5.errors import DamagedError, cut_off, library_errors
from sklearn_dgex.datasets._formats.limits import MAX_EXPANSION, SPARE

VLEN = np.dtype([("length", "<u4"), ("address", "<u8"), ("index", "<u4")])  # 16 bytes, packed


@dataclass(frozen=True)
class Layout:
    """Where the bytes of a dataset are; all None if within its header."""

    offset: int | None = None  # in the file, where they are in one piece
    chunks: tuple[int, ...] | None = None
    filters: tuple[int, ...] = ()


class Dataset:
    """A dataset, none of whose values are loaded until they are asked for.

    Attributes
    ----------
    shape : tuple of int
    dtype : dtype
        That of the stored elements; VLEN for strings of variable length.
    is_padded : bool
        Whether strings end in spaces that do not count.
    address : int
        Where it is described, which tells whether two names are of one dataset.
    chunks : Chunks or None
        None where the values are in one piece.
    """

    def __init__(self, file, node):
        import h5py

        if not isinstance(node, h5py.Dataset):
            raise DamagedError(f"be a dataset. Got a {type(node).__name__.lower()} instead")
        self.file = file
        with library_errors():
            self.shape = tuple(int(n) for n in node.shape or ())
            self.dtype, self.is_padded = _stored_dtype(node)
            self.address = int(h5py.h5o.get_info(node.id).addr)
            layout, n_stored = _layout(node), int(node.id.get_storage_size())
        self._check_size(layout, n_stored)
        self._offset, self.chunks = layout.offset, None
        if layout.chunks is not None:
            self.chunks = Chunks(
                file, node.id, self.shape, layout.chunks, layout.filters, self.dtype
            )
        elif layout.offset is None:
            self._compact = _read_compact(node, self.dtype)

    def __len__(self) -> int:
        return int(np.prod(self.shape, dtype=object))

    def read(self) -> np.ndarray:
        """All of the dataset."""
        out = np.empty(self.shape, self.dtype)
        if self.chunks is None:
            self.read_into(0, out)
            return out
        for place in np.ndindex(*self.chunks.grid):
            corner = [i * c for i, c in zip(place, self.chunks.shape, strict=True)]
            here = tuple(
                slice(i, i + c) for i, c in zip(corner, self.chunks.shape, strict=True)
            )  # numpy stops at the edge
            block = self.chunks[place]
            out[here] = block[tuple(map(slice, out[here].shape))]
        return out

    def read_into(self, first: int, out: np.ndarray) -> None:
        """Fill ``out`` with elements from number ``first``, of a dataset that is in one piece."""
        if self._offset is None:
            out[...] = self._compact[first : first + out.size].reshape(out.shape)
        else:
            self.file.read_into(self._offset + first * self.dtype.itemsize, out)

    def _check_size(self, layout: Layout, n_stored: int) -> None:
        """Refuse a dataset that claims more than is there."""
        n_bytes, size = self.dtype.itemsize * len(self), self.file.size
        n_stored = min(n_stored, size)
        allowed = SPARE + MAX_EXPANSION * n_stored if layout.filters else n_stored
        if n_bytes > allowed:
            raise DamagedError(
                f"hold what it claims. Got {n_stored:,} bytes for {n_bytes:,} (shape "
                f"{self.shape}) instead; the file is damaged, or was not written to its end"
            )
        if layout.offset is not None and layout.offset + n_bytes > size:
            raise cut_off(size)
        if layout.chunks is not None:
            n_bytes_of_chunk = self.dtype.itemsize * int(np.prod(layout.chunks, dtype=object))
            if n_bytes_of_chunk > max(SPARE, n_bytes):
                raise DamagedError(f"have chunks that fit it. Got {layout.chunks} instead")


def _stored_dtype(node) -> tuple[np.dtype, bool]:
    """Dtype of the stored elements, and whether strings end in spaces that do not count."""
    from h5py import h5t

    stored = node.id.get_type()
    if stored.get_class() == h5t.STRING:
        if stored.is_variable_str():
            return VLEN, False
        return np.dtype(f"S{stored.get_size()}"), stored.get_strpad() == h5t.STR_SPACEPAD
    if stored.get_class() == h5t.ENUM:
        stored = stored.get_super()
    if stored.get_class() in (h5t.INTEGER, h5t.FLOAT):
        dtype = np.dtype(stored.dtype)
        if stored.equal(h5t.py_create(dtype)):
            return dtype, False
    kind = type(stored).__name__.removeprefix("Type").removesuffix("ID").lower()
    raise DamagedError(f"hold numbers or strings as usual. Got the HDF5 type {kind!r} instead")


def _layout(node) -> Layout:
    from h5py import h5d

    plist = node.id.get_create_plist()
    if plist.get_external_count():
        raise DamagedError("be part of the file itself. Got external storage instead; copy it in")
    filters = tuple(plist.get_filter(i)[0] for i in range(plist.get_nfilters()))
    if set(filters) - {DEFLATE, SHUFFLE} or len(filters) > 2:
        raise DamagedError(
            f"be stored plain or with gzip and shuffle. Got the filters {sorted(filters)} instead; "
            "convert it with: h5repack -f GZIP=4"
        )
    layout = plist.get_layout()
    if layout == h5d.CHUNKED:
        return Layout(chunks=tuple(map(int, plist.get_chunk())), filters=filters)
    if layout == h5d.CONTIGUOUS:
        offset = node.id.get_offset()
        if offset is None and node.size:
            raise DamagedError("hold data. Got none instead; it was not written to its end")
        return Layout(offset=offset or 0)
    if layout == h5d.COMPACT:
        return Layout()
    raise DamagedError("be stored in one piece or in chunks. Got another layout instead")


def _read_compact(node, dtype: np.dtype) -> np.ndarray:
    """Values that are within the header, at most 64 KB."""
    from h5py import h5s

    if dtype == VLEN:
        raise DamagedError("be stored outside its header. Got a compact one instead")
    values = np.empty(node.shape or (), dtype)
    with library_errors():
        node.id.read(h5s.ALL, h5s.ALL, values)
    return values.ravel()
