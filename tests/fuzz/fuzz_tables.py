"""Tables of expression as users have them: sound, strange, and wrong."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from scipy import sparse

MOST_SAMPLES, MOST_GENES = 40, 12
DTYPES = (
    "float64",
    "float32",
    "float16",
    "int64",
    "int32",
    "int8",
    "uint8",
    "bool",
    ">f8",
    "object",
)
ORDERS = ("C", "F", "strided", "reversed", "read-only", "memmap")
CONTAINERS = ("array", "array", "list", "pandas", "pandas", "polars", "numbered", "extension")
# What the values are like. "extreme" may be refused: its squares, or float32, can't hold it.
VALUES = ("usual",) * 6 + (
    "constant",
    "equal",
    "offset",
    "zero",
    "tiny",
    "denormal",
    "huge",
    "vast",
    "extreme",
)
WRONG = (
    "nan", "infinite", "strings", "sparse", "complex", "three-dimensional", "no samples",
    "no genes", "ragged", "none", "text", "dict", "twice", "numbers for names", "nothing",
    "dates", "set",
)  # fmt: skip


@dataclass
class Table:
    """A table as it is passed, and what is known of it."""

    given: object
    values: np.ndarray | None  # as plain float64, where it is one
    container: str
    style: str
    wrong: str | None = None  # why it must be refused

    @property
    def named(self) -> bool:
        return self.container in ("pandas", "polars", "extension")

    @property
    def single(self) -> bool:
        """Whether it holds float32, and nothing else."""
        if hasattr(self.given, "columns"):
            return all(str(one).lower() == "float32" for one in self.given.dtypes)
        return getattr(self.given, "dtype", None) == np.float32

    def plain(self) -> np.ndarray:
        """Return the values as a usual array."""
        values = np.ascontiguousarray(self.values, np.float32 if self.single else np.float64)
        return values.reshape(np.shape(self.given))


@st.composite
def tables(draw, shape, *, prefix="g", wrong=None, flat=False) -> Table:
    """Draw a table of a shape; ``wrong`` is one of WRONG or None."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    style = draw(st.sampled_from(VALUES))
    dtype = draw(st.sampled_from(DTYPES[:2] * 3 + DTYPES))
    container = draw(st.sampled_from(CONTAINERS))
    values = filled(style, shape, dtype, rng)
    if wrong is not None:
        given = spoilt(wrong, values, prefix, rng)
        return Table(given, None, "array", style, wrong)
    if flat and shape[1] == 1 and draw(st.booleans()):
        values = values[:, 0]
        container = draw(st.sampled_from(["array", "list", "series"]))
    as_float = np.asarray(values, dtype=np.float64).reshape(shape)
    if container == "array":
        values = laid_out(values, draw(st.sampled_from(ORDERS)))
    given = contained(values, container, prefix)
    if container == "extension":  # which have no booleans among numbers, nor half precision
        as_float = given.to_numpy(dtype=np.float64)
    return Table(given, as_float, container, style)


def filled(style: str, shape, dtype: str, rng) -> np.ndarray:
    """Values of a style, as far as a dtype has them."""
    values = rng.normal(8, 2, shape) @ np.eye(shape[1]) + rng.normal(0, 1, (shape[0], 1))
    kind = np.dtype(dtype).kind
    if style == "constant" and shape[1]:
        values[:, rng.integers(shape[1])] = rng.choice([0.0, 7.1, -3.0])
    elif style == "equal":
        values[:] = 5.25
    elif style == "zero":
        values[:] = 0
    elif style == "offset":
        values = values * 1e-3 + 1e5
    elif (kind == "f" and dtype != "float16") or kind == "O":
        powers = {"tiny": -30, "denormal": -310, "huge": 30, "vast": 60, "extreme": 300}
        power = powers.get(style, 0)
        if dtype == "float32":
            power = max(-41, min(37, power))
        values = values * 10.0**power
    if kind in "iu":
        values = np.clip(values, 0, 100)
    if kind == "b":
        values = values > 8
    with np.errstate(over="ignore"):
        return (
            np.clip(values, -6e4, 6e4).astype(dtype) if dtype == "float16" else values.astype(dtype)
        )


