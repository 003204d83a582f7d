"""The displays draw the numbers they were given, and say them."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor

from sklearn_dgex.exceptions import GeneMismatchError
from sklearn_dgex.metrics import mmae, per_gene_mae
from sklearn_dgex.plotting import GeneErrorDisplay, InferenceDisplay


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    y_true = pd.DataFrame(rng.normal(size=(30, 4)), columns=list("ABCD"))
    return y_true, y_true + 0.3 * rng.normal(size=(30, 4))


def test_inference_holds_every_value_once(pair):
    display = InferenceDisplay.from_predictions(*pair)
    assert display.hexbin_.get_array().sum() == 120
    assert display.mmae == mmae(*pair)
    expected = np.corrcoef(np.ravel(pair[0]), np.ravel(pair[1]))[0, 1]
    assert display.correlation == pytest.approx(expected)
    assert display.text_.get_text() == f"MMAE {display.mmae:.3f}\nr {expected:.3f}"


def test_inference_axes_are_equal_and_labelled(pair):
    display = InferenceDisplay.from_predictions(*pair, label="expression (log2 TPM)")
    assert display.ax_.get_xlim() == display.ax_.get_ylim()
    np.testing.assert_array_equal(*display.diagonal_.get_data())
    assert display.ax_.get_xlabel() == "measured expression (log2 TPM)"
    assert display.ax_.get_ylabel() == "inferred expression (log2 TPM)"


def test_inference_matches_genes_by_name(pair):
    y_true, y_pred = pair
    display = InferenceDisplay.from_predictions(y_true, y_pred[list("DBCA")])
    np.testing.assert_array_equal(display.y_pred, np.ravel(y_pred))
    with pytest.raises(GeneMismatchError):
        InferenceDisplay.from_predictions(y_true, y_pred[list("ABC")])


@pytest.mark.parametrize("values", [[1.0], [2.0, 2.0], [[0.0, -3.0]]])
def test_inference_draws_degenerate_sizes(values):
    display = InferenceDisplay.from_predictions(values, values)
    display.figure_.canvas.draw()
    assert display.mmae == 0.0
    low, high = display.ax_.get_xlim()
    assert low < np.min(values) <= np.max(values) < high


def test_gene_errors_are_counted_once_a_gene_and_model(pair):
    y_true, y_pred = pair
    display = GeneErrorDisplay.from_predictions(
        y_true, y_pred, name="net", baselines={"zero": np.zeros((30, 4)), "one": np.ones((30, 4))}
    )
    assert list(display.errors) == ["net", "zero", "one"]
    np.testing.assert_array_equal(display.errors["net"], per_gene_mae(y_true, y_pred))
    for patch in display.histograms_.values():
        assert patch.get_data().values.sum() == 4
    mean = display.errors["zero"].mean()
    assert display.legend_.get_texts()[1].get_text() == f"zero (mean {mean:.3f})"


def test_gene_error_histograms_differ_without_colour(pair):
    y_true, y_pred = pair
    baselines = {f"b{i}": y_pred + i for i in range(4)}
    display = GeneErrorDisplay.from_predictions(y_true, y_pred, baselines=baselines)
    model, *others = display.histograms_.values()
    assert model.get_fill()
    assert len({patch.get_linestyle() for patch in others}) == 4
    assert not any(patch.get_fill() for patch in others)


def test_gene_error_of_perfect_inference():
    display = GeneErrorDisplay.from_predictions([[1.0, 2.0]], [[1.0, 2.0]])
    display.figure_.canvas.draw()
    assert display.histograms_["model"].get_data().values[0] == 2


def test_gene_error_refuses_a_name_twice(pair):
    with pytest.raises(ValueError, match=r"other names than the model\. Got 'net'"):
        GeneErrorDisplay.from_predictions(*pair, name="net", baselines={"net": pair[1]})


@pytest.mark.parametrize("display_class", [InferenceDisplay, GeneErrorDisplay])
def test_from_estimator_equals_from_predictions(display_class, pair):
    y_true = pair[0].to_numpy()
    X = np.zeros((30, 2))
    model = DummyRegressor().fit(X, y_true)
    _, axes = plt.subplots(2)
    first = display_class.from_estimator(model, X, y_true, ax=axes[0])
    second = display_class.from_predictions(y_true, model.predict(X), ax=axes[1])
    assert first.ax_ is axes[0]
    if display_class is InferenceDisplay:
        np.testing.assert_array_equal(first.y_pred, second.y_pred)
    else:
        assert list(first.errors) == ["DummyRegressor"]
        np.testing.assert_array_equal(first.errors["DummyRegressor"], second.errors["model"])


@pytest.mark.parametrize("display_class", [InferenceDisplay, GeneErrorDisplay])
def test_missing_matplotlib_names_the_extra(display_class, pair, without_matplotlib):
    with without_matplotlib:
        display_class.from_predictions(*pair)
