"""A file of named arrays, as safetensors, and a description in its header, under one checksum."""

from __future__ import annotations

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from safetensors import SafetensorError, safe_open

from sklearn_dgex.utils.files import stream_aside

HEADER_MOST = 32_000_000  # bytes: names and figures of a million genes
PART_BYTES = 64 << 20  # what one thread digests at a time
# safetensors' name of each type of array, in the order in which it puts the arrays
CODES = {"<u8": "U64", "<i8": "I64", "<f8": "F64", "<c8": "C64", "<f4": "F32", "<u4": "U32"}
CODES |= {"<i4": "I32", "<f2": "F16", "<u2": "U16", "<i2": "I16", "|i1": "I8", "|u1": "U8"}
CODES |= {"|b1": "BOOL"}
# What a header or a description that a file should not hold makes its readers raise
DAMAGE = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


@dataclass(frozen=True)
class Container:
    """One kind of such files: how its header names it, and how errors speak of it.

    Attributes
    ----------
    format : str
        Name in the header.
    version : int
        The newest version of the format that this package knows; it writes that, and reads all
        older ones.
    noun : str
        What such a file holds, for messages.
    wrote : str
        Who writes such files, for the message about a file that is none.
    error : type
        ValueError, or an error derived from it, that a wrong or damaged file raises.
    newer : type, default=None
        The one that a file of a newer version of the format raises; None stands for ``error``.
    """

    format: str
    version: int
    noun: str
    wrote: str
    error: type[ValueError]
    newer: type[ValueError] | None = None

    def write(
        self,
        path: str | os.PathLike,
        description: dict,
        arrays: dict[str, np.ndarray],
        versions: dict,
    ) -> None:
        """Write a description, arrays and versions of libraries: the whole file or nothing.

        Raises
        ------
        ValueError
            If the description is too long for a header.
        TypeError
            If an array is of a type that safetensors has no name for.
        OSError
            If the file can't be written.
        """
        arrays = {name: self._as_stored(name, array) for name, array in arrays.items()}
        texts = {"description": _as_json(description), "versions": _as_json(versions)}
        n_bytes = sum(len(json.dumps(text)) for text in texts.values()) + 200 * len(arrays)
        if n_bytes > HEADER_MOST:
            raise ValueError(
                f"The description of a {self.noun} must take at most {HEADER_MOST:,} bytes. Got "
                f"{n_bytes:,}; give its genes shorter names, or save its parts."
            )
        header = {
            "format": self.format,
            "format_version": str(self.version),
            **texts,
            "checksum": checksum(arrays, texts),
        }
        with stream_aside(path) as stream:
            write_arrays(stream, arrays, header)
            os.fsync(stream.fileno())  # which is where some disks say that they are full

    def read(
        self, path: str | os.PathLike, *, verify: bool = True
    ) -> tuple[dict, dict[str, np.ndarray], dict]:
        """Return description, arrays and versions; the arrays are mapped into memory, not read.

        Raises
        ------
        OSError
            If there is no such file, or it can't be read.
        ValueError
            Of the kind's own class, if it is none of these files, is truncated, or was changed
            since; of its class for newer ones, if it was written in a newer format.
        """
        path = Path(path)
        header = self._read_header(path)
        texts = {name: header.get(name, "") for name in ("description", "versions")}
        arrays = self._map_arrays(path)
        if verify and checksum(arrays, texts) != header.get("checksum"):
            raise self.error(
                f"The content of {str(path)!r} must have the checksum in its header. Got another: "
                "it was changed or damaged since it was written; take a fresh copy."
            )
        try:
            description, versions = (json.loads(text) for text in texts.values())
            if not (isinstance(description, dict) and isinstance(versions, dict)):
                raise ValueError("no JSON object")
            return description, arrays, versions
        except (ValueError, RecursionError) as error:
            raise self.error(
                f"The header of {str(path)!r} must describe a {self.noun} in JSON. Got other text; "
                f"save the {self.noun} anew."
            ) from error

    def _read_header(self, path: Path) -> dict[str, str]:
        """Return the texts of the header, after checking that this version can read the file."""
        if not path.is_file():
            raise FileNotFoundError(
                f"The {self.noun} must be a file. Got {str(path)!r}, where there is none; check "
                "the name and the folder."
            )
        n_bytes = path.stat().st_size
        with path.open("rb") as stream:
            start = stream.read(8)
            length = int.from_bytes(start, "little")
            if len(start) < 8 or not 2 <= length <= HEADER_MOST or stream.read(1) != b"{":
                raise self._none_of_these(path, start)
            if 8 + length > n_bytes:
                raise self._truncated(path, n_bytes)
            text = b"{" + stream.read(length - 1)
        try:
            entries = json.loads(text)
            header = entries.pop("__metadata__")
            known = header["format"] == self.format
            version = int(header["format_version"])
            ends = (entry["data_offsets"][1] for entry in entries.values())
            too_short = 8 + length + max(ends, default=0) > n_bytes
        except DAMAGE as error:
            raise self._none_of_these(path, start) from error
        if not known or version < 1:
            raise self._none_of_these(path, start)
        if version > self.version:
            raise (self.newer or self.error)(
                f"The {self.noun} file must be of format version {self.version} or older. Got "
                f"version {version} in {str(path)!r}; update sklearn_dgex to open it."
            )
        if too_short:
            raise self._truncated(path, n_bytes)
        return header

    def _map_arrays(self, path: Path) -> dict[str, np.ndarray]:
        try:
            # torch's tensors are views of the mapped file; a write goes to a private copy of a page
            with safe_open(path, framework="pt") as tensors:
                return {name: tensors.get_tensor(name).numpy() for name in tensors.keys()}  # noqa: SIM118
        except (SafetensorError, TypeError) as error:  # a TypeError: numpy lacks the type
            raise self.error(
                f"The arrays of {str(path)!r} must lie where its header says. Got a damaged "
                "header; take a fresh copy of the file."
            ) from error
        except RuntimeError as error:  # torch's: too many open files, say, which damages none
            raise OSError(f"The file {str(path)!r} can't be mapped into memory: {error}") from error

    def _as_stored(self, name: str, array: np.ndarray) -> np.ndarray:
        """Return an array row by row and in the files' byte order: itself, unless it differs."""
        stored = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
        if stored.dtype.str not in CODES:
            raise TypeError(
                f"The arrays of a {self.noun} must be of booleans, integers, float64 or less, or "
                f"complex64. Got {array.dtype} in {name!r} instead; convert it."
            )
        return stored

    def _truncated(self, path: Path, n_bytes: int) -> ValueError:
        return self.error(
            f"The {self.noun} file must be whole. Got {str(path)!r} cut off after {n_bytes:,} "
            "bytes; copy or download it again."
        )

    def _none_of_these(self, path: Path, start: bytes) -> ValueError:
        is_pickle = start[:1] == b"\x80"
        remedy = (
            "it looks like a pickle: joblib.load opens it, and runs whatever code it holds"
            if is_pickle
            else f"pass a file that {self.wrote} wrote"
        )
        return self.error(
            f"The {self.noun} file must be one that sklearn_dgex saved. Got {str(path)!r}, which "
            f"is not; {remedy}."
        )