def laid_out(values: np.ndarray, order: str) -> np.ndarray:
    """The same values, otherwise in memory."""
    if order == "F":
        return np.asfortranarray(values)
    if order == "strided":
        wide = np.zeros([2 * n for n in values.shape], dtype=values.dtype)
        wide[tuple([slice(None, None, 2)] * values.ndim)] = values
        return wide[tuple([slice(None, None, 2)] * values.ndim)]
    if order == "reversed":
        return values[::-1].copy()[::-1]
    if order == "read-only":
        values = values.copy()
        values.flags.writeable = False
        return values
    if order == "memmap" and values.size and values.dtype.kind != "O":
        with tempfile.TemporaryDirectory() as folder:  # a mapping outlives its name
            path = Path(folder) / "values"
            mapped = np.memmap(path, values.dtype, "w+", shape=values.shape)
            mapped[:] = values
            return mapped
    return values


def contained(values: np.ndarray, container: str, prefix: str):
    """The values in what a user may have them in."""
    if container == "array":
        return values
    if container == "list":
        return values.tolist()
    if container == "series":
        return pd.Series(values, name="one gene")
    if values.dtype.kind == "O" or values.dtype.str == ">f8":  # which frames can't index
        values = values.astype(np.float64)
    names = [f"{prefix}{i}" for i in range(values.shape[1])]
    if container == "numbered" or not names:
        return pd.DataFrame(values)
    if container == "polars":
        import polars

        columns = values.astype(np.float32) if values.dtype == np.float16 else values
        return polars.DataFrame({name: columns[:, i].copy() for i, name in enumerate(names)})
    frame = pd.DataFrame(values, columns=names, index=[f"sample {i}" for i in range(len(values))])
    return frame.astype(np.float64).convert_dtypes() if container == "extension" else frame


def spoilt(wrong: str, values: np.ndarray, prefix: str, rng):
    """Something that no estimator may take for a table of numbers."""
    n, p = max(2, len(values)), max(2, values.shape[1])
    sound = rng.normal(8, 2, (n, p))
    names = [f"{prefix}{i}" for i in range(p)]
    if wrong in ("nan", "infinite"):
        sound[rng.integers(n), rng.integers(p)] = np.nan if wrong == "nan" else -np.inf
        return sound if rng.random() < 0.5 else pd.DataFrame(sound, columns=names)
    return {
        "strings": lambda: sound.astype(str).astype(object) + "x",
        "sparse": lambda: sparse.csr_array(sound),
        "complex": lambda: sound + 1j,
        "three-dimensional": lambda: sound[:, :, np.newaxis],
        "no samples": lambda: sound[:0],
        "no genes": lambda: sound[:, :0],
        "ragged": lambda: [[1.0, 2.0], [3.0]],
        "none": lambda: _gaps(sound),
        "text": lambda: "TP53",
        "dict": lambda: {"TP53": [1.0, 2.0]},
        "twice": lambda: pd.DataFrame(sound, columns=[names[0], *names[:-1]]),
        "numbers for names": lambda: pd.DataFrame(sound, columns=[7157 + i for i in range(p)]),
        "nothing": lambda: None,
        "dates": lambda: np.full((n, p), np.datetime64("2026-01-01")),
        "set": lambda: {1.0, 2.0},
    }[wrong]()


def _gaps(values: np.ndarray) -> np.ndarray:
    gaps = values.astype(object)
    gaps[0, 0] = None
    return gaps


def rows_of(given, rows: np.ndarray):
    """Some rows of a table, in the container that it came in."""
    if isinstance(given, list):
        return [given[i] for i in rows]
    if isinstance(given, np.ndarray):
        return given[rows]
    return given.iloc[rows] if hasattr(given, "iloc") else given[rows.tolist()]


def reordered(given, rng):
    """A frame with its columns in another order."""
    names = [given.columns[i] for i in rng.permutation(len(given.columns))]
    return given[names]


WEIGHTS = ("none",) * 6 + ("ones", "random", "whole", "gaps", "list", "number", "tiny", "huge")
WRONG_WEIGHTS = ("negative", "longer", "nan", "inf", "text", "two-dimensional", "all zero")


def weights(kind: str, n: int, rng):
    """Sample weights of a kind."""
    usual = rng.uniform(0.5, 2, n)
    if kind == "gaps":
        usual[: n // 2] = 0
    if kind in ("negative", "nan", "inf") and n:
        usual[rng.integers(n)] = {"negative": -1, "nan": np.nan, "inf": np.inf}[kind]
    return {
        "none": None,
        "ones": np.ones(n),
        "whole": np.arange(1, n + 1),
        "list": usual.tolist(),
        "number": 2.0,
        "tiny": usual * 1e-30,
        "huge": usual * 1e30,
        "longer": np.ones(n + 1),
        "text": ["x"] * max(1, n),
        "two-dimensional": np.ones((n, 1)),
        "all zero": np.zeros(n),
    }.get(kind, usual)
