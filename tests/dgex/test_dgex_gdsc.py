"""Real cell lines, at a small scale: the network infers, and holds its own against ridge."""

import numpy as np
import pytest
from sklearn.linear_model import RidgeCV

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.metrics import mmae


@pytest.fixture(scope="module")
def split(gdsc):
    rng = np.random.default_rng(0)
    lines = rng.permutation(len(gdsc.data))[:400]
    targets = rng.permutation(gdsc.target.shape[1])[:200]
    X, y = np.asarray(gdsc.data)[lines], np.asarray(gdsc.target)[lines][:, targets]
    return X[:300], y[:300], X[300:], y[300:]


def test_infers_real_profiles(split):
    X, y, X_test, y_test = split
    model = DGEXRegressor(n_members=2, max_iter=60, random_state=0).fit(X, y)
    error = mmae(y_test, model.predict(X_test))
    mean = mmae(y_test, np.broadcast_to(y.mean(axis=0), y_test.shape))
    ridge = RidgeCV(alphas=np.logspace(0, 4, 9)).fit(X, y)
    assert error < 0.8 * mean
    assert error < 1.03 * mmae(y_test, ridge.predict(X_test))
    # the figure for each gene, from held-out lines, foretells that of new lines
    new = np.abs(y_test - model.predict(X_test)).mean(axis=0)
    assert np.corrcoef(model.per_gene_quality_["mae"], new)[0, 1] > 0.7
