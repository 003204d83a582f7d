"""Plain values as JSON and named arrays: numbers, text, lists, arrays, frames, random states.

JSON says what JSON can. Anything else is a JSON object of one entry, ``{kind: content}``, and the
kinds are those of this file and of ``_classes``: a closed list, so that a file can only name what
is here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd


class Unstorable(TypeError):
    """A value that files can't hold; ``path`` says where in the estimator it stands."""

    def __init__(self, value, path: str):
        super().__init__(f"{type(value).__name__} in {path}")
        self.value, self.path = value, path


class Kind(NamedTuple):
    """How one kind of value is told, written and read."""

    holds: Callable[[Any], bool]
    encode: Callable  # (value, encoder, path) -> JSON
    decode: Callable  # (content, decoder) -> value


class Encoder:
    """Turn a value into JSON, and collect the arrays in it under the paths where they stand."""

    def __init__(self, kinds: dict[str, Kind]):
        self.kinds = kinds
        self.arrays: dict[str, np.ndarray] = {}
        self.left_out: list[str] = []

    def encode(self, value, path: str):
        """Return JSON for ``value``, which stands at ``path``."""
        if value is None or type(value) in (bool, int, str):
            return value
        if type(value) is float and math.isfinite(value):
            return value
        if type(value) is list:
            return [self.encode(item, f"{path}.{i}") for i, item in enumerate(value)]
        for name, kind in self.kinds.items():
            if kind.holds(value):
                return {name: kind.encode(value, self, path)}
        raise Unstorable(value, path)

    def add_array(self, array: np.ndarray, path: str) -> str:
        """Keep an array of numbers, in this machine's byte order, and return its name."""
        array = np.asarray(array, order="C")
        self.arrays[path] = array.astype(array.dtype.newbyteorder("="), copy=False)
        return path


class Decoder:
    """Turn JSON and arrays into the value they stand for."""

    def __init__(self, kinds: dict[str, Kind], arrays: dict[str, np.ndarray]):
        self.kinds, self.arrays = kinds, arrays
        self.classes: list[str] = []  # of the estimators built

    def decode(self, content):
        """Return the value of ``content``; errors of any kind mean that it stands for none."""
        if isinstance(content, list):
            return [self.decode(item) for item in content]
        if isinstance(content, dict):
            ((name, inner),) = content.items()
            return self.kinds[name].decode(inner, self)
        return content


def _encode_array(array, encoder, path):
    return encoder.add_array(array, path)


def _encode_strings(array, _, path):
    values = array.ravel().tolist()
    if not all(type(value) is str for value in values):
        raise Unstorable(array, path)
    return {"values": values, "shape": list(array.shape), "object": array.dtype == object}


def _decode_strings(content, _):
    array = np.array(content["values"], dtype=object if content["object"] else str)
    return array.reshape(content["shape"])


def _encode_index(index, encoder, path):
    described = {"name": encoder.encode(index.name, f"{path}.name")}
    if isinstance(index, pd.RangeIndex):
        return described | {"range": [index.start, index.stop, index.step]}
    dtype = "str" if pd.api.types.is_string_dtype(index.dtype) else str(index.dtype)
    array = index.to_numpy(dtype=object if dtype == "str" else None)
    return described | {"dtype": dtype, "values": encoder.encode(array, f"{path}.values")}


def _decode_index(content, decoder):
    name = decoder.decode(content["name"])
    if "range" in content:
        return pd.RangeIndex(*content["range"], name=name)
    values = decoder.decode(content["values"])
    # "str" is a type of its own in pandas 3, and object before it
    return pd.Index(values, name=name, dtype=None if content["dtype"] == "str" else values.dtype)


def _encode_frame(frame, encoder, path):
    if not frame.columns.is_unique:
        raise Unstorable(frame, path)
    return {
        "index": _encode_index(frame.index, encoder, f"{path}.index"),
        "columns": [
            [
                encoder.encode(name, path),
                encoder.encode(_column_values(frame.iloc[:, i]), f"{path}.{name}"),
            ]
            for i, name in enumerate(frame.columns)
        ],
    }


def _column_values(column: pd.Series) -> np.ndarray:
    is_text = pd.api.types.is_string_dtype(column.dtype)
    return column.to_numpy(dtype=object if is_text else None)


def _decode_frame(content, decoder):
    columns = {name: decoder.decode(values) for name, values in content["columns"]}
    return pd.DataFrame(columns, index=_decode_index(content["index"], decoder))


def _encode_series(series, encoder, path):
    return {
        "index": _encode_index(series.index, encoder, f"{path}.index"),
        "values": encoder.encode(_column_values(series), f"{path}.values"),
        "name": encoder.encode(series.name, f"{path}.name"),
    }


def _decode_series(content, decoder):
    values, name = decoder.decode(content["values"]), decoder.decode(content["name"])
    return pd.Series(values, index=_decode_index(content["index"], decoder), name=name)


def _encode_random_state(generator, encoder, path):
    name, key, *rest = generator.get_state()
    return [name, encoder.add_array(key, f"{path}.key"), *rest]


def _decode_random_state(content, decoder):
    name, key, *rest = content
    generator = np.random.RandomState()
    generator.set_state((name, decoder.arrays[key], *rest))
    return generator


def _is_numbers(value) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "biuf"


VALUE_KINDS = {
    "float": Kind(
        lambda value: type(value) is float,
        lambda value, *_: repr(value),  # nan, inf, -inf
        lambda content, _: float(content),
    ),
    "numpy": Kind(
        lambda value: isinstance(value, np.generic) and value.dtype.kind in "biuf",
        lambda value, encoder, path: encoder.add_array(np.asarray(value), path),
        lambda content, decoder: decoder.arrays[content][()],
    ),
    "text": Kind(
        lambda value: isinstance(value, str),  # numpy's own strings
        lambda value, *_: str(value),
        lambda content, _: str(content),
    ),
    "columnwise": Kind(  # a product's last bits depend on the order in memory
        lambda value: (
            _is_numbers(value) and value.flags.f_contiguous and not value.flags.c_contiguous
        ),
        lambda value, encoder, path: encoder.add_array(value.T, path),
        lambda content, decoder: decoder.arrays[content].T,
    ),
    "array": Kind(_is_numbers, _encode_array, lambda content, decoder: decoder.arrays[content]),
    "dtype": Kind(
        lambda value: isinstance(value, np.dtype) and value.kind in "biufOU",
        lambda value, *_: value.str,
        lambda content, _: np.dtype(content),
    ),
    "strings": Kind(
        lambda value: isinstance(value, np.ndarray) and value.dtype.kind in "OU",
        _encode_strings,
        _decode_strings,
    ),
    "tuple": Kind(
        lambda value: type(value) is tuple,
        lambda value, encoder, path: encoder.encode(list(value), path),
        lambda content, decoder: tuple(decoder.decode(content)),
    ),
    "dict": Kind(
        lambda value: type(value) is dict,
        lambda value, encoder, path: [
            [encoder.encode(key, path), encoder.encode(item, f"{path}.{key}")]
            for key, item in value.items()
        ],
        lambda content, decoder: {decoder.decode(k): decoder.decode(v) for k, v in content},
    ),
    "index": Kind(lambda value: isinstance(value, pd.Index), _encode_index, _decode_index),
    "frame": Kind(lambda value: isinstance(value, pd.DataFrame), _encode_frame, _decode_frame),
    "series": Kind(lambda value: isinstance(value, pd.Series), _encode_series, _decode_series),
    "random_state": Kind(
        lambda value: isinstance(value, np.random.RandomState),
        _encode_random_state,
        _decode_random_state,
    ),
}
