"""Whole profiles whose targets follow exactly from their landmarks, and an imputer of them."""

import numpy as np
import pandas as pd
import pytest

from sklearn_dgex import LandmarkImputer
from sklearn_dgex.baselines import LincsRegression

LANDMARKS = [f"L{i:04d}" for i in (3, 1, 8, 2, 7, 5, 4, 6)]  # an order of their own


@pytest.fixture(scope="session")
def whole():
    """Profiles (60, 20) of five modules, landmarks L… and targets T… mixed; copy to change."""
    rng = np.random.default_rng(0)
    names = [f"L{i:04d}" for i in range(1, 9)] + [f"T{i:04d}" for i in range(1, 13)]
    return pd.DataFrame(
        rng.normal(size=(60, 5)) @ rng.normal(size=(5, 20)) + rng.normal(size=20),
        index=[f"S{i:04d}" for i in range(1, 61)],
        columns=rng.permutation(names).tolist(),
    )


@pytest.fixture(scope="session")
def landmarks():
    return list(LANDMARKS)


@pytest.fixture(scope="session")
def targets(whole):
    return [name for name in whole if name.startswith("T")]


@pytest.fixture
def imputer():
    """Make an imputer: ``imputer(**parameters)``."""
    default = {"regressor": LincsRegression(), "landmarks": LANDMARKS}
    return lambda **parameters: LandmarkImputer(**(default | parameters))


@pytest.fixture
def fitted(imputer, whole):
    return imputer().fit(whole[:40])


@pytest.fixture
def new(whole):
    """Twenty whole profiles that ``fitted`` has not seen."""
    return whole[40:].copy()
