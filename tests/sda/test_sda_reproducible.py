"""The same seed gives the same numbers, wherever, how often and by whatever engine."""

import os
import subprocess
import sys
from itertools import product

import numpy as np
import pytest
import torch
from sklearn.base import clone

ENGINES = ["kernel", "torch"]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("noise", ["masking", "gaussian", "salt_and_pepper"])
def test_same_seed_same_weights(deep, arrays, engine, noise):
    settings = {"noise": noise, "engine": engine, "random_state": 3}
    first, second = (deep(**settings).fit(arrays).partial_fit(arrays) for _ in range(2))
    np.testing.assert_array_equal(first.transform(arrays), second.transform(arrays))
    assert first.loss_curve_ == second.loss_curve_
    assert first.finetune_loss_curve_ == second.finetune_loss_curve_
    again = clone(first).fit(arrays).partial_fit(arrays)
    np.testing.assert_array_equal(first.transform(arrays), again.transform(arrays))


@pytest.mark.parametrize("seeds", [(3, 4), (None, None)])
def test_other_seeds_other_weights(quick, arrays, seeds):
    first, second = (quick(random_state=seed).fit_transform(arrays) for seed in seeds)
    assert not np.allclose(first, second, rtol=1e-3)


def test_a_random_state_instance_moves_on(quick, arrays):
    source = np.random.RandomState(0)
    first, second = (quick(random_state=source).fit_transform(arrays) for _ in range(2))
    assert not np.allclose(first, second, rtol=1e-3)
    again = quick(random_state=np.random.RandomState(0)).fit_transform(arrays)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, quick(random_state=0).fit_transform(arrays))


KINDS = [
    {"activation": "sigmoid", "loss": "cross_entropy"},
    {"activation": "tanh", "loss": "squared_error", "output_activation": "tanh"},
    {"activation": "relu", "loss": "squared_error", "tied_weights": False},
    {"activation": "identity", "loss": "cross_entropy", "scaling": "joint"},
]


@pytest.mark.parametrize("noise", ["masking", "gaussian", "salt_and_pepper"])
@pytest.mark.parametrize(("kind", "solver"), list(product(KINDS, ["sgd", "nadam"])), ids=str)
def test_both_engines_do_the_same(deep, arrays, kind, solver, noise):
    X = arrays.astype(np.float32)
    settings = {"noise": noise, "corruption_level": [0.3, 0.1], "learning_rate_init": 0.01}
    settings |= {"solver": solver, "momentum": 0.5 * (solver == "sgd"), "batch_size": 7} | kind
    kernel, net = (deep(engine=e, **settings).fit(X).partial_fit(X) for e in ENGINES)
    assert (kernel.engine_, net.engine_) == ("kernel", "torch")
    scale = X.std(axis=0)
    np.testing.assert_allclose(kernel.transform(X) / scale, net.transform(X) / scale, atol=1e-4)
    np.testing.assert_allclose(kernel.encode(X), net.encode(X), atol=1e-4)
    np.testing.assert_allclose(kernel.loss_curve_, net.loss_curve_, rtol=1e-4)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("seeded", [int, np.random.RandomState])
def test_global_generators_are_left_alone(deep, arrays, method, engine, seeded):
    model = deep(random_state=seeded(0), engine=engine)
    numpy_before, torch_before = np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    getattr(model, method)(arrays)
    model.transform(arrays), model.score(arrays), model.module_
    numpy_after = np.random.get_state()  # noqa: NPY002
    np.testing.assert_array_equal(numpy_after[1], numpy_before[1])
    assert numpy_after[2:] == numpy_before[2:]
    assert torch.equal(torch.get_rng_state(), torch_before)


@pytest.mark.parametrize("engine", ENGINES)
def test_global_generators_are_not_read(quick, arrays, engine):
    results = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        results.append(quick(engine=engine, noise="gaussian").fit_transform(arrays))
    np.testing.assert_array_equal(*results)


def test_without_a_seed_numpys_generator_is_read(quick, arrays):
    results = []
    for seed in (1, 1, 2):
        np.random.seed(seed)  # noqa: NPY002
        results.append(quick(random_state=None).fit_transform(arrays))
    np.testing.assert_array_equal(results[0], results[1])
    assert not np.allclose(results[0], results[2])


FIT = """
import sys
import numpy as np
from sklearn_dgex import SDATransformer

import torch

# not by make_expression, whose product older numpys round as threads share it out
X = np.random.RandomState(0).standard_normal((300, 1000)).astype(np.float32)
assert torch.get_num_threads() == int(sys.argv[1])
results = {}
for engine in ("kernel", "torch"):
    model = SDATransformer((60, 20), max_iter=2, batch_size=50, engine=engine, random_state=0)
    model.fit(X)
    results |= {f"{engine} weights {i}": w for i, w in enumerate(model.coefs_)}
    results[engine + " profiles"] = model.transform(X.astype(float))
np.savez(sys.argv[2], **results)
"""


def test_weights_do_not_depend_on_the_number_of_threads(tmp_path):
    # GridSearchCV gives its workers one thread each; alone, a fit has them all.
    results = []
    for n_threads in ("1", "2"):
        path = tmp_path / f"{n_threads}.npz"
        limits = {f"{name}_NUM_THREADS": n_threads for name in ("OMP", "MKL", "OPENBLAS")}
        arguments = [sys.executable, "-c", FIT, n_threads, str(path)]
        subprocess.run(arguments, env={**os.environ, **limits}, check=True)
        results.append(np.load(path))
    one, two = results
    assert len(one.files) == 6
    for name in one.files:
        if name.startswith("kernel weights"):
            np.testing.assert_array_equal(one[name], two[name], err_msg=name)
        else:  # products of torch and numpy are rounded as the threads share them out
            np.testing.assert_allclose(one[name], two[name], rtol=1e-3, atol=1e-4, err_msg=name)
