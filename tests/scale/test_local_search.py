"""A search in threads or processes of one machine gives the numbers of a serial one."""

import joblib
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_two_workers(small, lab, assert_same_scores, backend):
    X, y = lab.X.to_numpy(), lab.y.to_numpy()

    def search():
        return GridSearchCV(small(), {"n_towers": [1, 3]}, cv=2, return_train_score=True).fit(X, y)

    serial = search()
    # Processes get arrays of more than 1,000 bytes as memory maps that they may not write to.
    limit = {"max_nbytes": 1000} if backend == "loky" else {}
    with joblib.parallel_config(backend, n_jobs=2, **limit):
        parallel = search()
    assert_same_scores(parallel, serial)
    np.testing.assert_array_equal(parallel.predict(X), serial.predict(X))
