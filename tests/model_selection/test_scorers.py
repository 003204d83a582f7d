"""The scorers find planted structure, change nothing, repeat, and say what is wrong."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClusterMixin, clone
from sklearn.cluster import AgglomerativeClustering, KMeans, MiniBatchKMeans, SpectralClustering
from sklearn.datasets import make_blobs
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.impute import KNNImputer
from sklearn.metrics import adjusted_rand_score, silhouette_samples
from sklearn.metrics.pairwise import nan_euclidean_distances
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_dgex.model_selection import (
    AllSamplesSplit,
    HeldOutReconstructionScorer,
    RankedCriteria,
    StabilityScorer,
    adjusted_rand_scorer,
    clustering_scorers,
    silhouette_scorer,
)

PLANTED = 4
SETTINGS = [2, 3, 4, 5, 6]


@pytest.fixture(scope="module")
def blobs():
    """Four clusters at equal distances in four dimensions, classes in random order."""
    return make_blobs(120, centers=8.0 * np.eye(PLANTED), random_state=0)


def pipeline(k=PLANTED, cluster=None):
    return Pipeline(
        [
            ("scale", StandardScaler()),
            ("pca", PCA(3, random_state=0)),
            ("cluster", cluster or KMeans(k, n_init=2, random_state=0)),
        ]
    )


def spectral(k=PLANTED, **parameters):
    return SpectralClustering(k, **{"gamma": 0.02, "random_state": 0} | parameters)


def search(estimator, grid, **parameters):
    return GridSearchCV(estimator, grid, cv=AllSamplesSplit(), error_score="raise", **parameters)


EVERY = list(clustering_scorers(stability=StabilityScorer(3)).items())
EVERY.append(("whole pipeline", StabilityScorer(3, refit="pipeline")))
every_scorer = pytest.mark.parametrize("scorer", [s for _, s in EVERY], ids=[n for n, _ in EVERY])


class OneCluster(ClusterMixin, BaseEstimator):
    """Puts all samples into one cluster, or with n each into its own."""

    def __init__(self, each_its_own=False):
        self.each_its_own = each_its_own

    def fit(self, X, y=None):
        self.labels_ = np.arange(len(X)) * self.each_its_own
        return self


# ------------------------------------------------------------------ planted structure


@pytest.mark.parametrize("name", ["silhouette", "stability", "adjusted_rand"])
@pytest.mark.parametrize("make", [KMeans, spectral], ids=["kmeans", "spectral"])
def test_the_planted_number_of_clusters_is_best(blobs, name, make):
    X, y = blobs
    scorer = clustering_scorers()[name]
    scores = {k: scorer(make(k, random_state=0).fit(X), X, y) for k in SETTINGS}
    assert max(scores, key=scores.get) == PLANTED
    others = [score for k, score in scores.items() if k != PLANTED]
    assert scores[PLANTED] > max(others) + 0.03
    if name != "silhouette":
        assert scores[PLANTED] == 1.0


def test_whole_pipelines_are_stable_at_the_planted_number(blobs):
    X, _ = blobs
    stability = StabilityScorer(5, refit="pipeline")
    scores = {k: stability(pipeline(k).fit(X), X) for k in SETTINGS}
    assert max(scores, key=scores.get) == PLANTED
    assert scores[PLANTED] == 1.0


def test_one_dimensional_codes_flatter_the_clusterer_alone(blobs):
    """No axis is the first one here, which only a refit of the codes can tell."""
    X, _ = blobs
    estimator = make_pipeline(PCA(1), KMeans(2, random_state=0)).fit(X)
    assert StabilityScorer()(estimator, X) > 0.95
    assert StabilityScorer(refit="pipeline")(estimator, X) < 0.7


@pytest.mark.parametrize("planted", [1, 3, 5])
def test_held_out_reconstruction_finds_the_planted_dimension(planted):
    rng = np.random.default_rng(planted)
    X = rng.normal(size=(150, planted)) @ rng.normal(size=(planted, 12))
    X += 0.1 * rng.normal(size=X.shape)
    found = search(
        make_pipeline(StandardScaler(with_std=False), PCA(), KMeans(2, n_init=1)),
        {"pca__n_components": range(1, 8)},
        scoring=clustering_scorers(labels=False, stability=False),
        refit="reconstruction",
    ).fit(X)
    assert found.best_params_ == {"pca__n_components": planted}


def test_spectral_clustering_is_searched_in_two_processes(blobs):
    X, y = blobs
    grid = {"cluster__n_clusters": SETTINGS, "pca__n_components": [1, 3]}
    estimator = pipeline(cluster=spectral())
    scoring = clustering_scorers(stability=StabilityScorer(3))
    two = search(estimator, grid, scoring=scoring, refit="adjusted_rand", n_jobs=2).fit(X, y)
    assert two.best_params_ == {"cluster__n_clusters": PLANTED, "pca__n_components": 3}
    assert two.best_score_ == 1.0
    one = search(estimator, grid, scoring=scoring, refit="adjusted_rand").fit(X, y)
    for name in scoring:
        key = f"mean_test_{name}"
        np.testing.assert_allclose(one.cv_results_[key], two.cv_results_[key], rtol=1e-9)
        assert np.isfinite(one.cv_results_[key]).all()


# ------------------------------------------------------------------ the values


def test_adjusted_rand_is_that_of_the_labels(blobs):
    X, y = blobs
    for k in SETTINGS:
        for estimator in [KMeans(k, random_state=0), spectral(k), AgglomerativeClustering(k)]:
            expected = adjusted_rand_score(y, estimator.fit(X).labels_)
            assert adjusted_rand_scorer(estimator, X, y) == expected
            inner = make_pipeline("passthrough", make_pipeline(None, clone(estimator))).fit(X)
            assert adjusted_rand_scorer(inner, X, y) == expected
            assert StabilityScorer(2)(inner, X) == StabilityScorer(2)(estimator, X)
    mixture = GaussianMixture(PLANTED, random_state=0).fit(X)  # has predict, no labels_
    assert adjusted_rand_scorer(mixture, X, y) == 1.0


def test_adjusted_rand_does_not_depend_on_names():
    rng = np.random.default_rng(0)
    for _ in range(30):
        n_classes = int(rng.integers(2, 7))
        X = rng.normal(size=(40, 3))
        y = rng.integers(n_classes, size=40)
        estimator = spectral(int(rng.integers(2, 6))).fit(X)
        score = adjusted_rand_scorer(estimator, X, y)
        assert -0.5 <= score <= 1
        names = rng.permutation([f"class {k}" for k in range(n_classes)])
        assert adjusted_rand_scorer(estimator, X, pd.Series(names[y])) == pytest.approx(score)
        estimator.labels_ = rng.permutation(6)[estimator.labels_]
        assert adjusted_rand_scorer(estimator, X, y) == pytest.approx(score)


def test_samples_beyond_the_fit_are_predicted(blobs):
    X, y = blobs
    for n_train in [60, 90]:  # as many samples to score as were fitted, and fewer
        estimator = pipeline().fit(X[:n_train])
        expected = adjusted_rand_score(y[n_train:], estimator.predict(X[n_train:]))
        assert adjusted_rand_scorer(estimator, X[n_train:], y[n_train:]) == expected == 1.0
        assert silhouette_scorer(estimator, X[n_train:]) > 0.5
    scores = cross_val_score(pipeline(), X, y, cv=KFold(2), scoring=adjusted_rand_scorer)
    np.testing.assert_array_equal(scores, 1.0)


def test_silhouette_is_taken_in_the_space_of_the_input(blobs):
    X, _ = blobs
    for k in SETTINGS:
        estimator = pipeline(k).fit(X)
        expected = silhouette_samples(X, estimator[-1].labels_).mean()
        assert silhouette_scorer(estimator, X) == pytest.approx(expected)


@pytest.mark.parametrize("each_its_own", [False, True])
def test_trivial_partitions_are_the_worst(blobs, each_its_own):
    X, _ = blobs
    for estimator in [OneCluster(each_its_own), pipeline(cluster=OneCluster(each_its_own))]:
        estimator.fit(X)
        assert silhouette_scorer(estimator, X) == -1.0
        assert StabilityScorer(2)(estimator, X) == 0.0
        assert StabilityScorer(2, refit="pipeline")(estimator, X) == 0.0


def test_stability_worked_out_by_hand():
    class Halves(ClusterMixin, BaseEstimator):
        """Cuts the samples at their median: parts are cut elsewhere than the whole."""

        def fit(self, X, y=None):
            self.labels_ = (X[:, 0] > np.median(X[:, 0])).astype(int)
            return self

    X = np.random.default_rng(0).normal(size=(50, 1))
    estimator = Halves().fit(X)
    expected = []
    for rng in np.random.default_rng(7).spawn(4):
        rows = np.random.RandomState(int(rng.integers(2**31))).permutation(50)[:30]
        expected.append(adjusted_rand_score(estimator.labels_[rows], Halves().fit(X[rows]).labels_))
    assert len(set(expected)) > 1
    assert StabilityScorer(4, 0.6, random_state=7)(estimator, X) == pytest.approx(np.mean(expected))


def test_held_out_reconstruction_is_cross_validation_of_all_steps(blobs):
    X, _ = blobs
    part = make_pipeline(StandardScaler(), PCA(2))
    folds = KFold(4, shuffle=True, random_state=3)
    expected = cross_val_score(part, X, cv=folds).mean()
    whole = Pipeline([*part.steps, ("cluster", KMeans(3))])  # KMeans has a score, of another kind
    for scorer in [
        HeldOutReconstructionScorer(4, random_state=3),
        HeldOutReconstructionScorer(folds),
    ]:
        assert scorer(whole, X) == scorer(part, X) == expected
    alone = cross_val_score(PCA(2), X, cv=folds).mean()
    assert HeldOutReconstructionScorer(folds)(PCA(2), X) == alone


def test_folds_are_shuffled(blobs):
    """Sorted by class, folds in order would hold out whole classes."""
    X, y = blobs
    by_class = np.argsort(y, kind="stable")
    in_order = cross_val_score(PCA(2), X[by_class], cv=KFold(4)).mean()
    assert HeldOutReconstructionScorer(4)(PCA(2), X[by_class]) > in_order + 1


def test_precomputed_affinities_lose_rows_and_columns(blobs):
    X, y = blobs
    affinity = np.exp(-0.1 * ((X[:, None] - X) ** 2).sum(axis=2))
    estimator = SpectralClustering(PLANTED, affinity="precomputed", random_state=0).fit(affinity)
    assert adjusted_rand_scorer(estimator, affinity, y) == 1.0
    for refit in ["clusterer", "pipeline"]:
        assert StabilityScorer(3, refit=refit)(estimator, affinity) == 1.0


# ------------------------------------------------------------------ nothing changes, all repeats


@every_scorer
@pytest.mark.parametrize("seed", [0, None])
def test_scorers_change_nothing_and_repeat(blobs, scorer, seed):
    X, y = blobs
    estimator = Pipeline(
        [
            ("scale", StandardScaler()),
            ("pca", PCA(2, svd_solver="randomized", random_state=seed)),
            ("cluster", MiniBatchKMeans(6, n_init=1, random_state=seed)),
        ]
    ).fit(X)
    before, X_before, state = pickle.dumps(estimator), X.copy(), pickle.dumps(np.random.get_state())  # noqa: NPY002
    score = scorer(estimator, X, y)
    assert isinstance(score, float)
    assert pickle.dumps(estimator) == before
    assert pickle.dumps(np.random.get_state()) == state  # noqa: NPY002
    np.testing.assert_array_equal(X, X_before)
    assert scorer(estimator, X, y) == score
    assert pickle.loads(pickle.dumps(scorer))(pickle.loads(before), X, y) == score


@every_scorer
def test_frames_lists_and_sparse_give_the_score_of_arrays(blobs, scorer):
    X, y = blobs
    estimator = make_pipeline(PCA(2), KMeans(3, n_init=2, random_state=0))
    expected = scorer(estimator.fit(X), X, y)
    frame = pd.DataFrame(X, index=np.arange(len(X))[::-1]).add_prefix("gene")
    assert scorer(clone(estimator).fit(frame), frame, y) == pytest.approx(expected)
    assert scorer(estimator, X.tolist(), list(y)) == pytest.approx(expected)
    if not isinstance(scorer, HeldOutReconstructionScorer):
        bare = KMeans(3, n_init=2, random_state=0).fit(X)
        expected = scorer(bare, X, y)
        table = sparse.csr_array(X)
        assert scorer(clone(bare).fit(table), table, y) == pytest.approx(expected)


def test_a_missing_seed_is_given_and_a_set_one_is_kept(blobs):
    X, _ = blobs
    seen = []

    class Watched(KMeans):
        def fit(self, X, y=None, sample_weight=None):
            seen.append(self.random_state)
            return super().fit(X)

    def seeds(random_state, refit):
        model = make_pipeline(PCA(2), Watched(3, n_init=1, random_state=random_state)).fit(X)
        seen.clear()
        StabilityScorer(4, refit=refit)(model, X)
        return list(seen)

    for refit in ["clusterer", "pipeline"]:
        drawn = seeds(None, refit)
        assert all(isinstance(seed, int) for seed in drawn)
        assert len(set(drawn)) == 4
        assert seeds(None, refit) == drawn
        assert seeds(5, refit) == [5] * 4


def test_every_setting_is_judged_on_the_same_parts(blobs):
    """However many seeds a setting asks for."""
    X, _ = blobs
    parts = []

    class Watched(PCA):
        def fit_transform(self, X, y=None):
            parts[-1].append(X.copy())
            return super().fit_transform(X)

    for seeds in [(0, 0), (0, None), (None, None)]:
        model = make_pipeline(Watched(2, random_state=seeds[0]), KMeans(3, random_state=seeds[1]))
        parts.append([])
        StabilityScorer(3, refit="pipeline")(model.fit(X), X)
        np.testing.assert_array_equal(parts[-1][1:], parts[0][1:])  # the first is the full fit
    assert np.shape(parts[0][1:]) == (3, 96, 4)


def test_criteria_in_one_scorer(blobs):
    X, y = blobs
    scorers = clustering_scorers(stability=StabilityScorer(2))
    estimator = pipeline(3).fit(X)
    scores = RankedCriteria(scorers, "silhouette")(estimator, X, y)
    assert scores.pop("score") == scores["silhouette"]
    assert scores == {name: scorer(estimator, X, y) for name, scorer in scorers.items()}


def test_scorers_show_and_compare_their_parameters():
    assert repr(StabilityScorer(5)) == (
        "StabilityScorer(n_resamples=5, fraction=0.8, refit='clusterer', random_state=0)"
    )
    assert (
        repr(HeldOutReconstructionScorer()) == "HeldOutReconstructionScorer(cv=3, random_state=0)"
    )
    given = StabilityScorer(fraction=0.5)
    assert clustering_scorers(stability=given)["stability"] is given
    assert clustering_scorers() == clustering_scorers(stability=StabilityScorer())
    assert list(clustering_scorers(labels=False, stability=False, reconstruction=False)) == [
        "silhouette"
    ]


# ------------------------------------------------------------------ what goes wrong


@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_labels_of_other_samples_are_refused(blobs):
    X, y = blobs
    message = (
        "A clusterer without predict must be scored on the samples it was fitted on. Got "
        "SpectralClustering with labels of 80 samples and 40 samples to score instead; "
        r"search with cv=AllSamplesSplit\(\)."
    )
    for estimator in [spectral(), pipeline(cluster=spectral())]:
        estimator.fit(X[:80])
        for scorer in [adjusted_rand_scorer, silhouette_scorer, StabilityScorer(2)]:
            with pytest.raises(ValueError, match=message):
                scorer(estimator, X[80:], y[80:])
    with pytest.warns(UserWarning, match=message):
        GridSearchCV(spectral(), {}, cv=3, scoring=adjusted_rand_scorer, refit=False).fit(X, y)


def test_known_classes_are_needed(blobs):
    X, _ = blobs
    with pytest.raises(ValueError, match=r"needs the known classes as y. Got None instead; pass"):
        adjusted_rand_scorer(KMeans(2).fit(X), X)


def test_only_fitted_clusterers_have_labels(blobs):
    X, y = blobs
    for scorer in [adjusted_rand_scorer, silhouette_scorer, StabilityScorer(2)]:
        for unfitted in [KMeans(2), spectral(), pipeline(cluster=spectral())]:
            with pytest.raises(NotFittedError):
                scorer(unfitted, X, y)
        for transformer in [PCA(2), make_pipeline(StandardScaler(), PCA(2))]:
            with pytest.raises(ValueError, match=r"Got PCA instead; end the pipeline with a clus"):
                scorer(transformer.fit(X), X, y)


def test_reconstruction_needs_a_transformer_with_score(blobs):
    X, _ = blobs
    for estimator, got in [
        (KMeans(2), "KMeans"),
        (make_pipeline(StandardScaler(), "passthrough", KMeans()), "StandardScaler, 'passthrough'"),
    ]:
        with pytest.raises(ValueError, match=rf"such as SDATransformer or PCA. Got {got}"):
            HeldOutReconstructionScorer()(estimator, X)
    with pytest.raises(ValueError, match="greater than the number of samples"):
        HeldOutReconstructionScorer(5)(PCA(1), X[:4])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: StabilityScorer(0), "'n_resamples' .* an int in the range .1, inf.. Got 0 inst"),
        (lambda: StabilityScorer(2.0), "Got 2.0 instead"),
        (lambda: StabilityScorer(fraction=0), "'fraction' .* range .0, 1.. Got 0 instead"),
        (lambda: StabilityScorer(fraction=1.5), "Got 1.5 instead"),
        (lambda: StabilityScorer(refit="sda"), "must be 'clusterer' or 'pipeline'. Got 'sda'"),
        (lambda: StabilityScorer(random_state=None), "same draws. Got None instead"),
        (lambda: StabilityScorer(random_state=-1), "range .0, inf., .* Got -1 instead"),
        (lambda: StabilityScorer(random_state=True), "Got True instead"),
        (lambda: HeldOutReconstructionScorer(random_state=None), "of HeldOut.* Got None instead"),
        (lambda: HeldOutReconstructionScorer(1), "range .2, inf. or a splitter. Got 1 instead"),
        (lambda: HeldOutReconstructionScorer(True), "Got True instead"),
        (lambda: HeldOutReconstructionScorer("kfold"), "Got 'kfold' instead"),
        (lambda: clustering_scorers(labels=[0, 1]), "'labels' .* must be a bool. Got .0, 1. inst"),
        (lambda: clustering_scorers(stability=10), "'stability' .* or a scorer, .* Got 10 instead"),
        (lambda: clustering_scorers(reconstruction=PCA), "Got <class .*PCA'> instead"),
        (
            lambda: RankedCriteria(clustering_scorers(stability=False)),
            "one of adjusted_rand, silhouette, reconstruction. Got 'stability' instead",
        ),
    ],
)
def test_parameters_are_checked(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_splitter_that_fits_no_int_is_passed_on(blobs):
    """Groups cannot reach a scorer: scikit-learn's own message says so."""
    X, _ = blobs
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="groups"):
            HeldOutReconstructionScorer(GroupKFold(2))(PCA(1), X)


def test_silhouette_of_profiles_with_missing_values(blobs):
    X, y = blobs
    holed = X.copy()
    holed[::7, 0] = np.nan
    pipeline = make_pipeline(KNNImputer(), KMeans(len(np.unique(y)), n_init=10, random_state=0))
    distances = nan_euclidean_distances(holed)
    np.fill_diagonal(distances, 0)
    labels = pipeline.fit(holed)[-1].labels_
    expected = silhouette_samples(distances, labels, metric="precomputed").mean()
    assert silhouette_scorer(pipeline, holed) == pytest.approx(expected)
    assert silhouette_scorer(pipeline.fit(X), X) == pytest.approx(
        silhouette_samples(X, pipeline[-1].labels_).mean()
    )
