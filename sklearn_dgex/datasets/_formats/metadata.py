"""Metadata of samples and genes: text made numbers where it is numbers, and back."""

from __future__ import annotations

import re
from itertools import count

import numpy as np
import pandas as pd

STRINGS = pd.Series(["a"]).dtype  # pandas' own choice for text, which depends on its version
MISSING = frozenset({"", "-666", "-666.0", "NA", "na", "nan", "NaN", "NAN", "N/A", "#N/A"})
CMAP_MISSING = "-666"  # the Connectivity Map's word for a missing value
# Not 007, 1e5 or inf: such a column may well be one of names.
INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})", re.ASCII)
PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?(e[+-]\d+)?", re.ASCII | re.IGNORECASE)
MAX_EXACT = 1 << 53  # of whole numbers that a float holds


def index_of(ids, name: str | None = None) -> pd.Index:
    """Index of ids, which are str whatever they look like."""
    ids = ids if isinstance(ids, list) else list(ids)
    return pd.Index(ids, dtype=STRINGS, name=name)


def typed_frame(fields: dict[str, list[str]], index: pd.Index) -> pd.DataFrame:
    """Frame of metadata whose columns are numbers where all their fields are."""
    columns = [typed(values, index) for values in fields.values()]
    if not columns:
        return pd.DataFrame(index=index)
    frame = pd.concat(columns, axis=1)
    return frame.set_axis(list(fields), axis=1)


def typed(values: list[str], index: pd.Index) -> pd.Series:
    """Column of metadata: int, float or str; what stands for a missing value becomes one.

    Whole numbers stay text where a float would change them: beside a gap, or of 19 digits.
    """
    kinds = {value: value in MISSING for value in set(values)}
    present = [value for value, is_missing in kinds.items() if not is_missing]
    is_complete = len(present) == len(kinds)
    if present and all(map(INTEGER.fullmatch, present)) and is_complete:
        return pd.Series(list(map(int, values)), index=index, dtype=np.int64)
    if present and all(PLAIN_NUMBER.fullmatch(v) and not _is_inexact(v) for v in present):
        numbers = {
            value: np.nan if is_missing else float(value) for value, is_missing in kinds.items()
        }
        return pd.Series([numbers[value] for value in values], index=index, dtype=np.float64)
    texts = [np.nan if kinds[value] else value for value in values]
    return pd.Series(texts, index=index, dtype=STRINGS)


def unique_names(names) -> list[str]:
    """Names of metadata columns, the second and further of a kind numbered: a, a.1, a.2.

    A number is passed over where the name with it is another column's own.
    """
    names = list(names)
    taken, last = set(names), {}
    unique = []
    for name in names:
        if name not in last:
            last[name] = 0
            unique.append(name)
            continue
        last[name] = next(n for n in count(last[name] + 1) if f"{name}.{n}" not in taken)
        unique.append(f"{name}.{last[name]}")
        taken.add(unique[-1])
    return unique


def texts_of(column: pd.Series, missing: str = CMAP_MISSING) -> list[str]:
    """Fields of a column of metadata as a text file has them."""
    if pd.api.types.is_bool_dtype(column.dtype):
        column = column.astype("Int8") if column.hasnans else column.astype(np.int8)
    is_missing = column.isna().to_numpy()
    return [
        missing if gap else _text_of(value) for value, gap in zip(column, is_missing, strict=True)
    ]


def _is_inexact(number: str) -> bool:
    digits = number.lstrip("-")
    return len(digits) > 15 and digits.isdigit() and int(digits[:20]) > MAX_EXACT


def _text_of(value) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
