"""Numbers in text, put straight into an array at the speed of pandas' parser."""

from __future__ import annotations

import csv
import io
import re
import warnings

import numpy as np
import pandas as pd

from sklearn_dgex.datasets._formats._fields import RowFormat, not_a_number
from sklearn_dgex.datasets._formats._text import BLOCK, TextFile, shown

MISSING = ("", *"NA na N/A n/a #N/A NaN nan NAN -nan -NaN null NULL".split())  # noqa: SIM905
MISSING_BYTES = frozenset(name.encode() for name in MISSING)
NUMBER = re.compile(rb"\s*[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf(inity)?)\s*", re.I | re.ASCII)
INFINITE = re.compile(rb"\s*[+-]?inf(inity)?\s*", re.I)
UNUSED = b"\x1f"  # a separator for a table of one column, which needs none


def check_dtype(dtype) -> np.dtype:
    """Floating dtype of a matrix."""
    dtype = np.dtype(dtype)
    if dtype not in (np.float32, np.float64):
        raise ValueError(
            f"The 'dtype' parameter must be float32 or float64. Got {dtype.name!r} instead."
        )
    return dtype


def parse_lines(text: TextFile, form: RowFormat, rests: list[bytes], numbers, out) -> None:
    """Fill ``out`` (n_lines, n_numbers) from the numbers of each line."""
    if not form.n_numbers:
        return
    try:
        if len(rests) == 1 and len(rests[0]) > 2 * BLOCK:
            _parse_long(rests[0], form.separator, out[0])
        else:
            out[...] = _parse(b"\n".join(rests), form.separator, out.dtype).reshape(out.shape)
    except ValueError:
        raise _first_bad(text, form, rests, numbers, out.dtype) from None
    if np.isinf(out).any():
        error = _first_bad(text, form, rests, numbers, out.dtype, only_overflow=True)
        if error is not None:
            raise error


def _parse_long(rest: bytes, separator: bytes, out: np.ndarray) -> None:
    """Parse a long line piece by piece, so that no more than a piece is held besides."""
    start = n_done = 0
    while start <= len(rest):
        stop = rest.find(separator, start + BLOCK)
        stop = len(rest) if stop < 0 else stop
        values = _parse(rest[start:stop], separator, out.dtype)
        out[n_done : n_done + len(values)] = values
        n_done, start = n_done + len(values), stop + 1


def _parse(fields: bytes, separator: bytes, dtype) -> np.ndarray:
    """Numbers of ``fields``, separated by ``separator`` or line ends; one for each field."""
    if UNUSED in fields:
        raise ValueError("a control character is no part of a number")
    # One number a line: pandas then pays nothing for each column of a wide table.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # what overflows float32 is found later
        column = pd.read_csv(
            io.BytesIO(fields.replace(separator, b"\n") + b"\n"),
            header=None,
            names=[0],  # or an empty field that stands first would have no column
            dtype=dtype,
            engine="c",
            low_memory=False,
            sep=UNUSED.decode(),
            quoting=csv.QUOTE_NONE,
            skip_blank_lines=False,
            keep_default_na=False,
            na_values=MISSING,
        )
    return column.to_numpy().ravel()


def _first_bad(text, form, rests, numbers, dtype, *, only_overflow=False) -> ValueError | None:
    """Error for the first field that is no number, or too large a one."""
    for rest, number in zip(rests, numbers, strict=True):
        for column, field in enumerate(rest.split(form.separator), form.n_leading + 1):
            if field in MISSING_BYTES or INFINITE.fullmatch(field):
                continue
            if NUMBER.fullmatch(field) is None:
                return not_a_number(text, field, number, column)
            if abs(float(field)) > float(np.finfo(dtype).max):
                return text.refuse(
                    f"fit into {np.dtype(dtype).name}",
                    shown(field),
                    "pass dtype='float64', or mend the value",
                    line=number,
                    column=column,
                )
    if only_overflow:
        return None
    return text.refuse("hold numbers", "something else", "check the values", line=numbers[0])
