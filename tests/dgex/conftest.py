"""A small planted problem, and an estimator quick enough to be fitted a hundred times."""

import pytest

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.datasets import make_expression


@pytest.fixture(scope="session")
def frames():
    """Landmarks (60, 8) and targets (60, 5) with gene and sample names; copy before changing."""
    return make_expression(
        60, n_landmarks=8, n_targets=5, n_modules=3, as_frame=True, random_state=0
    )


@pytest.fixture(scope="session")
def arrays(frames):
    X, y = frames
    return X.to_numpy(), y.to_numpy()


@pytest.fixture(scope="session")
def quick():
    """Make a small estimator: ``quick(**parameters)``."""
    small = {"width": 20, "n_towers": 2, "n_members": 2, "max_iter": 3, "random_state": 0}
    return lambda **parameters: DGEXRegressor(**(small | parameters))
