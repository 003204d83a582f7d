"""Planted profiles, and an estimator that is fitted in milliseconds."""

import numpy as np
import pandas as pd
import pytest

from sklearn_dgex import SDATransformer


@pytest.fixture(scope="session")
def arrays():
    """80 profiles of 8 features in several units, which three hidden factors explain."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3)) @ rng.normal(size=(3, 8)) + 0.1 * rng.normal(size=(80, 8))
    return X * [1, 2, 0.5, 1, 10, 1, 1, 3] + [0, 1, 2, 0, -50, 7, 0, 0]


@pytest.fixture(scope="session")
def frame(arrays):
    """The same with names; copy before changing."""
    return pd.DataFrame(
        arrays,
        index=[f"gene{i}" for i in range(80)],
        columns=[f"time{i}" for i in range(8)],
    )


@pytest.fixture(scope="session")
def quick():
    """Make a small estimator: ``quick(**parameters)``."""
    small = {"hidden_layer_sizes": (4,), "max_iter": 5, "random_state": 0}
    return lambda **parameters: SDATransformer(**(small | parameters))


@pytest.fixture(scope="session")
def deep(quick):
    """Make a small stack: ``deep(**parameters)``."""
    return lambda **parameters: quick(**({"hidden_layer_sizes": (6, 3)} | parameters))
