"""A fitted estimator survives every way of being stored, small and whole."""

import copy
import io
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
from sklearn.base import clone


@pytest.fixture(scope="module")
def fitted(frames, request):
    quick = request.getfixturevalue("quick")
    return quick(n_networks=2).fit(*frames)


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
def test_copies_are_whole(fitted, frames, copied):
    X, _ = frames
    again = copied(fitted)
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))
    assert set(vars(again)) == set(vars(fitted))
    assert again.get_params() == fitted.get_params()
    assert again.loss_curve_ == fitted.loss_curve_
    assert again.per_gene_quality_.equals(fitted.per_gene_quality_)
    assert [dict(epoch) for epoch in again.net_.history] == [
        dict(epoch) for epoch in fitted.net_.history
    ]


def test_copies_do_not_share_weights(fitted, frames):
    X, y = frames
    before = fitted.predict(X)
    copy.deepcopy(fitted).partial_fit(X, y)
    np.testing.assert_array_equal(fitted.predict(X), before)


def test_clone_is_not_fitted(fitted):
    again = clone(fitted)
    assert again.get_params() == fitted.get_params()
    assert not [name for name in vars(again) if name.endswith("_")]


def test_a_pickle_opens_in_a_new_process(fitted, frames, tmp_path):
    X, _ = frames
    joblib.dump(fitted, tmp_path / "model.joblib")
    X.to_pickle(tmp_path / "X.pickle")
    code = (
        "import joblib, numpy, pandas; "
        "model = joblib.load('model.joblib'); "
        "numpy.save('inferred.npy', model.predict(pandas.read_pickle('X.pickle')))"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, check=True)
    np.testing.assert_array_equal(np.load(tmp_path / "inferred.npy"), fitted.predict(X))


@pytest.mark.parametrize("solver", ["nadam", "sgd"])
def test_a_pickle_is_hardly_larger_than_the_weights(quick, arrays, solver):
    X, y = arrays
    model = quick(tower_width=400, max_iter=1, solver=solver).fit(X, y).partial_fit(X, y)
    n_bytes = 4 * model.n_parameters_ * model.n_members_
    assert n_bytes > 1_000_000
    assert n_bytes < len(pickle.dumps(model)) <= 1.05 * n_bytes + 100_000
