"""Whatever the options, a saved model answers bit for bit as before, in another process."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sklearn_dgex import DGEXRegressor, SDATransformer
from sklearn_dgex.persistence import load, save
from sklearn_dgex.training import ProfileNet
from sklearn_dgex.training.autoencoder.recipe import Recipe
from sklearn_dgex.training.autoencoder.weights import AutoencoderWeights
from sklearn_dgex.utils.scaling import GeneScaler

SETTINGS = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
ACTIVATION = ["sigmoid", "tanh", "relu", "silu", "gelu", "identity", torch.nn.functional.softplus]
REGRESSOR = {
    "width": st.sampled_from(["auto", 30, 13]),
    "n_towers": st.sampled_from([1, 2, 5]),
    "architecture": st.sampled_from(["checkerboard", "tower"]),
    "n_hidden_layers": st.sampled_from([1, 2, 3, 4]),
    "n_folds": st.sampled_from([1, 2, 3]),
    "reconnection": st.sampled_from(["neighbour", "spread"]),
    "tower_width": st.sampled_from([None, 1, 7]),
    "skip_connection": st.booleans(),
    "activation": st.sampled_from(ACTIVATION),
    "taaf": st.booleans(),
    "output_activation": st.sampled_from(ACTIVATION),
    "dropout": st.sampled_from([0.0, 0.3]),
    "first_layer_dropout": st.sampled_from([None, 0.2]),
    "input_dropout": st.sampled_from([0.0, 0.2]),
    "linear_path": st.sampled_from(["auto", 0, 0.3]),
    "mixup": st.sampled_from([0.0, 0.4]),
    "n_networks": st.sampled_from([1, 2, 5]),
    "n_members": st.sampled_from(["auto", 1, 3]),
    "loss": st.sampled_from(["absolute_error", "squared_error"]),
    "solver": st.sampled_from(["nadam", "sgd"]),
    "learning_rate": st.sampled_from(["step", "cosine", "constant"]),
    "learning_rate_init": st.sampled_from([1e-3, 1e-4]),
    "momentum": st.sampled_from([0.0, 0.9]),
    "schedule_decay": st.sampled_from([0.0, 4e-3]),
    "batch_size": st.sampled_from(["auto", 7]),
    "early_stopping": st.booleans(),
    "n_iter_no_change": st.sampled_from(["auto", 1]),
    "tol": st.sampled_from([0.0, 0.1]),
    "precision": st.sampled_from(["auto", "float32", "bfloat16"]),
    "validation_fraction": st.sampled_from([0.0, 0.2]),
    "target_scaling": st.sampled_from(["standard", "minmax", "none"]),
    "warm_start": st.booleans(),
    "device": st.sampled_from(["auto", "cpu"]),
    "random_state": st.sampled_from([0, None]) | st.builds(np.random.RandomState, st.just(3)),
    "verbose": st.just(0),
}
TRANSFORMER = {
    "hidden_layer_sizes": st.sampled_from([4, (4,), (6, 3), (5, 4, 2)]),
    "corruption_level": st.sampled_from([0.0, 0.2]),
    "noise": st.sampled_from(["masking", "gaussian", "salt_and_pepper"]),
    "activation": st.sampled_from(["sigmoid", "tanh", "relu", "identity"]),
    "loss": st.sampled_from(["cross_entropy", "squared_error"]),
    "tied_weights": st.booleans(),
    "output": st.sampled_from(["regenerated", "code"]),
    "scaling": st.sampled_from(["feature", "joint"]),
    "solver": st.sampled_from(["sgd", "nadam"]),
    "learning_rate_init": st.sampled_from(["auto", 0.001]),
    "momentum": st.sampled_from([0.0, 0.9]),
    "batch_size": st.sampled_from(["auto", 9]),
    "finetune_max_iter": st.sampled_from(["auto", 0]),
    "warm_start": st.booleans(),
    "engine": st.sampled_from(["auto", "kernel", "torch"]),
    "random_state": st.sampled_from([0, None]),
}


def parts(value):
    """What a fitted value is made of, down to numbers, text and lists, which compare by repr."""
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [parts(item) for item in value]
    made_of = {
        np.ndarray: lambda: [value.dtype.str, value.shape, value.tolist()],
        pd.DataFrame: lambda: [value.index.tolist(), value.index.name, value.to_dict("list")],
        np.random.RandomState: lambda: parts(value.get_state()),
        ProfileNet: lambda: [dict(epoch) for epoch in value.history],
        **dict.fromkeys(
            (GeneScaler, AutoencoderWeights, Recipe), lambda: parts([*vars(value).values()])
        ),
    }
    return type(value).__name__, made_of.get(type(value), lambda: value)()


def check_copy(model, again):
    assert set(vars(again)) == set(vars(model))
    for name, value in vars(model).items():
        # by their text, in which NaN is like NaN
        assert repr(parts(vars(again)[name])) == repr(parts(value)), name


@SETTINGS
@given(parameters=st.fixed_dictionaries({}, optional=REGRESSOR), double=st.booleans())
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_regressor(parameters, double, frames, elsewhere, tmp_path):
    X, y = (frame if double else frame.astype(np.float32) for frame in frames)
    small = {"width": 20, "n_members": 2, "max_iter": 2}
    model = DGEXRegressor(**(small | parameters)).fit(X, y)
    file = save(model, tmp_path / "model.safetensors")
    again = load(file)
    check_copy(model, again)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    single = X.astype(np.float32)
    np.testing.assert_array_equal(elsewhere(file, "predict"), model.predict(single))


@SETTINGS
@given(parameters=st.fixed_dictionaries({}, optional=TRANSFORMER))
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_transformer(parameters, frames, elsewhere, tmp_path):
    X, _ = frames
    if parameters.get("activation") == "relu":
        parameters = parameters | {"learning_rate_init": 1e-3}
    model = SDATransformer(**({"max_iter": 2} | parameters)).fit(X)
    file = save(model, tmp_path / "model.safetensors")
    again = load(file)
    check_copy(model, again)
    np.testing.assert_array_equal(again.transform(X), model.transform(X))
    assert again.score(X) == model.score(X)
    np.testing.assert_array_equal(again.sample(4, random_state=0), model.sample(4, random_state=0))
    single = X.astype(np.float32)
    np.testing.assert_array_equal(elsewhere(file, "transform"), model.transform(single))


def test_a_loaded_model_learns_on_as_the_saved_one(frames, regressor, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        models = [load(save(regressor, tmp_path / "model.safetensors")) for _ in range(2)]
    before = models[1].predict(frames[0])
    file = (tmp_path / "model.safetensors").read_bytes()
    once, twice = models[0].partial_fit(*frames), models[1].partial_fit(*frames)
    np.testing.assert_array_equal(once.predict(frames[0]), twice.predict(frames[0]))
    assert not np.array_equal(once.predict(frames[0]), before)
    assert (tmp_path / "model.safetensors").read_bytes() == file, "learning changed the file"
    assert len(once.loss_curve_) == len(regressor.loss_curve_) + 1
