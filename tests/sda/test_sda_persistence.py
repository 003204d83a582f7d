"""A fitted transformer survives every way of being stored, small and whole."""

import copy
import io
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone

from sklearn_dgex.nn import StackedDenoisingAutoencoder


@pytest.fixture(scope="module")
def fitted(deep, frame):
    return deep().fit(frame)


def through_joblib(model):
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    return joblib.load(file)


@pytest.mark.parametrize(
    "copied",
    [lambda model: pickle.loads(pickle.dumps(model)), through_joblib, copy.deepcopy],
    ids=["pickle", "joblib", "deepcopy"],
)
def test_copies_are_whole_and_their_own(fitted, frame, copied):
    again, before = copied(fitted), fitted.transform(frame)
    np.testing.assert_array_equal(again.transform(frame), before)
    np.testing.assert_array_equal(again.sample(9, random_state=0), fitted.sample(9, random_state=0))
    assert set(vars(again)) == set(vars(fitted))
    assert again.get_params() == fitted.get_params()
    assert again.loss_curve_ == fitted.loss_curve_
    assert again.recipe_ == fitted.recipe_
    assert again.score(frame) == fitted.score(frame)
    one, another = (model.partial_fit(frame) for model in (again, copied(fitted)))
    np.testing.assert_array_equal(one.transform(frame), another.transform(frame))
    np.testing.assert_array_equal(fitted.transform(frame), before)
    assert not np.array_equal(one.transform(frame), before)


def test_clone_is_not_fitted(fitted):
    again = clone(fitted)
    assert again.get_params() == fitted.get_params()
    assert set(vars(again)) == set(fitted.get_params())


def test_a_pickle_opens_in_a_new_process(fitted, frame, tmp_path):
    joblib.dump(fitted, tmp_path / "model.joblib")
    frame.to_pickle(tmp_path / "X.pickle")
    code = (
        "import joblib, numpy, pandas; "
        "model, X = joblib.load('model.joblib'), pandas.read_pickle('X.pickle'); "
        "numpy.savez('out.npz', Z=model.transform(X), more=model.partial_fit(X).transform(X))"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, check=True)
    out = np.load(tmp_path / "out.npz")
    np.testing.assert_array_equal(out["Z"], fitted.transform(frame))
    more = copy.deepcopy(fitted).partial_fit(frame)
    np.testing.assert_array_equal(out["more"], more.transform(frame))


@pytest.mark.parametrize("engine", ["kernel", "torch"])
@pytest.mark.parametrize("tied", [True, False])
def test_a_pickle_is_hardly_larger_than_weights_and_codes(quick, engine, tied):
    X = np.random.default_rng(0).normal(size=(500, 800))
    model = quick(hidden_layer_sizes=300, max_iter=1, engine=engine, tied_weights=tied).fit(X)
    n_bytes = 4 * sum(
        array.size for arrays in vars(model.weights_).values() for array in arrays or []
    )
    assert n_bytes > 900_000 * (2 - tied)
    n_bytes += model.codes_.nbytes + model.scaler_.offset.nbytes * 2
    assert n_bytes < len(pickle.dumps(model)) <= 1.01 * n_bytes + 10_000


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"hidden_layer_sizes": (6, 3), "tied_weights": False, "activation": "tanh"},
        {"hidden_layer_sizes": (6, 5, 2), "activation": "relu", "loss": "squared_error"},
        {"loss": "squared_error", "output_activation": "tanh", "scaling": "joint"},
        {"activation": "identity", "loss": "squared_error", "learning_rate_init": 0.01},
        {"noise": "salt_and_pepper", "corruption_level": 0.4},
    ],
    ids=str,
)
def test_the_torch_module_is_the_network(quick, arrays, parameters):
    model = quick(**parameters).fit(arrays)
    module = model.module_
    assert isinstance(module, StackedDenoisingAutoencoder)
    assert not module.training
    x = torch.from_numpy(model.scaler_.transform(arrays))
    with torch.no_grad():
        codes, regenerated = module.encode(x).numpy(), module(x).numpy()
    np.testing.assert_allclose(codes, model.encode(arrays), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        regenerated,
        model.scaler_.transform(model.regenerate(arrays), dtype=np.float64),
        rtol=1e-5,
        atol=1e-6,
    )


def test_the_torch_module_is_a_copy_that_trains(fitted, frame):
    before, module = fitted.transform(frame), fitted.module_.train()
    x = torch.from_numpy(fitted.scaler_.transform(frame.to_numpy()))
    assert not torch.equal(module(x), module(x)), "no noise in training"
    module(x).sum().backward()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter -= 0.1 * parameter.grad
    np.testing.assert_array_equal(fitted.transform(frame), before)
    assert fitted.module_ is not module


def test_the_torch_module_draws_its_noise_from_torchs_generator(fitted, frame):
    x, drawn = torch.from_numpy(fitted.scaler_.transform(frame.to_numpy())), []
    with torch.random.fork_rng(devices=[]):
        for seed in (1, 1, 2):
            torch.manual_seed(seed)
            drawn.append(copy.deepcopy(fitted.module_).train()(x))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_coefficients_are_the_encoder(fitted, frame):
    x = fitted.scaler_.transform(frame.to_numpy(), dtype=np.float64)
    for matrix, bias in zip(fitted.coefs_, fitted.intercepts_, strict=True):
        x = 1 / (1 + np.exp(-(x @ matrix + bias)))
    np.testing.assert_allclose(x, fitted.encode(frame), rtol=1e-6)
    assert [matrix.shape for matrix in fitted.coefs_] == [(8, 6), (6, 3)]
