"""Strings in HDF5 files: of fixed length, or of variable length in the file's global heaps."""

from __future__ import annotations

import struct

import numpy as np

from sklearn_dgex.datasets._formats.hdf5.dataset import VLEN, Dataset
from sklearn_dgex.datasets._formats.hdf5.errors import DamagedError
from sklearn_dgex.datasets._formats.hdf5.file import HDF5File
from sklearn_dgex.datasets._formats.limits import STRING_COST

HEAP_HEADER = struct.Struct("<4sB3xQ")  # signature, version, size
HEAP_OBJECT = struct.Struct("<HHIQ")  # index, references, reserved, size
POINTER = 8  # bytes


def read_strings(dataset: Dataset) -> list[str]:
    """All strings of a dataset, whatever its shape, in memory that the file may still take."""
    n_strings, file = len(dataset), dataset.file
    length = 0 if dataset.dtype == VLEN else dataset.dtype.itemsize
    n_bytes, allowed = n_strings * (STRING_COST + length), file.n_spare
    file.spend(n_bytes, f"{n_strings:,} strings")
    texts = _decoded(_fields(dataset, allowed))
    file.n_spare = allowed  # what was spent is free again, but for what is kept
    same: dict[str, str] = {}
    texts = [same.setdefault(text, text) for text in texts]
    n_kept = POINTER * n_strings + sum(map(len, texts)) + STRING_COST * len(same)
    file.spend(n_kept, f"{n_strings:,} strings")
    return texts


def _fields(dataset: Dataset, allowed: int) -> list[bytes]:
    raw = dataset.read().ravel()
    if dataset.dtype == VLEN:
        fields = _dereferenced(dataset.file, raw, allowed)
    else:
        fields = raw.tolist()  # without the NULs at their ends
        if dataset.is_padded:
            fields = [field.rstrip(b" ") for field in fields]
        # what follows a NUL does not count
        fields = [field.split(b"\0", 1)[0] if b"\0" in field else field for field in fields]
    return fields


def _decoded(fields: list[bytes]) -> list[str]:
    if not any(b"\n" in field for field in fields):
        try:
            return b"\n".join(fields).decode("utf-8").split("\n") if fields else []
        except UnicodeDecodeError:
            pass  # the loop below finds it
    texts = []
    for i, field in enumerate(fields):
        try:
            texts.append(field.decode("utf-8"))
        except UnicodeDecodeError:
            raise DamagedError(
                f"hold UTF-8 text. Got {field[:40]!r} at position {i} instead"
            ) from None
    return texts


def _dereferenced(file: HDF5File, references: np.ndarray, allowed: int) -> list[bytes]:
    """Bytes that each reference points to: a heap, an object in it, and a length."""
    if not file.has_wide_addresses:
        raise DamagedError("have addresses of 8 bytes. Got others instead; convert it by h5repack")
    heaps: dict[int, dict[int, bytes]] = {}
    fields, known = [], {}
    held = 0  # bytes of heaps and strings
    for i, (length, address, index) in enumerate(references.tolist()):
        if not length:
            fields.append(b"")
            continue
        if address not in heaps:
            heaps[address] = _read_heap(file, address)
            held += sum(map(len, heaps[address].values()))
        key = (length, address, index)
        field = known.get(key)
        if field is None:
            field = heaps[address].get(index, b"")
            if len(field) < length:
                raise DamagedError(
                    f"point to whole strings. Got a broken reference at position {i} instead"
                )
            known[key] = field = field[:length].split(b"\0", 1)[0]
        held += len(field)
        if held > allowed:
            raise DamagedError("be in proportion to its file. Got far longer strings instead")
        fields.append(field)
    return fields


def _read_heap(file: HDF5File, address: int) -> dict[int, bytes]:
    """Objects of a global heap by their index."""
    start = file.base + address
    signature, version, size = HEAP_HEADER.unpack(file.pread(start, HEAP_HEADER.size))
    if signature != b"GCOL" or version != 1:
        raise DamagedError("point to heaps of strings. Got something else there instead")
    heap = file.pread(start, size)
    objects, place = {}, HEAP_HEADER.size
    while place + HEAP_OBJECT.size <= size:
        index, _, _, length = HEAP_OBJECT.unpack_from(heap, place)
        if not index:  # free space, to the heap's end
            break
        place += HEAP_OBJECT.size
        if length > size - place:
            raise DamagedError("point to whole heaps. Got an object beyond the end of one instead")
        objects[index] = heap[place : place + length]
        place += -(-length // 8) * 8
    return objects
