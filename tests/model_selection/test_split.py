"""One fold holds everything, twice."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.model_selection import GridSearchCV, check_cv, cross_validate

from sklearn_dgex.model_selection import AllSamplesSplit

X = np.arange(12.0).reshape(6, 2)


@pytest.mark.parametrize("as_type", [np.asarray, list, pd.DataFrame, sparse.csr_array])
def test_the_fold_is_everything(as_type):
    ((train, test),) = AllSamplesSplit().split(as_type(X), range(6))
    np.testing.assert_array_equal(train, np.arange(6))
    np.testing.assert_array_equal(test, np.arange(6))
    train[:] = 0  # each is an array of its own
    np.testing.assert_array_equal(test, np.arange(6))


def test_it_is_a_splitter():
    cv = AllSamplesSplit()
    assert check_cv(cv) is cv
    assert cv.get_n_splits() == cv.get_n_splits(X, None, None) == 1
    assert repr(cv) == "AllSamplesSplit()"
    for copy in [pickle.loads(pickle.dumps(cv)), clone(GridSearchCV(KMeans(), {}, cv=cv)).cv]:
        assert isinstance(copy, AllSamplesSplit)
    results = cross_validate(KMeans(2, random_state=0), X, cv=cv, return_indices=True)
    np.testing.assert_array_equal(results["indices"]["train"][0], results["indices"]["test"][0])


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        next(AllSamplesSplit().split(X, range(5)))
