"""The classes that a model file may name, and how their objects are taken apart and built anew."""

from __future__ import annotations

import dataclasses
import importlib
import re

import torch

from sklearn_dgex.persistence._networks import NETWORK_KINDS
from sklearn_dgex.persistence._values import VALUE_KINDS, Decoder, Encoder, Kind, Unstorable

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
# Functions that may stand for an activation, by their names in torch.nn.functional.
FUNCTIONS = {
    name: getattr(torch.nn.functional, name)
    for name in (
        *("celu", "elu", "gelu", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu"),
        *("logsigmoid", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "softplus"),
        *("softsign", "tanh", "tanhshrink"),
    )
} | {f"torch.{name}": getattr(torch, name) for name in ("relu", "sigmoid", "tanh", "sin", "erf")}
# Parameters that serve the fit alone: a model may go without what files can't hold of them.
FOR_FITS_ALONE = {"callbacks", "memory"}
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
    state, names = dict(vars(estimator)), estimator._get_param_names()
    path = f"{path}." if path else ""
    parameters = {}
    for name in names:
        arrays = dict(encoder.arrays)
        try:
            parameters[name] = encoder.encode(state.pop(name), f"{path}{name}")
        except Unstorable:
            if name not in FOR_FITS_ALONE:
                raise
            encoder.arrays = arrays  # and none of what was found before the hurdle
            encoder.left_out.append(f"{path}{name}")
            parameters[name] = None
    return {
        "class": type(estimator).__name__,
        "parameters": parameters,
        "fitted": {name: encoder.encode(value, f"{path}{name}") for name, value in state.items()},
    }


def _decode_estimator(content: dict, decoder: Decoder):
    cls = lookup(content["class"], ESTIMATORS)
    decoder.classes.append(content["class"])
    estimator = cls.__new__(cls)
    parameters, fitted = content["parameters"], content["fitted"]
    if set(parameters) != set(cls._get_param_names()):
        raise ValueError(f"parameters of {cls.__name__}: {sorted(parameters)}")
    if not all(map(ATTRIBUTE.fullmatch, fitted)):
        raise ValueError(f"attributes of {cls.__name__}: {sorted(fitted)}")
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
    **NETWORK_KINDS,
    "function": Kind(
        lambda value: callable(value) and value in FUNCTIONS.values(),
        lambda value, *_: next(n for n, function in FUNCTIONS.items() if function is value),
        lambda content, _: FUNCTIONS[content],
    ),
    "record": Kind(_is_one_of(RECORDS), _encode_record, _decode_record),
    "estimator": Kind(_is_one_of(ESTIMATORS), _encode_estimator, _decode_estimator),
}
