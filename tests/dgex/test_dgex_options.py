"""Options that are more than words fit and infer finite numbers; others change the result.

Words are tried in tests/test_options.py.
"""

import numpy as np
import pytest
import torch

OPTIONS = [
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


@pytest.mark.parametrize(("name", "value"), OPTIONS)
def test_option_fits_and_infers(quick, arrays, name, value):
    X, y = arrays
    model = quick(learning_rate_init=1e-4).set_params(**{name: value}).fit(X, y)
    inferred = model.predict(X)
    assert inferred.shape == y.shape
    assert np.isfinite(inferred).all()
    assert np.ptp(inferred, axis=0).max() > 0, "infers one value for all samples"


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
