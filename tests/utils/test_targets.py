"""Targets that come in through fit: names, types, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from sklearn_dgex.exceptions import GeneMismatchError
from sklearn_dgex.utils.targets import check_targets


class Owner:
    """Stands for an estimator: only its name is used."""


def frame(seed=0, dtype=np.float64):
    values = np.random.default_rng(seed).normal(size=(5, 4)).astype(dtype)
    return pd.DataFrame(values, columns=["T4", "T1", "T3", "T2"])


def test_arrays_have_no_names_and_keep_their_shape():
    y = frame().to_numpy()
    for given in [y, y[:, 0]]:
        values, names = check_targets(Owner(), given)
        assert names is None
        np.testing.assert_array_equal(values, given)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_frames_have_names_and_keep_their_precision(dtype):
    y = frame(dtype=dtype)
    values, names = check_targets(Owner(), y)
    assert names.tolist() == y.columns.tolist()
    assert values.dtype == dtype
    np.testing.assert_array_equal(values, y)
    polars = pytest.importorskip("polars")
    tables = polars.DataFrame({name: y[name].to_numpy() for name in y})
    values, names = check_targets(Owner(), tables)
    assert names.tolist() == y.columns.tolist()
    assert values.dtype == dtype


def test_whole_numbers_become_float64():
    values, _ = check_targets(Owner(), [[1, 2], [3, 4]])
    assert values.dtype == np.float64


@pytest.mark.parametrize("seed", range(4))
def test_known_names_give_the_order(seed):
    y = frame(seed)
    order = np.random.default_rng(seed).permutation(y.columns)
    values, names = check_targets(Owner(), y, order)
    np.testing.assert_array_equal(values, y[order])
    assert names.tolist() == order.tolist()
    # an array has none: position is all there is
    np.testing.assert_array_equal(check_targets(Owner(), y.to_numpy(), order)[0], y)


def test_a_named_series_is_a_target():
    y = frame()
    values, names = check_targets(Owner(), y["T3"])
    assert values.shape == (5,)
    assert names.tolist() == ["T3"]
    assert check_targets(Owner(), pd.Series([1.0, 2.0]))[1] is None
    check_targets(Owner(), y["T3"], np.array(["T3"]))
    with pytest.raises(GeneMismatchError, match=r"unknown to the fitted model .*'T3'"):
        check_targets(Owner(), y["T3"], np.array(["T1"]))


def test_other_and_repeated_genes_are_refused():
    y = frame()
    with pytest.raises(GeneMismatchError, match=r"(?s)target genes must be .*'T9'.*'T1'"):
        check_targets(Owner(), y, np.array(["T4", "T9", "T3", "T2"]))
    with pytest.raises(GeneMismatchError, match="Every target gene must stand once"):
        check_targets(Owner(), y[["T1", "T1"]])


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "Owner requires y to be passed, but the target y is None; pass the expression"),
        (np.ones((3, 2, 1)), r"shape \(n_samples, n_targets\), or .* Got \(3, 2, 1\) instead"),
        (np.ones((3, 0)), r"Got \(3, 0\) instead"),
        ([[1.0, np.nan], [np.inf, 1.0]], "target values must be finite. Got 1 NaN and 1 infinite"),
        (frame().replace(frame().iloc[2, 1], np.nan), "the first in sample 2, gene 'T1'"),
        (frame().assign(T3="x"), r"target columns must all be numbers. Got 1 .*'T3'"),
    ],
)
def test_what_are_no_targets_is_refused(y, message):
    with pytest.raises(ValueError, match=message):
        check_targets(Owner(), y)
