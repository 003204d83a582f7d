"""A cell is black where the row is better, white where it is worse, and grey in between."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression

from sklearn_dgex.metrics import compare_models, per_sample_mae
from sklearn_dgex.plotting import SignificanceDisplay

BLACK, GREY, WHITE = 0.0, 0.75, 1.0
PAIRS = [("a", "b"), ("a", "c"), ("b", "c")]


def comparison(verdicts, pairs=PAIRS):
    index = pd.MultiIndex.from_tuples(pairs, names=["model", "baseline"])
    return pd.DataFrame({"verdict": verdicts}, index=index)


def shades(display, title=""):
    """Grey level of each cell as it is drawn."""
    mesh = display.meshes_[title]
    display.figure_.canvas.draw()
    colours = mesh.get_facecolor().reshape(*mesh.get_array().shape, 4)
    assert (colours[..., 0] == colours[..., 1]).all()
    assert (colours[..., 0] == colours[..., 2]).all()
    return colours[..., 0]


@pytest.fixture
def planted():
    """ "good" errs least, "poor" and "poorer" hardly differ."""
    rng = np.random.default_rng(0)
    y = rng.normal(size=(80, 40))
    noise = {"poor": 0.5, "good": 0.1, "poorer": 0.501}
    return y, {name: y + s * rng.normal(size=y.shape) for name, s in noise.items()}


def test_each_verdict_has_its_cell_and_the_opposite_across():
    display = SignificanceDisplay.from_comparison(
        comparison(["better", "no difference", "worse"]), alpha=0.01
    )
    expected = [[GREY, BLACK, GREY], [WHITE, GREY, WHITE], [GREY, BLACK, GREY]]
    np.testing.assert_allclose(shades(display), expected)
    (ax,) = display.axes_
    assert [text.get_text() for text in ax.get_xticklabels()] == list("abc")
    assert [text.get_text() for text in ax.get_yticklabels()] == list("abc")
    assert ax.get_ylim() == (2.5, -0.5)  # the first row on top
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("model (column)", "model (row)")


def test_the_key_says_what_is_drawn():
    display = SignificanceDisplay.from_comparison(comparison(["better"] * 3), alpha=1e-4)
    key = {
        text.get_text(): patch.get_facecolor()[0]
        for text, patch in zip(
            display.legend_.get_texts(), display.legend_.get_patches(), strict=True
        )
    }
    assert key == {
        "row better than column": BLACK,
        "no significant difference": GREY,
        "row worse than column": WHITE,
    }
    assert display.legend_.get_title().get_text() == "significance level 0.0001"


def test_the_order_can_be_given():
    frame = comparison(["better", "no difference", "worse"])
    display = SignificanceDisplay.from_comparison(frame, order=["c", "none", "a", "b"])
    matrix = display.verdicts[""]
    assert list(matrix) == list(matrix.index) == ["c", "a", "b"]
    assert matrix.loc["c", "b"] == 1.0
    np.testing.assert_allclose(shades(display)[0], [GREY, GREY, BLACK])


def test_several_comparisons_are_panels_in_rows_of_five():
    frames = {f"{n} towers": comparison(["better"], [(1, 12)]) for n in range(7)}
    display = SignificanceDisplay.from_comparison(frames)
    assert [ax.get_title() for ax in display.axes_] == list(frames)
    assert list(display.figure_.axes) == display.axes_  # none is left empty
    rows = [ax.get_subplotspec().rowspan.start for ax in display.axes_]
    assert rows == [0] * 5 + [1] * 2
    np.testing.assert_allclose(shades(display, "6 towers"), [[GREY, BLACK], [WHITE, GREY]])
    lowest = [bool(ax.get_xlabel()) for ax in display.axes_]
    assert lowest == [False] * 2 + [True] * 5


def test_predictions_are_compared_by_the_samples_errors(planted):
    y, predictions = planted
    display = SignificanceDisplay.from_predictions(y, predictions)
    expected = [[GREY, WHITE, GREY], [BLACK, GREY, BLACK], [GREY, WHITE, GREY]]
    np.testing.assert_allclose(shades(display), expected)
    errors = {name: per_sample_mae(y, pred) for name, pred in predictions.items()}
    same = SignificanceDisplay.from_comparison(compare_models(errors))
    pd.testing.assert_frame_equal(same.verdicts[""], display.verdicts[""])
    strict = SignificanceDisplay.from_predictions(y, predictions, alpha=1e-300)
    assert not strict.verdicts[""].to_numpy().any()


def test_estimators_are_compared_by_what_they_predict():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    y = X @ rng.normal(size=(3, 20))
    models = {"mean": DummyRegressor().fit(X, y), "linear": LinearRegression().fit(X, y)}
    _, axes = plt.subplots()
    display = SignificanceDisplay.from_estimator(
        models, X, y, order=["linear", "mean"], axes=axes, label="regressor"
    )
    assert display.axes_ == [axes]
    assert axes.get_xlabel() == "regressor (column)"
    np.testing.assert_allclose(shades(display), [[GREY, BLACK], [WHITE, GREY]])


def test_mistakes_are_named(planted):
    better = comparison(["better"] * 3)
    with pytest.raises(ValueError, match=r"a dict of at least one\. Got an empty dict"):
        SignificanceDisplay.from_comparison({})
    with pytest.raises(ValueError, match=r"order must .* leaves out 1 \('c'\)"):
        SignificanceDisplay.from_comparison(better, order=["a", "b"])
    with pytest.raises(ValueError, match=r"order must .* leaves out 0"):
        SignificanceDisplay.from_comparison(better, order=list("abca"))
    with pytest.raises(ValueError, match="Got 2 rows for the 3 pairs of 3 models"):
        SignificanceDisplay.from_comparison(better.iloc[:2])
    twice = comparison(["better"] * 3, [("a", "b"), ("b", "a"), ("a", "c")])
    with pytest.raises(ValueError, match="Got 3 rows for the 3 pairs of 3 models"):
        SignificanceDisplay.from_comparison(twice)
    with pytest.raises(ValueError, match=r"1 other verdicts \('equal'\)"):
        SignificanceDisplay.from_comparison(comparison(["equal", "better", "worse"]))
    with pytest.raises(ValueError, match="axes must be 1 matplotlib Axes"):
        SignificanceDisplay.from_comparison(better, axes=plt.subplots(2)[1])
    y, predictions = planted
    with pytest.raises(ValueError, match="at least two models"):
        SignificanceDisplay.from_predictions(y, {"good": predictions["good"]})


def test_missing_matplotlib_names_the_extra(without_matplotlib):
    with without_matplotlib:
        SignificanceDisplay.from_comparison(comparison(["better"] * 3))
