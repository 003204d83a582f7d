"""Every gene stands where its two errors say, and the better ones are counted."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Ridge

from sklearn_dgex.exceptions import GeneMismatchError
from sklearn_dgex.metrics import per_gene_mae
from sklearn_dgex.plotting import GeneScatterDisplay


@pytest.fixture
def planted():
    """Four genes: the model is better on the first two, equal on the third."""
    y_true = pd.DataFrame(np.zeros((6, 4)), columns=list("ABCD"))
    errors, others = np.array([[0.1, 0.2, 0.5, 0.9], [0.3, 0.4, 0.5, 0.1]])
    return y_true, y_true + errors, y_true + others


def test_points_stand_at_both_errors(planted):
    display = GeneScatterDisplay.from_predictions(*planted, names=("net", "ridge"), label="MAE (K)")
    points = display.points_.get_offsets()
    np.testing.assert_allclose(points, [[0.3, 0.1], [0.4, 0.2], [0.5, 0.5], [0.1, 0.9]])
    assert display.text_.get_text() == "net better for 2 of 4 genes (50.0 %)\nequal for 1"
    assert display.ax_.get_xlabel() == "ridge:\nMAE (K)"
    assert display.ax_.get_ylabel() == "net:\nMAE (K)"
    assert display.ax_.get_xlim() == display.ax_.get_ylim()
    np.testing.assert_array_equal(*display.diagonal_.get_data())
    assert display.hexbin_ is None


def test_genes_are_matched_by_name(planted):
    y_true, y_pred, y_baseline = planted
    display = GeneScatterDisplay.from_predictions(
        y_true, y_pred[list("DCBA")], y_baseline[list("BADC")]
    )
    np.testing.assert_array_equal(display.errors, per_gene_mae(y_true, y_pred))
    np.testing.assert_array_equal(display.baseline_errors, per_gene_mae(y_true, y_baseline))
    with pytest.raises(GeneMismatchError):
        GeneScatterDisplay.from_predictions(y_true, y_pred, y_baseline[list("AB")])


def test_many_genes_are_counted_once_each():
    rng = np.random.default_rng(0)
    errors = rng.gamma(5, 0.1, size=(2, 501))
    display = GeneScatterDisplay(errors=errors[0], baseline_errors=errors[1]).plot()
    assert display.points_ is None
    assert display.hexbin_.get_array().sum() == 501
    n_better = int((errors[0] < errors[1]).sum())
    expected = f"model better for {n_better} of 501 genes ({100 * n_better / 501:.1f} %)"
    assert display.text_.get_text() == expected
    plain = GeneScatterDisplay(errors=errors[0], baseline_errors=errors[1]).plot(most_points=501)
    assert len(plain.points_.get_offsets()) == 501


@pytest.mark.parametrize("values", [[0.0], [2.0]])
def test_one_gene_and_no_error_can_be_drawn(values):
    display = GeneScatterDisplay.from_predictions(values, values, [0.0])
    display.figure_.canvas.draw()
    low, high = display.ax_.get_xlim()
    assert low <= 0 <= values[0] < high


def test_from_estimator_equals_from_predictions():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 4))
    model, mean = Ridge().fit(X, y), DummyRegressor().fit(X, y)
    ax = plt.figure().gca()
    first = GeneScatterDisplay.from_estimator(model, X, y, baseline=mean, ax=ax)
    second = GeneScatterDisplay.from_estimator(model, X, y, baseline=mean.predict(X))
    assert first.ax_ is ax
    np.testing.assert_array_equal(first.baseline_errors, per_gene_mae(y, mean.predict(X)))
    np.testing.assert_array_equal(first.baseline_errors, second.baseline_errors)
    assert first.names == ("Ridge", "DummyRegressor")
    assert second.names == ("Ridge", "baseline")
    twice = GeneScatterDisplay.from_estimator(model, X, y, baseline=model)
    assert twice.names == ("Ridge", "Ridge (baseline)")


@pytest.mark.parametrize("names", [("a", "a"), ("a",), "ab"])
def test_names_must_tell_the_two_apart(planted, names):
    with pytest.raises(ValueError, match=r"names must be two different names, .* Got "):
        GeneScatterDisplay.from_predictions(*planted, names=names)


def test_missing_matplotlib_names_the_extra(planted, without_matplotlib):
    with without_matplotlib:
        GeneScatterDisplay.from_predictions(*planted)
