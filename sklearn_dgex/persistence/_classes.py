"""The classes that a model file may name, and how their objects are taken apart and built anew."""

from __future__ import annotations

import dataclasses
import importlib
import re

import torch
from torch.nn import functional

from sklearn_dgex.persistence._frames import FRAME_KINDS
from sklearn_dgex.persistence._networks import NETWORK_KINDS
from sklearn_dgex.persistence._values import VALUE_KINDS, Decoder, Encoder, Kind

# Names in files are looked up here; nothing is imported by a name that a file holds.
ESTIMATORS = {
    "DGEXRegressor": "sklearn_dgex._dgex",
    "SDATransformer": "sklearn_dgex._sda",
    "LandmarkImputer": "sklearn_dgex._imputer",
    "KNNGeneRegressor": "sklearn_dgex.baselines",
    "LincsRegression": "sklearn_dgex.baselines",
    "LandmarkSelector": "sklearn_dgex.preprocessing",
    "ProbeCollapser": "sklearn_dgex.preprocessing",
    "QuantileNormalizer": "sklearn_dgex.preprocessing",
    "KMeans": "sklearn.cluster",
    "KNNImputer": "sklearn.impute",
    "LinearRegression": "sklearn.linear_model",
    "MaxAbsScaler": "sklearn.preprocessing",
    "MinMaxScaler": "sklearn.preprocessing",
    "MissingIndicator": "sklearn.impute",
    "Normalizer": "sklearn.preprocessing",
    "PCA": "sklearn.decomposition",
    "Pipeline": "sklearn.pipeline",
    "PowerTransformer": "sklearn.preprocessing",
    "QuantileTransformer": "sklearn.preprocessing",
    "Ridge": "sklearn.linear_model",
    "RobustScaler": "sklearn.preprocessing",
    "SimpleImputer": "sklearn.impute",
    "StandardScaler": "sklearn.preprocessing",
}
RECORDS = {
    "AutoencoderWeights": "sklearn_dgex.training.autoencoder.weights",
    "GeneScaler": "sklearn_dgex.utils.scaling",
    "Recipe": "sklearn_dgex.training.autoencoder.recipe",
}
# Functions that may stand for an activation, by module and name.
FUNCTIONS = {
    f"{module.__name__}.{name}": getattr(module, name)
    for module, names in (
        (torch, ("erf", "relu", "sigmoid", "sin", "tanh")),
        (functional, ("celu", "elu", "gelu", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu")),
        (functional, ("logsigmoid", "mish", "relu", "relu6", "selu", "sigmoid", "silu")),
        (functional, ("softplus", "softsign", "tanh", "tanhshrink")),
    )
    for name in names
}
# What serves fits alone, and is left out: code of the user's, folders of this machine,
# scikit-learn's own record of which arguments of fit are handed on.
FOR_FITS_ALONE = {"callbacks", "checkpoint_dir", "memory", "_metadata_request"}
ATTRIBUTE = re.compile(r"_(?!_)\w+|[A-Za-z]\w*_")


def lookup(name: str, allowed: dict[str, str]) -> type:
    """Return the class of an allowed name; a KeyError says that it is not allowed."""
    return getattr(importlib.import_module(allowed[name]), name)


def _is_one_of(allowed: dict[str, str]):
    def holds(value) -> bool:
        name = type(value).__name__
        return name in allowed and type(value) is lookup(name, allowed)

    return holds


def _encode_estimator(estimator, encoder: Encoder, path: str) -> dict:
    state, path = dict(vars(estimator)), f"{path}." if path else ""
    for name in FOR_FITS_ALONE & set(state):
        if state.pop(name) is not None:
            encoder.left_out.append(f"{path}{name}")
    encoded = {name: encoder.encode(value, f"{path}{name}") for name, value in state.items()}
    return {
        "class": type(estimator).__name__,
        "parameters": {name: encoded.pop(name, None) for name in estimator._get_param_names()},
        "fitted": encoded,
    }


def _decode_estimator(content: dict, decoder: Decoder):
    cls = lookup(content["class"], ESTIMATORS)
    decoder.classes.append(content["class"])
    parameters, fitted = content["parameters"], content["fitted"]
    if set(parameters) != set(cls._get_param_names()):
        raise ValueError(f"parameters of {cls.__name__}: {', '.join(map(repr, parameters))}")
    if any(parameters.get(name) is not None for name in FOR_FITS_ALONE):
        raise ValueError(f"callbacks or a memory of {cls.__name__}")
    for name in fitted:
        if not ATTRIBUTE.fullmatch(name) or callable(getattr(cls, name, None)):
            raise ValueError(f"an attribute {name!r} of {cls.__name__}")
    estimator = cls.__new__(cls)
    state = {name: decoder.decode(value) for name, value in {**parameters, **fitted}.items()}
    vars(estimator).update(state)
    return estimator


def _encode_record(record, encoder: Encoder, path: str) -> dict:
    fields = {
        field.name: encoder.encode(getattr(record, field.name), f"{path}.{field.name}")
        for field in dataclasses.fields(record)
    }
    return {"class": type(record).__name__, "fields": fields}


def _decode_record(content: dict, decoder: Decoder):
    cls = lookup(content["class"], RECORDS)
    return cls(**{name: decoder.decode(value) for name, value in content["fields"].items()})


KINDS = {
    **VALUE_KINDS,
    **FRAME_KINDS,
    **NETWORK_KINDS,
    "function": Kind(
        lambda value: callable(value) and value in FUNCTIONS.values(),
        lambda value, *_: next(n for n, function in FUNCTIONS.items() if function is value),
        lambda content, _: FUNCTIONS[content],
    ),
    "record": Kind(_is_one_of(RECORDS), _encode_record, _decode_record),
    "estimator": Kind(_is_one_of(ESTIMATORS), _encode_estimator, _decode_estimator),
}
