"""Tables of numbers as text."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from contextlib import contextmanager, nullcontext

import numpy as np

from sklearn_dgex.utils.files import write_aside
from sklearn_dgex.utils.genes import listed

UNWRITABLE = "\t\r\n\0"


@contextmanager
def text_writer(path):
    """Yield a function that writes a line of fields; the file is there once all are written."""
    with write_aside(path) as aside, aside.open("wb") as plain:
        is_gzipped = str(path).lower().endswith(".gz")
        # without name and time, so that equal tables make equal files
        gzipped = gzip.GzipFile("", "wb", 6, plain, mtime=0) if is_gzipped else nullcontext(plain)
        with gzipped as stream:

            def write(fields: Iterable[str], separator: str = "\t") -> None:
                stream.write((separator.join(fields) + "\n").encode("utf-8"))

            yield write


def number_fields(values: np.ndarray, missing: str) -> list[str]:
    """Shortest decimals that are read back as the same numbers."""
    fields = values.astype("U").tolist()
    if np.isnan(values).any():
        fields = [missing if field == "nan" else field for field in fields]
    return [field.removesuffix(".0") for field in fields]


def check_writable(fields: Iterable[str], what: str, forbidden: str = UNWRITABLE) -> list[str]:
    """Fields as str, after checking that none would break a line or end a field."""
    fields = list(map(str, fields))
    bad = [field for field in fields if any(mark in field for mark in forbidden)]
    if bad:
        marks = "tab, line break or NUL" if "\t" in forbidden else "line break or NUL"
        raise ValueError(
            f"The {what} must have no {marks} in them to be written as text. Got "
            f"{len(bad)} instead ({listed(bad)}); rename them."
        )
    return fields
