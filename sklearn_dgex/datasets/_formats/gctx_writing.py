"""GCTX written sample by sample."""

from __future__ import annotations

from contextlib import contextmanager
from numbers import Integral
from pathlib import Path

import numpy as np
import pandas as pd

from sklearn_dgex.datasets._formats.blocks import BlockWriter
from sklearn_dgex.datasets._formats.gctx_matrix import GENES, MATRIX, SAMPLES, VERSION
from sklearn_dgex.datasets._formats.hdf5.file import import_h5py
from sklearn_dgex.datasets._formats.metadata import CMAP_MISSING, texts_of
from sklearn_dgex.datasets._formats.table import named_columns
from sklearn_dgex.datasets._formats.text.numbers import check_dtype
from sklearn_dgex.utils.files import write_aside

CHUNK_ROWS = 16  # few, since a batch of random samples inflates a chunk for each
MAX_CHUNK_BYTES = 4 << 20
LARGEST_WHOLE = 2**53  # below which float64 has all whole numbers


@contextmanager
def gctx_writer(path, samples: pd.DataFrame, genes: pd.DataFrame, dtype, compression=None):
    """Yield a BlockWriter; the file is there once all samples are written."""
    h5py = import_h5py(f"Writing {str(path)!r}")
    dtype, shape = check_dtype(dtype), (len(samples), len(genes))
    _check_compression(compression)
    fields = {GENES: _fields(genes), SAMPLES: _fields(samples)}
    with write_aside(path) as aside, h5py.File(aside, "w") as file:
        file.attrs["version"] = np.bytes_(VERSION)
        file.attrs["src"] = Path(path).name
        for name, columns in fields.items():
            group = file.create_group(name, track_order=True)
            for field, values in columns.items():
                group.create_dataset(field, data=values)
        matrix = file.create_dataset(MATRIX, shape, dtype, **_storage(shape, dtype, compression))
        writer = BlockWriter(samples.index, genes.index, dtype, matrix.__setitem__)
        yield writer
        writer.check_complete()


def _storage(shape, dtype, compression) -> dict:
    """Return options of the matrix: in one piece, or in gzipped chunks of whole profiles."""
    if compression is None or 0 in shape:
        return {}
    n_columns = min(shape[1], MAX_CHUNK_BYTES // dtype.itemsize // CHUNK_ROWS)
    return {
        "chunks": (min(shape[0], CHUNK_ROWS), n_columns),
        "compression": "gzip",
        "compression_opts": int(compression),
        "shuffle": True,
    }


def _check_compression(compression) -> None:
    is_level = isinstance(compression, Integral) and not isinstance(compression, bool)
    if compression is not None and not (is_level and 1 <= compression <= 9):
        raise ValueError(
            "The 'compression' parameter must be None or a level of gzip from 1 to 9. Got "
            f"{compression!r} instead."
        )


def _fields(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Ids and metadata as arrays that HDF5 stores: numbers as numbers, all else as bytes."""
    columns = named_columns(frame, reserved=["id"])
    bad = [name for name in columns if "/" in name or name in ("", ".")]
    if bad:
        raise ValueError(
            "The names of metadata must not be empty, and have no '/', to be written as GCTX. Got "
            f"{bad[0]!r} instead; rename it."
        )
    fields = {name: _stored(column) for name, column in columns.items()}
    return {"id": _encoded(map(str, frame.index)), **fields}


def _stored(column: pd.Series) -> np.ndarray:
    if pd.api.types.is_bool_dtype(column.dtype) and not column.hasnans:
        return column.to_numpy(dtype=np.int8)
    is_whole = pd.api.types.is_integer_dtype(column.dtype)
    if is_whole and not column.hasnans:
        is_unsigned = pd.api.types.is_unsigned_integer_dtype(column.dtype)
        return column.to_numpy(dtype=np.uint64 if is_unsigned else np.int64)
    is_number = pd.api.types.is_numeric_dtype(column.dtype) and column.dtype.kind != "c"
    if is_number and not (is_whole and _largest(column) > LARGEST_WHOLE):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return _encoded(texts_of(column, CMAP_MISSING))


def _largest(column: pd.Series) -> int:
    return max(map(abs, column.dropna().tolist()), default=0)


def _encoded(texts) -> np.ndarray:
    """Strings of one length, which every reader of HDF5 can read and no damage can lead astray."""
    encoded = [text.encode("utf-8") for text in texts]
    bad = next((text for text in encoded if b"\0" in text), None)
    if bad is not None:
        raise ValueError(
            f"Text must have no NUL in it to be written as GCTX. Got {bad.decode()!r}; remove it."
        )
    return np.array(encoded, dtype=f"S{max(map(len, encoded), default=1) or 1}")
