"""Data and small models that the searches of this folder share."""

from types import SimpleNamespace

import numpy as np
import pytest

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.datasets import make_expression


@pytest.fixture(scope="session")
def lab():
    """Landmarks ``X`` and targets ``y`` of 240 samples, as tables with gene names."""
    X, y = make_expression(240, n_landmarks=12, n_targets=30, as_frame=True, random_state=0)
    return SimpleNamespace(X=X, y=y)


@pytest.fixture(scope="session")
def classes():
    """90 noisy profiles ``X`` of three classes ``y`` that differ in five of twelve features."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 30)
    centres = np.zeros((3, 12))
    centres[:, :5] = 2 * rng.normal(size=(3, 5))
    return SimpleNamespace(X=centres[y] + rng.normal(size=(90, 12)), y=y)


@pytest.fixture(scope="session")
def small():
    """Build a DGEXRegressor that trains in a tenth of a second."""

    def build(**parameters):
        return DGEXRegressor(
            **{"width": 16, "n_members": 1, "max_iter": 5, "device": "cpu", "random_state": 0}
            | parameters
        )

    return build


@pytest.fixture(scope="session")
def assert_same_scores():
    """Ask two searches for the same candidates with the same numbers, to the last bit."""

    def compare(search, serial):
        got, expected = search.cv_results_, serial.cv_results_
        assert got["params"] == expected["params"]
        numbers = [name for name in expected if name.startswith(("split", "mean_t", "rank"))]
        assert len(numbers) > 2
        for name in numbers:
            np.testing.assert_array_equal(got[name], expected[name], err_msg=name)
        assert len(np.unique(expected["mean_test_score"])) > 1, "the candidates do not differ"
        assert search.best_params_ == serial.best_params_

    return compare
