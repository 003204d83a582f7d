"""The same seed gives the same numbers, wherever and however often it is asked."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_dgex.datasets import make_expression


def test_same_seed_same_predictions(quick, arrays):
    X, y = arrays
    first = quick(random_state=3).fit(X, y)
    second = quick(random_state=3).fit(X, y)
    np.testing.assert_array_equal(first.predict(X), second.predict(X))
    assert first.loss_curve_ == second.loss_curve_
    np.testing.assert_array_equal(clone(first).fit(X, y).predict(X), first.predict(X))


@pytest.mark.parametrize("seeds", [(3, 4), (None, None)])
def test_other_seeds_other_predictions(quick, arrays, seeds):
    X, y = arrays
    first, second = (quick(random_state=seed).fit(X, y).predict(X) for seed in seeds)
    assert not np.allclose(first, second, rtol=1e-3)


def test_a_random_state_instance_moves_on(quick, arrays):
    X, y = arrays
    source = np.random.RandomState(0)
    first, second = (quick(random_state=source).fit(X, y).predict(X) for _ in range(2))
    assert not np.allclose(first, second, rtol=1e-3)
    again = quick(random_state=np.random.RandomState(0)).fit(X, y).predict(X)
    np.testing.assert_array_equal(first, again)


def test_members_differ(quick, arrays):
    network = quick(n_members=3).fit(*arrays).networks_[0]
    weight = network.output_weight.detach()
    assert not torch.allclose(weight[0], weight[1])
    assert not torch.allclose(weight[1], weight[2])


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("random_state", [0, np.random.RandomState(0)])
def test_global_generators_are_left_alone(quick, arrays, method, random_state):
    X, y = arrays
    model = quick(random_state=random_state)
    numpy_before, torch_before = np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    getattr(model, method)(X, y)
    model.predict(X)
    numpy_after = np.random.get_state()  # noqa: NPY002
    np.testing.assert_array_equal(numpy_after[1], numpy_before[1])
    assert numpy_after[2:] == numpy_before[2:]
    assert torch.equal(torch.get_rng_state(), torch_before)


def test_global_generators_are_not_read(quick, arrays):
    X, y = arrays
    torch.manual_seed(1)
    np.random.seed(1)  # noqa: NPY002
    first = quick().fit(X, y).predict(X)
    torch.manual_seed(2)
    np.random.seed(2)  # noqa: NPY002
    np.testing.assert_array_equal(quick().fit(X, y).predict(X), first)


def test_torch_settings_are_left_alone(quick, arrays):
    before = torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled()
    quick(precision="bfloat16").fit(*arrays).predict(arrays[0])
    after = torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled()
    assert after == before


def test_grid_search_scores_do_not_depend_on_n_jobs(quick, arrays):
    X, y = arrays
    pipeline = make_pipeline(StandardScaler(), quick())
    grid = {"dgexregressor__n_towers": [1, 3], "dgexregressor__dropout": [0.0, 0.5]}
    scores = []
    for n_jobs in (1, 2):
        search = GridSearchCV(pipeline, grid, cv=2, n_jobs=n_jobs).fit(X, y)
        assert search.predict(X).shape == y.shape
        scores.append(
            np.stack([search.cv_results_[f"split{split}_test_score"] for split in range(2)])
        )
    np.testing.assert_array_equal(scores[0], scores[1])
    assert len(np.unique(scores[0])) == 8, "the parameters change nothing"


PROBE = """
import joblib

def n_threads():
    import sklearn_dgex, torch
    sklearn_dgex.DGEXRegressor
    return torch.get_num_threads()

n_workers = 2
counts = joblib.Parallel(n_jobs=n_workers)(joblib.delayed(n_threads)() for _ in range(n_workers))
print(max(counts) * n_workers, max(n_workers, joblib.cpu_count()))
"""


def test_workers_share_the_cores():
    free = {key: value for key, value in os.environ.items() if not key.endswith("_NUM_THREADS")}
    result = subprocess.run(
        [sys.executable, "-c", PROBE], env=free, capture_output=True, text=True, check=True
    )
    n_used, n_cores = map(int, result.stdout.split())
    assert n_used <= n_cores


FIT = """
import sys
import numpy as np, torch
from sklearn_dgex import DGEXRegressor
from sklearn_dgex.datasets import make_expression

X, y = (np.load(sys.argv[3])[name] for name in "Xy")
model = DGEXRegressor(max_iter=4, random_state=0).fit(X, y)
quality = model.per_gene_quality_.to_numpy()
assert torch.get_num_threads() == int(sys.argv[1])
np.savez(sys.argv[2], single=model.predict(X), double=model.predict(X.astype(float)), q=quality)
"""


def test_fits_do_not_depend_on_the_number_of_threads(tmp_path):
    # GridSearchCV gives its workers one thread each; alone, a fit has them all.
    results, data = [], tmp_path / "data.npz"
    X, y = make_expression(600, 100, 400, random_state=0)  # whose last bits may depend on them
    np.savez(data, X=X, y=y)
    for n_threads in ("1", "2"):
        path = tmp_path / f"{n_threads}.npz"
        limits = {f"{name}_NUM_THREADS": n_threads for name in ("OMP", "MKL", "OPENBLAS")}
        arguments = [sys.executable, "-c", FIT, n_threads, str(path), str(data)]
        subprocess.run(arguments, env={**os.environ, **limits}, check=True)
        results.append(np.load(path))
    for name in ("single", "double", "q"):
        np.testing.assert_array_equal(results[0][name], results[1][name], err_msg=name)
