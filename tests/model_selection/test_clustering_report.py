"""The report picks what a hand would pick from a search's results, and says what it cannot."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans, SpectralClustering
from sklearn.datasets import make_blobs
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.metrics import normalized_mutual_info_score
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    KFold,
    RandomizedSearchCV,
)
from sklearn.pipeline import Pipeline

from sklearn_dgex.model_selection import (
    AllSamplesSplit,
    HeldOutReconstructionScorer,
    RankedCriteria,
    StabilityScorer,
    clustering_report,
    clustering_scorers,
)

OPTIMISTIC = "adjusted_rand (optimistic: chosen by the labels)"
MEAN = "mean of all settings"
SCORERS = clustering_scorers(stability=StabilityScorer(3, refit="pipeline"))


def searched(params, iteration=None, **scores):
    """A search whose results are these."""
    search = GridSearchCV(KMeans(), {}, cv=AllSamplesSplit())
    search.cv_results_ = {"params": params}
    for name, values in scores.items():
        search.cv_results_[f"mean_test_{name}"] = np.array(values)
        search.cv_results_[f"rank_test_{name}"] = np.argsort(values)  # not to be read as scores
        search.cv_results_[f"std_test_{name}"] = np.zeros(len(values))
    if iteration is not None:
        search.cv_results_["iter"] = iteration
    return search


@pytest.fixture(scope="module")
def blobs():
    return make_blobs(120, centers=8.0 * np.eye(4), random_state=0)


@pytest.fixture
def estimator():
    return Pipeline([("pca", PCA(random_state=0)), ("cluster", KMeans(n_init=2, random_state=0))])


def test_by_hand():
    report = clustering_report(
        searched(
            [{"k": 2, "rate": 0.1}, {"k": 3, "rate": 0.1}, {"k": 4, "rate": 0.5}],
            silhouette=[0.2, 0.3, 0.1],
            adjusted_rand=[0.4, 0.5, 0.9],
            stability=[0.6, 0.0, 0.3],
        )
    )
    expected = pd.DataFrame(
        [
            [3, 0.1, 0.5, 0.3, 0.0],
            [2, 0.1, 0.4, 0.2, 0.6],
            [4, 0.5, 0.9, 0.1, 0.3],
            ["", "", 0.6, 0.2, 0.3],
        ],
        index=pd.Index(["silhouette", "stability", OPTIMISTIC, MEAN], name="chosen by"),
        columns=["k", "rate", "adjusted_rand", "silhouette", "stability"],
    )
    pd.testing.assert_frame_equal(report, expected)
    assert isinstance(report.loc["stability", "k"], int)
    assert "optimistic: chosen by the labels" in str(report)


def test_average_over_seeds_by_hand():
    search = searched(
        [{"k": k, "seed": seed} for k in (2, 3) for seed in (0, 1)],
        adjusted_rand=[0.9, 0.1, 0.5, 0.7],
        silhouette=[0.1, 0.3, 0.3, 0.0],
    )
    once = clustering_report(search)
    assert once.loc[OPTIMISTIC, ["k", "seed", "adjusted_rand"]].tolist() == [2, 0, 0.9]
    report = clustering_report(search, seed="seed")
    expected = pd.DataFrame(
        [
            [2, 0.5, 0.8 / np.sqrt(2), 0.2],
            [3, 0.6, 0.2 / np.sqrt(2), 0.15],
            ["", 0.55, 0.5 / np.sqrt(2), 0.175],
        ],
        index=pd.Index(["silhouette", OPTIMISTIC, MEAN], name="chosen by"),
        columns=["k", "adjusted_rand", "adjusted_rand_std", "silhouette"],
    )
    pd.testing.assert_frame_equal(report, expected)


def test_seeds_in_any_order_and_unhashable_settings():
    """Settings are merged by what they hold, in order of their first run."""
    sizes = [[10], [10, 5], PCA(2)]
    params = [{"size": sizes[n], "seed": seed} for n, seed in [(2, 0), (0, 0), (1, 0), (1, 1)]]
    params += [{"size": [10], "seed": 1}, {"size": PCA(2), "seed": 1}]
    search = searched(
        params, adjusted_rand=[1, 2, 3, 5, 6, 3], stability=[1.0, 2.0, 2.0, 2.0, 2.0, 1.0]
    )
    report = clustering_report(search, seed="seed")
    assert report.loc["stability", "size"] == [10]  # a tie, seen first
    assert report.loc[OPTIMISTIC, "size"] == [10]
    assert report["adjusted_rand"].tolist() == [4.0, 4.0, 10 / 3]


def test_one_seed_has_no_spread_and_seeds_alone_are_one_setting():
    search = searched([{"seed": 3}], adjusted_rand=[0.5], silhouette=[0.1])
    report = clustering_report(search, seed="seed")
    assert list(report) == ["adjusted_rand", "adjusted_rand_std", "silhouette"]
    assert report["adjusted_rand_std"].isna().all()
    assert report["adjusted_rand"].tolist() == [0.5] * 3
    label_free = searched([{"seed": 3}, {"seed": 4}], silhouette=[0.1, 0.2])
    report = clustering_report(label_free, seed="seed")
    assert list(report) == ["silhouette"]
    assert list(report.index) == ["silhouette", MEAN]


def test_failed_runs_are_never_chosen():
    nan = np.nan
    search = searched(
        [{"k": k, "seed": seed} for k in (2, 3) for seed in (0, 1)],
        adjusted_rand=[0.9, nan, 0.1, 0.3],
        silhouette=[0.1, 0.2, 0.0, 0.1],
    )
    once = clustering_report(search)
    assert once.loc["silhouette", ["k", "seed"]].tolist() == [2, 1]
    assert np.isnan(once.loc["silhouette", "adjusted_rand"])
    assert once.loc[MEAN, "adjusted_rand"] == pytest.approx(1.3 / 3)
    report = clustering_report(search, seed="seed")
    assert report.loc[OPTIMISTIC, "k"] == 3  # one failed seed is not outvoted by a good one
    assert report.loc[MEAN, "adjusted_rand"] == pytest.approx(0.2)


def test_ties_go_to_the_first():
    search = searched([{"k": k} for k in range(4)], adjusted_rand=[0, 1, 1, 0], silhouette=[1] * 4)
    assert clustering_report(search)["k"].tolist() == [0, 1, ""]


def test_grids_in_a_list_leave_gaps():
    search = searched(
        [{"k": 2}, {"eps": 0.5}], adjusted_rand=[0, 1], silhouette=[1.0, 0.0], stability=[1.0, 0.0]
    )
    report = clustering_report(search)
    assert report["k"].tolist() == [2, 2, "", ""]
    assert report["eps"].tolist() == ["", "", 0.5, ""]


def test_halving_is_judged_by_its_last_iteration():
    search = searched(
        [{"k": 2}, {"k": 3}, {"k": 4}, {"k": 3}, {"k": 4}],
        iteration=[0, 0, 0, 1, 1],
        score=[1.0, 1.0, 1.0, 0.2, 0.1],
        stability=[1.0, 1.0, 1.0, 0.2, 0.1],
        adjusted_rand=[1.0, 1.0, 1.0, 0.3, 0.4],
    )
    report = clustering_report(search)
    assert list(report) == ["k", "adjusted_rand", "stability"]  # "score" is stability once more
    assert report["k"].tolist() == [3, 4, ""]
    assert report.loc[MEAN, "adjusted_rand"] == pytest.approx(0.35)


@pytest.mark.parametrize("kind", ["grid", "randomized", "halving grid", "halving random"])
def test_every_kind_of_search(kind, blobs, estimator):
    X, y = blobs
    grid = {"pca__n_components": [1, 3], "cluster__n_clusters": [2, 3, 4, 5]}
    halving = {"scoring": RankedCriteria(SCORERS), "refit": "score", "random_state": 0}
    halving |= {"cv": AllSamplesSplit(), "error_score": "raise", "min_resources": 40}
    several = {"scoring": SCORERS, "refit": "stability", "cv": AllSamplesSplit()}
    search = {
        "grid": lambda: GridSearchCV(estimator, grid, n_jobs=2, **several),
        "randomized": lambda: RandomizedSearchCV(
            estimator, grid, n_iter=8, random_state=0, **several
        ),
        "halving grid": lambda: HalvingGridSearchCV(estimator, grid, n_jobs=2, **halving),
        "halving random": lambda: HalvingRandomSearchCV(estimator, grid, n_candidates=8, **halving),
    }[kind]()
    report = clustering_report(clone(search).fit(X, y))
    assert list(report.index) == ["silhouette", "stability", "reconstruction", OPTIMISTIC, MEAN]
    assert set(list(report)[:2]) == set(grid)
    assert list(report)[2:] == ["adjusted_rand", "silhouette", "stability", "reconstruction"]
    for chosen_by in ["silhouette", "stability", OPTIMISTIC]:
        assert report.loc[chosen_by, ["cluster__n_clusters", "adjusted_rand"]].tolist() == [4, 1.0]
    assert report.loc["reconstruction", "pca__n_components"] == 3
    assert report.loc[OPTIMISTIC, "adjusted_rand"] == report["adjusted_rand"].max()
    assert report.iloc[:, 2:].notna().all(axis=None)


def test_halving_draws_the_same_samples_for_a_clusterer_without_predict(blobs):
    X, y = blobs
    search = HalvingGridSearchCV(
        SpectralClustering(gamma=0.02, random_state=0),
        {"n_clusters": [2, 4, 6]},
        scoring=RankedCriteria(clustering_scorers(reconstruction=False)),
        refit="score",
        cv=AllSamplesSplit(),
        random_state=0,
    ).fit(X, y)
    assert search.n_resources_[0] < len(X)
    report = clustering_report(search)
    assert report.loc[OPTIMISTIC, ["n_clusters", "adjusted_rand"]].tolist() == [4, 1.0]


def test_seeds_in_a_real_search(blobs, estimator):
    X, y = blobs
    grid = {"cluster__n_clusters": [3, 4, 5], "cluster__random_state": [0, 1, 2]}
    search = GridSearchCV(estimator, grid, scoring=SCORERS, refit=False, cv=AllSamplesSplit())
    report = clustering_report(search.fit(X, y), seed="cluster__random_state")
    assert report.loc["stability", ["cluster__n_clusters", "adjusted_rand_std"]].tolist() == [4, 0]
    scores = search.cv_results_["mean_test_adjusted_rand"].reshape(3, 3)
    assert report.loc[MEAN, "adjusted_rand"] == pytest.approx(scores.mean())
    expected = scores.std(axis=1, ddof=1).mean()
    assert report.loc[MEAN, "adjusted_rand_std"] == pytest.approx(expected)


def nmi(estimator, X, y=None):
    return normalized_mutual_info_score(y, estimator.predict(X))


@pytest.mark.parametrize("label_criteria", ["nmi", ["nmi", "adjusted_rand"]])
def test_other_criteria_that_see_labels_are_named_too(blobs, estimator, label_criteria):
    X, y = blobs
    scoring = SCORERS | {"nmi": nmi}
    grid = {"cluster__n_clusters": [3, 4], "cluster__random_state": [0, 1]}
    search = GridSearchCV(estimator, grid, scoring=scoring, refit=False, cv=AllSamplesSplit())
    report = clustering_report(
        search.fit(X, y), seed="cluster__random_state", label_criteria=label_criteria
    )
    assert report.index[-2] == "nmi (optimistic: chosen by the labels)"
    assert (OPTIMISTIC in report.index) == (label_criteria != "nmi")
    assert "nmi_std" in report


def test_without_labels(blobs, estimator):
    X, _ = blobs
    scoring = clustering_scorers(labels=False, stability=StabilityScorer(2))
    grid = {"cluster__n_clusters": [3, 4]}
    search = GridSearchCV(estimator, grid, scoring=scoring, refit=False, cv=AllSamplesSplit())
    report = clustering_report(search.fit(X))
    assert list(report.index) == ["silhouette", "stability", "reconstruction", MEAN]
    assert "adjusted_rand" not in report


def test_a_transformer_may_be_searched_alone(blobs):
    X, _ = blobs
    scoring = {"reconstruction": HeldOutReconstructionScorer()}
    search = GridSearchCV(PCA(), {"n_components": [1, 3]}, scoring=scoring, refit=False, cv=3)
    assert clustering_report(search.fit(X)).loc["reconstruction", "n_components"] == 3


# ------------------------------------------------------------------ what goes wrong


def test_only_fitted_searches_are_reported():
    for unfitted in [GridSearchCV(KMeans(), {}), KMeans()]:
        name = type(unfitted).__name__
        with pytest.raises(NotFittedError, match=f"Got {name} without cv_results_ instead; call"):
            clustering_report(unfitted)
    assert issubclass(NotFittedError, ValueError)


def test_criteria_need_names(blobs, estimator):
    X, y = blobs
    search = GridSearchCV(estimator, {}, scoring=SCORERS["silhouette"], cv=AllSamplesSplit())
    with pytest.raises(ValueError, match=r"Got a single score without a name instead; search with"):
        clustering_report(search.fit(X, y))


def test_the_labels_choice_does_not_stand_alone():
    with pytest.raises(ValueError, match=r"sees no labels, .* Got adjusted_rand alone instead"):
        clustering_report(searched([{"k": 2}], adjusted_rand=[1.0]))


@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_criteria_that_always_fail_are_named(blobs, estimator):
    X, _ = blobs
    search = GridSearchCV(estimator, {}, scoring=SCORERS, refit=False, cv=AllSamplesSplit())
    with pytest.warns(UserWarning, match="adjusted_rand_scorer needs the known classes as y"):
        search.fit(X)
    with pytest.raises(ValueError, match=r"of 'adjusted_rand' must not all be NaN. .* all 1 set"):
        clustering_report(search)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"seed": "sda"}, "must be a searched parameter: k, rate. Got 'sda' instead"),
        ({"label_criteria": ["nmi"]}, "of the search: adjusted_rand, silhouette. Got nmi instead"),
    ],
)
def test_parameters_are_checked(parameters, message):
    search = searched([{"k": 2, "rate": 1}], adjusted_rand=[1.0], silhouette=[1.0])
    with pytest.raises(ValueError, match=message):
        clustering_report(search, **parameters)


@pytest.mark.parametrize("cv", [2, None, KFold(2)], ids=str)
def test_clusterers_without_predict_are_not_held_out(cv):
    """Two folds of equal size would be scored in silence, and wrongly."""
    search = GridSearchCV(SpectralClustering(4), {}, cv=cv)
    search.cv_results_ = searched([{}], adjusted_rand=[0.0], silhouette=[0.0]).cv_results_
    with pytest.raises(ValueError, match=r"Got SpectralClustering and cv=.* instead; search with"):
        clustering_report(search)
    search.estimator = KMeans(4)
    assert len(clustering_report(search)) == 3


@pytest.mark.parametrize("random_state", [None, np.random.RandomState(0)])
def test_halving_of_clusterers_without_predict_needs_a_seed(random_state):
    search = HalvingGridSearchCV(
        SpectralClustering(4), {}, cv=AllSamplesSplit(), random_state=random_state
    )
    search.cv_results_ = searched([{}], adjusted_rand=[0.0], silhouette=[0.0]).cv_results_
    with pytest.raises(ValueError, match=r"must have an int random_state, .* SpectralClustering"):
        clustering_report(search)
    search.estimator = KMeans(4)
    assert len(clustering_report(search)) == 3
