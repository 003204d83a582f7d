"""Plain values as JSON and named arrays: numbers, text, lists, arrays, random states.

JSON says what JSON can. Anything else is a JSON object of one entry, ``{kind: content}``, and the
kinds are those of this room: a closed list, so that a file can only name what is here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

TEXT_SPARE, TEXT_FACTOR = 1_000_000, 100  # characters of padding that an array of text may have
KEY_WORDS = 624  # of numpy's Mersenne Twister


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
        while path in self.arrays:  # a key 1 and a key "1" have the same path
            path += "'"
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


def _encode_objects(array, encoder, path):
    """Names, numbers and gaps: what an array of objects may hold."""
    values = array.ravel().tolist()
    if not all(type(value) in (str, int, float, bool, type(None)) for value in values):
        raise Unstorable(array, path)
    values = [encoder.encode(value, path) for value in values]
    return {"values": values, "shape": list(array.shape), "text": array.dtype.kind == "U"}


def _decode_objects(content, decoder):
    values = [decoder.decode(value) for value in content["values"]]
    if content["text"]:  # as wide as its longest value, all over
        widest = max(map(len, values), default=0)
        if widest * len(values) > TEXT_SPARE + TEXT_FACTOR * sum(map(len, values)):
            raise ValueError("texts of too unequal lengths")
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return (array.astype(str) if content["text"] else array).reshape(content["shape"])


def _encode_random_state(generator, encoder, path):
    name, key, *rest = generator.get_state()
    return [name, encoder.add_array(key, f"{path}.key"), *rest]


def _decode_random_state(content, decoder):
    name, key, position, *gaussian = content
    key = decoder.arrays[key]
    # numpy takes the position as it is, and reads there
    if name != "MT19937" or key.shape != (KEY_WORDS,) or not 0 <= position <= KEY_WORDS:
        raise ValueError("a random state that is none")
    generator = np.random.RandomState()
    generator.set_state((name, key, position, *gaussian))
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
    "objects": Kind(
        lambda value: isinstance(value, np.ndarray) and value.dtype.kind in "OU",
        _encode_objects,
        _decode_objects,
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
    "range": Kind(
        lambda value: type(value) is range,
        lambda value, *_: [value.start, value.stop, value.step],
        lambda content, _: range(*content),
    ),
    "random_state": Kind(
        lambda value: isinstance(value, np.random.RandomState),
        _encode_random_state,
        _decode_random_state,
    ),
}
