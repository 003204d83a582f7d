"""Frames, series and their indices as JSON and named arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sklearn_dgex.persistence._values import Decoder, Kind, Unstorable


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
    index = _decode_index(content["index"], decoder)
    columns = [
        (decoder.decode(name), _column(values, index, decoder))
        for name, values in content["columns"]
    ]
    frame = pd.DataFrame(dict(enumerate(values for _, values in columns)), index=index)
    return frame.set_axis(pd.Index([name for name, _ in columns]), axis=1)


def _encode_series(series, encoder, path):
    return {
        "index": _encode_index(series.index, encoder, f"{path}.index"),
        "values": encoder.encode(_column_values(series), f"{path}.values"),
        "name": encoder.encode(series.name, f"{path}.name"),
    }


def _decode_series(content, decoder):
    index = _decode_index(content["index"], decoder)
    values = _column(content["values"], index, decoder)
    return pd.Series(values, index=index, name=decoder.decode(content["name"]))


def _column(content, index: pd.Index, decoder: Decoder) -> np.ndarray:
    """Values of a column, which must be as many as its index says: pandas would repeat one."""
    values = decoder.decode(content)
    if not isinstance(values, np.ndarray) or values.shape != (len(index),):
        raise ValueError("a column of another length than its index")
    return values


FRAME_KINDS = {
    "index": Kind(lambda value: isinstance(value, pd.Index), _encode_index, _decode_index),
    "frame": Kind(lambda value: isinstance(value, pd.DataFrame), _encode_frame, _decode_frame),
    "series": Kind(lambda value: isinstance(value, pd.Series), _encode_series, _decode_series),
}
