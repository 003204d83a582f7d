"""HDF5 files that are not trusted: what a dataset claims is checked before anything is read.

Bytes come from the library, or straight from the file; what they mean is worked out here. So a
chunk cannot expand without bound, and a damaged heap of strings cannot send the library in circles.
"""

from __future__ import annotations

import os
import threading

import numpy as np

from sklearn_dgex.datasets._formats.hdf5.dataset import Dataset
from sklearn_dgex.datasets._formats.hdf5.errors import (
    DamagedError,
    cut_off,
    library_errors,
    named_errors,
)
from sklearn_dgex.datasets._formats.limits import SPARE, check_file

MAGIC = b"\x89HDF\r\n\x1a\n"


def import_h5py(what: str):
    """Import h5py, or name the extra that brings it."""
    try:
        import h5py
    except ImportError as error:
        raise ImportError(
            f"{what} needs h5py, which is not installed. Install it with: "
            "pip install 'sklearn_dgex[gctx]'"
        ) from error
    return h5py


class HDF5File:
    """An HDF5 file open for reading, whose datasets are found by hard links alone.

    Attributes
    ----------
    size : int
        Bytes of the file.
    n_spare : int
        Bytes of memory that all its metadata together may still take.
    base : int
        Address of the superblock, to which addresses in the file are relative.
    has_wide_addresses : bool
        Whether addresses and lengths take 8 bytes, as they do but in very old files.
    """

    def __init__(self, path):
        h5py = import_h5py(f"Reading {str(path)!r}")
        self.path = check_file(path)
        self.size = self.path.stat().st_size
        self.n_spare = SPARE + 3 * self.size
        with named_errors(self.path, "The HDF5 structure"), library_errors():
            self._file = h5py.File(self.path, "r")
            plist = self._file.id.get_create_plist()
            self.base = plist.get_userblock()
            self.has_wide_addresses = plist.get_sizes() == (8, 8)
        self._raw = self.path.open("rb", buffering=0)
        self._lock = threading.Lock()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        """Close the file; its datasets cannot be read any more."""
        self._raw.close()
        with named_errors(self.path, "The HDF5 structure"), library_errors():
            self._file.close()

    def names(self, group: str) -> list[str]:
        """Names in a group, none if there is no such group."""
        with named_errors(self.path, f"The group '/{group}'"):
            node = self._node(group)
            if node is None:
                return []
            # a dataset can be gone through as well: value by value, as many as it claims
            if not isinstance(node, import_h5py("Reading a group").Group):
                raise DamagedError(f"be a group. Got a {type(node).__name__.lower()} instead")
            with library_errors():
                return list(node)

    def dataset(self, name: str) -> Dataset:
        """Return a dataset whose claims have been checked."""
        with named_errors(self.path, f"The dataset '/{name}'"):
            node = self._node(name)
            if node is None:
                raise DamagedError(
                    "be there. Got none instead; check that the file is of this kind"
                )
            return Dataset(self, node)

    def pread(self, offset: int, n_bytes: int) -> bytes:
        """Bytes of the file itself."""
        if offset + n_bytes > self.size:
            raise cut_off(self.size)
        data = np.empty(n_bytes, np.uint8)
        self.read_into(offset, data)
        return data.tobytes()

    def read_into(self, offset: int, out: np.ndarray) -> None:
        """Fill an array with bytes of the file itself."""
        view, n_done = memoryview(out.reshape(-1).view(np.uint8)), 0
        while n_done < len(view):
            n = self._read_at(offset + n_done, view[n_done:])
            if not n:
                raise cut_off(self.size)
            n_done += n

    def _read_at(self, offset: int, view: memoryview) -> int:
        if hasattr(os, "preadv"):  # no position that threads and forks would share
            return os.preadv(self._raw.fileno(), [view], offset)
        with self._lock:
            self._raw.seek(offset)
            return self._raw.readinto(view)

    def spend(self, n_bytes: int, what: str) -> None:
        """Take memory for metadata, or refuse a file whose metadata would take far more than it."""
        if n_bytes > self.n_spare:
            raise DamagedError(
                f"be in proportion to its file. Got {what} instead, which would take "
                f"{n_bytes:,} bytes where {self.n_spare:,} are left for metadata"
            )
        self.n_spare -= n_bytes

    @library_errors()
    def _node(self, name: str):
        import h5py

        node = self._file
        for part in filter(None, name.split("/")):
            if not isinstance(node, h5py.Group):
                raise DamagedError(f"lie in groups. Got another object above '{part}' instead")
            link = node.get(part, getlink=True)
            if link is None:
                return None
            if not isinstance(link, h5py.HardLink):
                raise DamagedError(
                    f"be part of the file itself. Got a {type(link).__name__} at '{part}' instead; "
                    "copy what it points to into the file"
                )
            node = node[part]
        return node
