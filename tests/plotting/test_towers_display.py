"""Each architecture's errors stand at their number of towers, the lowest filled."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.plotting import TowersDisplay

TOWERS = [1, 3, 6]


class Planted(RegressorMixin, BaseEstimator):
    """Errs by a known amount on targets that are 0."""

    def __init__(self, n_towers=1, architecture="checkerboard", skip_connection=True, width=0.0):
        self.n_towers = n_towers
        self.architecture = architecture
        self.skip_connection = skip_connection
        self.width = width

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X):
        error = abs(self.n_towers - 3) + (self.architecture == "tower") + self.width
        error = error + 2 * (not self.skip_connection) + 0.5 * X[:, :1].mean()
        return np.full((len(X), 2), float(error))


def planted_search(grid, estimator=None, **options):
    X, y = np.repeat([[0.0], [1.0]], 5, axis=0), np.zeros((10, 2))
    options = {"scoring": "neg_mean_absolute_error", "cv": KFold(2)} | options
    return GridSearchCV(estimator or Planted(), grid, **options).fit(X, y)


@pytest.fixture
def frame():
    curves = {"T-D-GEX": [0.5, 0.3, 0.4], "CR-D-GEX": [0.4, 0.2, np.nan]}
    return pd.DataFrame(curves, index=TOWERS)


def test_lines_hold_the_errors_and_the_lowest_is_filled(frame):
    display = TowersDisplay(panels={"a": frame.iloc[::-1], "b": frame[["CR-D-GEX"]] * 2}).plot()
    np.testing.assert_array_equal(
        display.lines_["a"]["T-D-GEX"].get_data(), [TOWERS, [0.5, 0.3, 0.4]]
    )
    np.testing.assert_array_equal(display.lines_["b"]["CR-D-GEX"].get_data(), [[1, 3], [0.8, 0.4]])
    lowest = display.lowest_["a"]["CR-D-GEX"]
    np.testing.assert_array_equal(lowest.get_data(), [[3], [0.2]])
    assert lowest.get_markerfacecolor() == lowest.get_color()
    assert display.lines_["a"]["CR-D-GEX"].get_markerfacecolor() == "white"
    assert [ax.get_title() for ax in display.axes_] == ["a", "b"]
    np.testing.assert_array_equal(display.axes_[0].get_xticks(), TOWERS)
    assert [text.get_text() for text in display.legend_.get_texts()] == ["T-D-GEX", "CR-D-GEX"]


def test_an_architecture_looks_the_same_in_all_panels_and_like_no_other(frame):
    display = TowersDisplay(panels={"a": frame, "b": frame[["CR-D-GEX"]]}).plot()
    looks = {
        (title, name): (line.get_linestyle(), line.get_marker())
        for title, lines in display.lines_.items()
        for name, line in lines.items()
    }
    assert looks["a", "CR-D-GEX"] == looks["b", "CR-D-GEX"]
    assert not set(looks["a", "CR-D-GEX"]) & set(looks["a", "T-D-GEX"])


def test_bars_and_the_shaded_range_are_where_they_are_said_to_be(frame):
    display = TowersDisplay(panels={"a": frame}, spread={"a": frame / 10}, shaded={"a": (2, 5)})
    display.plot()
    bars = display.bars_["a"]["T-D-GEX"].get_segments()
    np.testing.assert_allclose(bars[1], [[3, 0.27], [3, 0.33]])
    assert len(display.bars_["a"]["CR-D-GEX"].get_segments()) == 2
    box = display.shades_["a"].get_extents().transformed(display.axes_[0].transData.inverted())
    np.testing.assert_allclose([box.x0, box.x1], [2, 5])
    assert display.legend_.get_texts()[-1].get_text() == "a tower as wide as the output"
    assert display.plot(bars=False).bars_ == {}


def test_near_references_are_lines_and_far_ones_are_named_with_their_value(frame):
    near, far = {"near": 0.6, "nearer": 0.59}, {"far": 3.0, "deep": -1.0}
    display = TowersDisplay(panels={"a": frame}, references={"a": near | far}).plot()
    assert {name: line.get_ydata()[0] for name, line in display.references_["a"].items()} == near
    texts = {name: text.get_text() for name, text in display.names_["a"].items()}
    assert texts == {"near": "near", "nearer": "nearer", "far": "far 3 ↑", "deep": "deep -1 ↓"}
    places = [display.names_["a"][name].xy[1] for name in ("far", "near", "nearer", "deep")]
    assert (np.diff(places) <= -0.0499).all()  # apart
    assert 0 <= min(places) <= max(places) <= 1
    bottom, top = display.axes_[0].get_ylim()
    assert bottom > -1
    assert top < 3


def test_a_search_shows_its_errors():
    grid = {
        "net__n_towers": TOWERS,
        "net__architecture": ["tower", "checkerboard"],
        "net__skip_connection": [False, True],
        "net__width": [0.0, 0.2],
    }
    search = planted_search(grid, Pipeline([("scale", "passthrough"), ("net", Planted())]))
    display = TowersDisplay.from_estimator(search, title="planted")
    means = display.panels["planted"]
    assert list(means) == ["T-D-GEX", "TR-D-GEX", "C-D-GEX", "CR-D-GEX"]
    # distance to 3 towers, mean of the two widths, mean of the folds, 2 without skip, 1 for towers
    np.testing.assert_allclose(means["CR-D-GEX"], np.array([2, 0, 3]) + 0.1 + 0.25)
    np.testing.assert_allclose(means["T-D-GEX"], means["CR-D-GEX"] + 3)
    np.testing.assert_allclose(display.spread["planted"], 0.25)
    np.testing.assert_array_equal(means.index, TOWERS)


def test_what_the_grid_lacks_is_read_from_the_estimator():
    published = pd.DataFrame({"T-D-GEX": [0.13]}, index=[5])
    search = planted_search({"n_towers": [1, 3]}, Planted(architecture="tower"), cv=[([0], [1])])
    display = TowersDisplay.from_estimator(search, published=published)
    assert list(display.panels) == ["measured", "published"]
    assert list(display.panels["measured"]) == ["TR-D-GEX"]
    assert display.spread is None  # a single fold
    assert display.panels["published"] is published


def test_a_search_over_the_regressor_itself():
    rng = np.random.default_rng(0)
    network = DGEXRegressor(tower_width=3, n_members=1, max_iter=1, random_state=0)
    steps = Pipeline([("scale", StandardScaler()), ("net", network)])
    search = GridSearchCV(
        steps,
        {"net__n_towers": [1, 2]},
        scoring="neg_mean_absolute_error",
        refit=False,
        cv=2,
    )
    search.fit(rng.normal(size=(40, 4)), rng.normal(size=(40, 3)))
    display = TowersDisplay.from_estimator(search)
    drawn = display.lines_["measured"]["CR-D-GEX"].get_ydata()
    np.testing.assert_allclose(drawn, -search.cv_results_["mean_test_score"])
    np.testing.assert_allclose(
        display.spread["measured"]["CR-D-GEX"], search.cv_results_["std_test_score"]
    )


def test_predictions_are_scored():
    y = np.zeros((5, 2))
    predictions = {("T-D-GEX", 5): y + 0.2, ("T-D-GEX", 1): y + 0.3, ("C-D-GEX", 1): y - 0.1}
    display = TowersDisplay.from_predictions(y, predictions, label="MMAE (K)")
    np.testing.assert_allclose(
        display.lines_["measured"]["T-D-GEX"].get_data(), [[1, 5], [0.3, 0.2]]
    )
    np.testing.assert_allclose(display.lines_["measured"]["C-D-GEX"].get_data(), [[1], [0.1]])
    assert display.axes_[0].get_ylabel() == "MMAE (K)"


def test_one_tower_of_one_architecture_can_be_drawn():
    frame = pd.DataFrame({"C-D-GEX": [0.2]}, index=[5])
    references = {"a": {"close": 0.201, "far": 0.4}}
    display = TowersDisplay(panels={"a": frame}, references=references).plot()
    display.figure_.canvas.draw()
    assert list(display.references_["a"]) == ["close"]


def test_axes_and_labels_can_be_given(frame):
    _, axes = plt.subplots(1, 2)
    display = TowersDisplay(panels={"a": frame, "b": frame}).plot(
        axes=axes, label={"b": "MMAE (K)"}
    )
    assert display.axes_ == list(axes)
    assert [ax.get_ylabel() for ax in axes] == ["MMAE (units of y)", "MMAE (K)"]
    with pytest.raises(ValueError, match=r"axes must be 1 matplotlib Axes, .* Got 2 instead"):
        TowersDisplay(panels={"a": frame}).plot(axes=axes)


def test_mistakes_are_named(frame):
    with pytest.raises(NotFittedError):
        TowersDisplay.from_estimator(GridSearchCV(Planted(), {"n_towers": [1]}))
    with pytest.raises(ValueError, match=r"over n_towers of a DGEXRegressor\. Got .*'with_mean'"):
        TowersDisplay.from_estimator(
            planted_search({"with_mean": [True]}, StandardScaler(), scoring=lambda *_: -1.0)
        )
    with pytest.raises(ValueError, match=r"scored by 'neg_mean_absolute_error', .* Got 'r2'"):
        TowersDisplay.from_estimator(planted_search({"n_towers": [1]}, scoring="r2"))
    with pytest.raises(ValueError, match=r"which is the MMAE below zero\. Got None"):
        TowersDisplay.from_estimator(planted_search({"n_towers": [1]}, scoring=None))
    with pytest.raises(ValueError, match=r"among others or alone\. Got 'r2', 'explained_variance'"):
        TowersDisplay.from_estimator(
            planted_search({"n_towers": [1]}, scoring=["r2", "explained_variance"], refit=False)
        )
    for bad in (frame.set_axis([1, 1, 2]), frame.set_axis(list("abc")), frame[[]], frame * np.nan):
        with pytest.raises(ValueError, match=r"Panel 'a' must be a frame of errors, .* Got shape"):
            TowersDisplay(panels={"a": bad}).plot()
    for what in ("spread", "references", "shaded"):
        with pytest.raises(ValueError, match=rf"{what} must have titles .* Got \['b'\] instead"):
            TowersDisplay(panels={"a": frame}, **{what: {"b": {}}}).plot()


def test_missing_matplotlib_names_the_extra(frame, without_matplotlib):
    with without_matplotlib:
        TowersDisplay(panels={"a": frame}).plot()


def test_panels_fill_rows_of_so_many():
    frame = pd.DataFrame({"T-D-GEX": [0.2, 0.1]}, index=[1, 5])
    display = TowersDisplay(panels=dict.fromkeys(("a", "b", "c"), frame)).plot(n_columns=2)
    geometry = [ax.get_subplotspec().get_geometry()[:3] for ax in display.axes_]
    assert geometry == [(2, 2, 0), (2, 2, 1), (2, 2, 2)]
    assert len(display.figure_.axes) == 3  # no empty panel is left
