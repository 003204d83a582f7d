"""Numbers in text, put straight into an array at the speed of pandas' parser."""

from __future__ import annotations

import csv
import io
import re
import warnings

import numpy as np
import pandas as pd

from sklearn_dgex.datasets._formats.text.fields import RowFormat, not_a_number
from sklearn_dgex.datasets._formats.text.file import BLOCK, TextFile, shown

MISSING_FIELDS = ("", *"NA na N/A n/a #N/A NaN nan NAN -nan -NaN null NULL".split())  # noqa: SIM905
MISSING_BYTES = frozenset(name.encode() for name in MISSING_FIELDS)
ANY_NUMBER = re.compile(rb"\s*[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf(inity)?)\s*", re.I | re.ASCII)
INFINITE = re.compile(rb"\s*[+-]?inf(inity)?\s*", re.I)
LARGEST_EXACT = {np.dtype(np.float32): 2.0**24, np.dtype(np.float64): 2.0**53}  # whole numbers
MAX_DIGITS = 15  # of counts; what is longer is a float that was written without a point
UNUSED = b"\x1f"  # a separator for a table of one column, which needs none
# One of these is in TRUE and FALSE, which pandas makes 1 and 0 where all fields are such, and in
# nothing that is a number or stands for a missing one.
NO_NUMBER = (UNUSED, b"r", b"R", b"s", b"S")


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
    is_large = np.abs(out) >= LARGEST_EXACT[out.dtype]
    if is_large.any():
        _check_large(text, form, rests, numbers, out, is_large)


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
    if any(mark in fields for mark in NO_NUMBER):
        raise ValueError("some field is no number")
    # pandas 3 reads every digit; before it, float64 wants to be asked for its last one
    is_rough = np.dtype(dtype) == np.float64 and int(pd.__version__.split(".")[0]) < 3
    exact = {"float_precision": "round_trip"} if is_rough else {}
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
            na_values=MISSING_FIELDS,
            **exact,
        )
    return column.to_numpy().ravel()


def _first_bad(text, form, rests: list[bytes], numbers, dtype) -> ValueError:
    """Error for the first field that is no number, or none that fits."""
    for rest, number in zip(rests, numbers, strict=True):
        for column, field in enumerate(rest.split(form.separator), form.n_leading + 1):
            if field in MISSING_BYTES or INFINITE.fullmatch(field):
                continue
            if ANY_NUMBER.fullmatch(field) is None:
                return not_a_number(text, form, field, number, column)
            if np.isinf(float(field)):  # which pandas 2 takes for no number
                return _unfitting(text, field, dtype, "", number, column)
    return text.refuse("hold numbers", "something else", "check the values", line=numbers[0])


def _check_large(text, form, rests: list[bytes], numbers, values, is_large) -> None:
    """Raise a ValueError if a field does not fit, or is a whole number that became another."""
    for row in np.flatnonzero(is_large.any(axis=1)):
        fields = rests[row].split(form.separator)
        for column in np.flatnonzero(is_large[row]).tolist():
            field = fields[column].strip()
            if field.lstrip(b"+-").isdigit() and len(field) <= MAX_DIGITS:
                if not _is_changed(int(field), values[row, column]):
                    continue
                must = ", which has all whole numbers up to 16,777,216 but not this one"
            elif INFINITE.fullmatch(field) or not np.isinf(values[row, column]):
                continue
            else:
                must = ""
            place = numbers[row], form.n_leading + column + 1
            raise _unfitting(text, field, values.dtype, must, *place)


def _unfitting(text, field: bytes, dtype, must: str, line: int, column: int) -> ValueError:
    return text.refuse(
        f"fit into {dtype.name}{must}",
        shown(field),
        "pass dtype='float64', or mend the value",
        line=line,
        column=column,
    )


def _is_changed(number: int, value: np.floating) -> bool:
    """Whether a whole number became another, and one that is not written like it."""
    return number not in (int(value), int(float(str(value))))
