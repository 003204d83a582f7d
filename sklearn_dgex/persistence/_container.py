"""The file: named arrays as safetensors, and a description in its header, under one checksum."""

from __future__ import annotations

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from sklearn_dgex.exceptions import ModelFileError
from sklearn_dgex.utils.files import write_aside

FORMAT = "sklearn_dgex"
FORMAT_VERSION = 1
HEADER_MOST = 32_000_000  # bytes: names and figures of a million genes
PART_BYTES = 64 << 20  # what one thread digests at a time
# What a header or a description that a file should not hold makes its readers raise
DAMAGE = (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError)
DAMAGE += (ValueError,)


def looks_like_a_model(path: str | os.PathLike) -> bool:
    """Whether a file begins as safetensors do, be it one of this package's models or not."""
    path = Path(path)
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(10)[8:] == b'{"'


def write_model_file(
    path: str | os.PathLike, description: dict, arrays: dict[str, np.ndarray], versions: dict
) -> None:
    """Write a model's description, its arrays and the versions of the libraries that made it."""
    texts = {"description": _as_json(description), "versions": _as_json(versions)}
    n_bytes = sum(len(json.dumps(text)) for text in texts.values()) + 200 * len(arrays)
    if n_bytes > HEADER_MOST:
        raise ValueError(
            f"The description of a model must take at most {HEADER_MOST:,} bytes. Got "
            f"{n_bytes:,}; give its genes shorter names, or save its parts."
        )
    header = {
        "format": FORMAT,
        "format_version": str(FORMAT_VERSION),
        **texts,
        "checksum": _checksum(arrays, texts),
    }
    with write_aside(path) as aside:
        save_file(arrays, aside, metadata=header)


def read_model_file(
    path: str | os.PathLike, *, verify: bool = True
) -> tuple[dict, dict[str, np.ndarray], dict]:
    """Return description, arrays and versions; the arrays are mapped into memory, not read.

    Raises
    ------
    OSError
        If there is no such file, or it can't be read.
    ModelFileError
        If it is no model, is truncated, was written in a newer format, or was changed since.
    """
    path = Path(path)
    header = _read_header(path)
    texts = {name: header.get(name, "") for name in ("description", "versions")}
    arrays = _map_arrays(path)
    if verify and _checksum(arrays, texts) != header.get("checksum"):
        raise ModelFileError(
            f"The content of {str(path)!r} must have the checksum in its header. Got another: it "
            "was changed or damaged since it was written; take a fresh copy."
        )
    try:
        description, versions = (json.loads(text) for text in texts.values())
        if not (isinstance(description, dict) and isinstance(versions, dict)):
            raise ValueError("no JSON object")
        return description, arrays, versions
    except (ValueError, RecursionError) as error:
        raise ModelFileError(
            f"The header of {str(path)!r} must describe a model in JSON. Got other text; save the "
            "model anew."
        ) from error


def _read_header(path: Path) -> dict[str, str]:
    """Return the texts of the header, after checking that this version can read the file."""
    if not path.is_file():
        raise FileNotFoundError(
            f"The model must be a file. Got {str(path)!r}, where there is none; check the name and "
            "the folder."
        )
    n_bytes = path.stat().st_size
    with path.open("rb") as stream:
        start = stream.read(8)
        length = int.from_bytes(start, "little")
        if len(start) < 8 or not 2 <= length <= HEADER_MOST or stream.read(1) != b"{":
            raise _not_a_model(path, start)
        if 8 + length > n_bytes:
            raise _truncated(path, n_bytes)
        text = b"{" + stream.read(length - 1)
    try:
        entries = json.loads(text)
        header = entries.pop("__metadata__")
        known = header["format"] == FORMAT
        version = int(header["format_version"])
        end = 8 + length + max((entry["data_offsets"][1] for entry in entries.values()), default=0)
        too_short = end > n_bytes
    except DAMAGE as error:
        raise _not_a_model(path, start) from error
    if not known or version < 1:
        raise _not_a_model(path, start)
    if version > FORMAT_VERSION:
        raise ModelFileError(
            f"The model file must be of format version {FORMAT_VERSION} or older. Got version "
            f"{version} in {str(path)!r}; update sklearn_dgex to open it."
        )
    if too_short:
        raise _truncated(path, n_bytes)
    return header


def _map_arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        # torch's tensors are views of the mapped file; a write goes to a private copy of the page
        with safe_open(path, framework="pt") as tensors:
            return {name: tensors.get_tensor(name).numpy() for name in tensors.keys()}  # noqa: SIM118
    except (SafetensorError, TypeError) as error:  # a TypeError: numpy lacks the type
        raise ModelFileError(
            f"The arrays of {str(path)!r} must lie where its header says. Got a damaged header; "
            "take a fresh copy of the file."
        ) from error


def _checksum(arrays: dict[str, np.ndarray], texts: dict[str, str]) -> str:
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


def _truncated(path: Path, n_bytes: int) -> ModelFileError:
    return ModelFileError(
        f"The model file must be whole. Got {str(path)!r} cut off after {n_bytes:,} bytes; copy or "
        "download it again."
    )


def _not_a_model(path: Path, start: bytes) -> ModelFileError:
    is_pickle = start[:1] == b"\x80"
    remedy = (
        "it looks like a pickle: joblib.load opens it, and runs whatever code it holds"
        if is_pickle
        else "pass a file that sklearn_dgex.persistence.save or sklearn-dgex fit wrote"
    )
    return ModelFileError(
        f"The model file must be one that sklearn_dgex saved. Got {str(path)!r}, which is not; "
        f"{remedy}."
    )
