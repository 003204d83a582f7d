"""Every documented option value fits, and infers finite numbers."""

import numpy as np
import pytest
import torch

from sklearn_dgex._dgex.constraints import PARAMETER_CONSTRAINTS
from sklearn_dgex.utils._sklearn_private import StrOptions

OPTIONS = [
    (name, value)
    for name, constraints in PARAMETER_CONSTRAINTS.items()
    for constraint in constraints
    if isinstance(constraint, StrOptions)
    for value in sorted(constraint.options)
    if value not in ("tf32", "ddp", "fsdp")  # of CUDA, below, and of torchrun
]
OTHERS = [
    ("activation", torch.nn.functional.softplus),
    ("output_activation", torch.nn.functional.softplus),
    ("reconnection", [1, 0]),
    ("reconnection", (1, -1)),
    ("reconnection", np.array([2, 1])),
    ("n_folds", 1),
    ("n_folds", 2),
    ("n_folds", 3),
    ("n_folds", 4),
    ("n_hidden_layers", 1),
    ("n_hidden_layers", 5),
    ("n_networks", 1),
    ("n_networks", 2),
    ("n_networks", 3),
    ("dropout", 0.0),
    ("dropout", [0.0, 0.5, 0.1]),
    ("dropout", np.array([0.0, 0.5, 0.1])),
    ("first_layer_dropout", 0.5),
    ("input_dropout", 0.0),
    ("mixup", 0.0),
    ("mixup", 2.0),
    ("tower_width", 3),
    ("skip_connection", False),
    ("taaf", False),
    ("early_stopping", False),
    ("validation_fraction", 0.0),
    ("validation_fraction", 0.5),
    ("device", "auto"),
    ("device", "cpu"),
    ("callbacks", []),
    ("random_state", None),
    ("random_state", np.random.RandomState(0)),
]


@pytest.mark.parametrize(("name", "value"), OPTIONS + OTHERS)
def test_option_fits_and_infers(quick, arrays, name, value):
    X, y = arrays
    model = quick(learning_rate_init=1e-4).set_params(**{name: value}).fit(X, y)
    inferred = model.predict(X)
    assert inferred.shape == y.shape
    assert np.isfinite(inferred).all()
    assert np.ptp(inferred, axis=0).max() > 0, "infers one value for all samples"


def test_documented_options_are_those_allowed():
    allowed = {name: set() for name, _ in OPTIONS}
    for name, value in OPTIONS:
        allowed[name].add(value)
    assert allowed["architecture"] == {"checkerboard", "tower"}
    assert allowed["activation"] == {"sigmoid", "tanh", "relu", "silu", "gelu", "identity"}
    assert allowed["output_activation"] == allowed["activation"]
    assert allowed["loss"] == {
        "absolute_error",
        "squared_error",
        "huber",
        "summed_squared_error",
    }
    assert allowed["solver"] == {"nadam", "sgd"}
    assert allowed["learning_rate"] == {"cosine", "step", "constant"}
    assert allowed["target_scaling"] == {"standard", "minmax", "none"}
    assert allowed["precision"] == {"auto", "float32", "bfloat16"}
    assert allowed["reconnection"] == {"neighbour", "spread"}


def test_tf32_off_cuda_is_refused_with_the_alternatives(quick, arrays):
    with pytest.raises(ValueError, match=r"'tf32' on CUDA devices only.*'float32' or 'bfloat16'"):
        quick(precision="tf32", device="cpu").fit(*arrays)


@pytest.mark.gpu
def test_tf32_fits_on_cuda(quick, arrays):
    X, y = arrays
    assert np.isfinite(quick(precision="tf32", device="cuda").fit(X, y).predict(X)).all()


@pytest.mark.parametrize(
    ("option", "other"),
    [
        ("architecture", "tower"),
        ("n_folds", 3),
        ("reconnection", "spread"),
        ("skip_connection", False),
        ("taaf", False),
        ("input_dropout", 0.0),
        ("linear_path", 0.0),
        ("mixup", 0.0),
        ("loss", "huber"),
        ("solver", "sgd"),
        ("target_scaling", "minmax"),
    ],
)
def test_option_changes_the_result(quick, arrays, option, other):
    X, y = arrays
    one, another = (quick(n_towers=4, **changed) for changed in ({}, {option: other}))
    one, another = (model.fit(X, y).predict(X) for model in (one, another))
    assert not np.allclose(one, another, rtol=1e-4)