def write_arrays(stream: BinaryIO, arrays: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    """Write arrays, as they are stored, in the safetensors format; nothing is copied.

    Byte for byte what safetensors writes, but for the order of the metadata, which it leaves open.
    Its own writer makes a file of its own beside the one it is given, which nothing would guard.
    """
    order = list(CODES)
    names = sorted(arrays, key=lambda name: (order.index(arrays[name].dtype.str), name))
    entries: dict[str, dict] = {"__metadata__": metadata}
    end = 0
    for name in names:
        array, start = arrays[name], end
        end += array.nbytes
        entries[name] = {
            "dtype": CODES[array.dtype.str],
            "shape": array.shape,
            "data_offsets": [start, end],
        }
    header = _as_json(entries).encode()
    header += b" " * (-len(header) % 8)
    _write_all(stream, len(header).to_bytes(8, "little") + header)
    for name in names:
        for part in _parts(arrays[name]):
            _write_all(stream, part)


def _write_all(stream: BinaryIO, content: bytes | np.ndarray) -> None:
    rest = memoryview(content)
    while rest:  # a stream without buffer may take a part only
        rest = rest[stream.write(rest) :]


def checksum(arrays: dict[str, np.ndarray], texts: dict[str, str]) -> str:
    """Digest texts and arrays, their names and shapes included; large arrays by several threads."""
    digest = hashlib.sha256()
    for name in sorted(texts):
        digest.update(f"{name}\0{len(texts[name])}\0{texts[name]}".encode())
    names = sorted(arrays)
    parts = [part for name in names for part in _parts(arrays[name])]
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        digests = iter(list(pool.map(lambda part: hashlib.sha256(part).digest(), parts)))
    for name in names:
        array = arrays[name]
        digest.update(f"{name}\0{array.dtype.str}\0{array.shape}\0".encode())
        for _ in _parts(array):
            digest.update(next(digests))
    return f"sha256:{digest.hexdigest()}"


def _parts(array: np.ndarray) -> list[np.ndarray]:
    as_bytes = array.reshape(-1).view(np.uint8)
    return [as_bytes[start : start + PART_BYTES] for start in range(0, as_bytes.size, PART_BYTES)]


def _as_json(content: dict) -> str:
    return json.dumps(content, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
