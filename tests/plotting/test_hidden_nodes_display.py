"""Lines are mean scores of the runs, bands their spread, by hidden nodes and corruption."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import KMeans
from sklearn.exceptions import NotFittedError
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from sklearn_dgex import SDATransformer
from sklearn_dgex.model_selection import AllSamplesSplit, clustering_scorers
from sklearn_dgex.plotting import HiddenNodesDisplay


class Planted(ClusterMixin, BaseEstimator):
    """Has a known score."""

    def __init__(self, hidden_layer_sizes=(4,), corruption_level=0.1, rate=0.0, random_state=None):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.corruption_level = corruption_level
        self.rate = rate
        self.random_state = random_state

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def score(self, X, y=None):
        first = np.ravel(self.hidden_layer_sizes)[0]
        return first + 10 * self.corruption_level + self.rate + 0.1 * (self.random_state or 0)


def planted_search(grid, **options):
    X = np.zeros((6, 2))
    return GridSearchCV(Planted(), grid, cv=AllSamplesSplit(), **options).fit(X, [0, 1] * 3)


@pytest.fixture
def scores():
    rows = [(8, 0.2, 0.5), (4, 0.0, 0.1), (4, 0.0, 0.3), (8, 0.0, 0.4), (8, 0.0, 0.4)]
    return pd.DataFrame(rows, columns=["hidden", "corruption", "score"])


def test_lines_are_means_and_bands_one_deviation(scores):
    display = HiddenNodesDisplay.from_scores(scores, raw=[0.2, 0.4])
    assert list(display.lines_) == [0.0, 0.2]
    np.testing.assert_allclose(display.lines_[0.0].get_data(), [[4, 8], [0.2, 0.4]])
    np.testing.assert_allclose(display.lines_[0.2].get_data(), [[8], [0.5]])
    (path,) = display.bands_[0.0].get_paths()
    at_four = path.vertices[path.vertices[:, 0] == 4, 1]
    deviation = np.std([0.1, 0.3], ddof=1)
    np.testing.assert_allclose([at_four.min(), at_four.max()], [0.2 - deviation, 0.2 + deviation])
    assert list(display.bands_) == [0.0]  # the other level has single runs
    np.testing.assert_allclose(display.raw_.get_ydata(), 0.3)
    names = [text.get_text() for text in display.legend_.get_texts()]
    assert names == ["corruption 0", "corruption 0.2", "raw profiles"]
    np.testing.assert_array_equal(display.ax_.get_xticks(), [4, 8])
    assert display.ax_.get_ylabel() == "adjusted Rand index"


def test_levels_differ_in_shade_and_marker():
    frame = pd.DataFrame({"hidden": 4, "corruption": np.arange(5) / 10, "score": 0.5})
    lines = HiddenNodesDisplay.from_scores(frame).lines_.values()
    shades = [float(line.get_color()) for line in lines]
    assert (np.diff(shades) < -0.1).all()  # the darker, the more corrupted
    assert len({line.get_marker() for line in lines}) == 5


def test_labels_are_scored():
    known = [0, 0, 1, 1, 2, 2]
    runs = [[0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 1, 1]]
    labels = {(4, 0.1): runs, (8, 0.1): np.array(["a", "a", "b", "b", "b", "b"])}
    display = HiddenNodesDisplay.from_labels(known, labels, raw=runs[1])
    low = adjusted_rand_score(known, runs[1])
    assert display.means.loc[4, 0.1] == pytest.approx((1 + low) / 2)
    assert display.means.loc[8, 0.1] == adjusted_rand_score(known, labels[8, 0.1])
    assert display.raw == low


def test_a_search_is_averaged_over_all_but_its_seeds():
    grid = {
        "hidden_layer_sizes": [(4,), 8],
        "corruption_level": [0.0, 0.2],
        "rate": [0.0, 1.0],
        "random_state": [0, 1, 2],
    }
    display = HiddenNodesDisplay.from_estimator(planted_search(grid), raw=3.0)
    expected = np.add.outer([4, 8], [0.0, 2.0]) + 0.5 + 0.1
    np.testing.assert_allclose(display.means, expected)
    np.testing.assert_allclose(display.spread, 0.1)  # not that over the rates
    assert display.raw == 3.0


def test_a_search_without_seeds_has_no_bands():
    display = HiddenNodesDisplay.from_estimator(
        planted_search({"hidden_layer_sizes": [4, 6], "rate": [0.0, 1.0]})
    )
    np.testing.assert_allclose(display.lines_[0.1].get_data(), [[4, 6], [5.5, 7.5]])
    assert display.bands_ == {}
    assert display.raw_ is None


def test_a_search_over_the_autoencoder_is_drawn_by_its_rand_index():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 15)
    X = rng.normal(size=(30, 5)) + 4 * y[:, np.newaxis]
    steps = [("sda", SDATransformer(max_iter=2)), ("cluster", KMeans(2, n_init=1, random_state=0))]
    grid = {"sda__hidden_layer_sizes": [(2,), (3,)], "sda__corruption_level": [0.0, 0.1]}
    search = GridSearchCV(
        Pipeline(steps),
        grid | {"sda__random_state": [0, 1]},
        scoring=clustering_scorers(stability=False, reconstruction=False),
        cv=AllSamplesSplit(),
        refit=False,
    ).fit(X, y)
    display = HiddenNodesDisplay.from_estimator(search)
    results = pd.DataFrame(search.cv_results_)
    at_three = results["param_sda__hidden_layer_sizes"].map(lambda sizes: sizes == (3,))
    chosen = results[at_three & (results["param_sda__corruption_level"] == 0.1)]
    assert len(chosen) == 2
    assert display.means.loc[3, 0.1] == pytest.approx(chosen["mean_test_adjusted_rand"].mean())
    assert display.spread.loc[3, 0.1] == pytest.approx(chosen["mean_test_adjusted_rand"].std())


def test_one_setting_can_be_drawn_on_given_axes(scores):
    ax = plt.figure().gca()
    display = HiddenNodesDisplay.from_scores(scores.iloc[:1], ax=ax, label="NMI")
    display.figure_.canvas.draw()
    assert display.ax_ is ax
    assert ax.get_ylabel() == "NMI"
    np.testing.assert_array_equal(display.lines_[0.2].get_data(), [[8], [0.5]])


def test_mistakes_are_named(scores):
    with pytest.raises(ValueError, match=r"scores must have .* Got 5 rows and the columns \['a'"):
        HiddenNodesDisplay.from_scores(scores.set_axis(["a", "corruption", "score"], axis=1))
    with pytest.raises(ValueError, match=r"a row for each run\. Got 0 rows"):
        HiddenNodesDisplay.from_labels([0, 1], {})
    with pytest.raises(ValueError, match="NaN or infinite values in 1 of 5 rows"):
        HiddenNodesDisplay.from_scores(scores.replace({"score": {0.1: np.nan}}))
    with pytest.raises(NotFittedError):
        HiddenNodesDisplay.from_estimator(GridSearchCV(Planted(), {}))
    with pytest.raises(ValueError, match=r"one hidden layer\. Got \(8, 4\) instead"):
        HiddenNodesDisplay.from_estimator(planted_search({"hidden_layer_sizes": [(8, 4)]}))
    several = dict.fromkeys("ab", lambda *_: 1.0)
    search = planted_search({"rate": [0.0]}, scoring=several, refit=False)
    with pytest.raises(ValueError, match=r"scored by 'adjusted_rand', .* Got 'a', 'b' instead"):
        HiddenNodesDisplay.from_estimator(search)
    with pytest.warns(UserWarning, match="non-finite"):
        search = planted_search({"rate": [0.0, np.nan]}, refit=False)
    with pytest.raises(ValueError, match=r"must be finite\. Got others in 1 of 2 candidates"):
        HiddenNodesDisplay.from_estimator(search)


def test_missing_matplotlib_names_the_extra(scores, without_matplotlib):
    with without_matplotlib:
        HiddenNodesDisplay.from_scores(scores)
