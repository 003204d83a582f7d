"""LandmarkSelector: drivers are found, and steps are those of explicit least squares."""

import os

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_dgex.baselines import LincsRegression
from sklearn_dgex.datasets import make_expression
from sklearn_dgex.exceptions import GeneMismatchError
from sklearn_dgex.metrics import mmae
from sklearn_dgex.preprocessing import LandmarkSelector


def explained(Z, chosen):
    """Share of the variance that least squares on the chosen genes explains."""
    fitted = LinearRegression().fit(Z[:, chosen], Z).predict(Z[:, chosen])
    return 1 - np.square(Z - fitted).sum() / np.square(Z - Z.mean(axis=0)).sum()


def greedily(Z, k):
    """Every gene is tried at every step."""
    chosen = []
    for _ in range(k):
        tried = [-1.0 if j in chosen else explained(Z, [*chosen, j]) for j in range(Z.shape[1])]
        chosen.append(int(np.argmax(tried)))
    return chosen


@settings(deadline=None, derandomize=True, max_examples=25)
@given(
    seed=st.integers(0, 2**20),
    n=st.integers(8, 60),  # fewer samples than genes, and more than twice as many
    standardize=st.booleans(),
)
def test_greedy_steps_are_those_of_trying_every_gene(seed, n, standardize):
    rng = np.random.default_rng(seed)
    n_genes = int(rng.integers(5, 16))
    X = rng.normal(size=(n, 4)) @ rng.normal(size=(4, n_genes)) + rng.normal(size=(n, n_genes))
    X = X * rng.uniform(0.2, 3, size=n_genes) + rng.normal(size=n_genes)
    k = min(n_genes - 1, n - 2, 6)
    selector = LandmarkSelector(k, standardize=standardize).fit(X)
    Z = StandardScaler(with_std=standardize).fit_transform(X)
    assert selector.landmarks_.tolist() == greedily(Z, k)
    expected = [explained(Z, selector.landmarks_[: i + 1]) for i in range(k)]
    np.testing.assert_allclose(selector.explained_variance_ratio_, expected, rtol=1e-9)


@pytest.mark.parametrize("method", ["greedy", "cluster"])
@pytest.mark.parametrize("standardize", [True, False])
def test_explained_variance_is_that_of_least_squares(method, standardize):
    X = np.hstack(make_expression(120, 20, 280, dtype=np.float64, random_state=0))
    selector = LandmarkSelector(60, method=method, standardize=standardize, random_state=0).fit(X)
    Z = StandardScaler(with_std=standardize).fit_transform(X)
    for k in (1, 7, 60):
        expected = explained(Z, selector.landmarks_[:k])
        assert selector.explained_variance_ratio_[k - 1] == pytest.approx(expected, rel=1e-10)
    assert (np.diff(selector.explained_variance_ratio_) > 0).all()


def test_hidden_drivers_are_found():
    """Six genes determine all others, but for noise: each follows one, and some of the others."""
    rng = np.random.default_rng(1)
    n, n_genes, drivers = 200, 300, [17, 44, 120, 121, 230, 299]
    states = rng.normal(size=(n, 6))
    effects = 0.3 * rng.normal(size=(6, n_genes)) * (rng.random((6, n_genes)) < 0.4)
    effects[rng.integers(6, size=n_genes), np.arange(n_genes)] = 1.0
    X = states @ effects + 0.6 * rng.normal(size=(n, n_genes))
    X[:, drivers] = states
    for standardize in (True, False):
        selector = LandmarkSelector(6, standardize=standardize).fit(X)
        assert sorted(selector.landmarks_) == drivers


def test_clusters_give_one_gene_each():
    """Ten modules of genes that follow one state each, with one gene that follows it closest."""
    rng = np.random.default_rng(2)
    states, n_modules = rng.normal(size=(100, 10)), 10
    module = np.repeat(np.arange(n_modules), 12)
    X = states[:, module] + 0.6 * rng.normal(size=(100, 120))
    centres = np.arange(n_modules) * 12 + 5
    X[:, centres] = states
    selector = LandmarkSelector(10, method="cluster", random_state=0).fit(X)
    assert sorted(selector.landmarks_) == centres.tolist()


def test_exact_dependence_is_followed_to_its_end():
    """Rounding does not grow as all of the variance is explained: refreshed, it starts anew."""
    rng = np.random.default_rng(3)
    scales = 10.0 ** -np.arange(12)  # each further direction explains a hundredth of the last's
    X = (rng.normal(size=(60, 12)) * scales) @ rng.normal(size=(12, 80))
    selector = LandmarkSelector(5, standardize=False).fit(X)
    left = X - X.mean(axis=0)
    for gene, ratio in zip(selector.landmarks_, selector.explained_variance_ratio_, strict=True):
        gains = np.square(left.T @ left).sum(axis=0) / np.maximum(
            np.square(left).sum(axis=0), 1e-30
        )
        assert gains[gene] == pytest.approx(gains.max(), rel=1e-6)
        direction = left[:, gene] / np.linalg.norm(left[:, gene])
        left = left - np.outer(direction, direction @ left)
        whole = np.square(X - X.mean(axis=0)).sum()
        assert 1 - ratio == pytest.approx(np.square(left).sum() / whole, rel=1e-6, abs=1e-15)


def test_what_explains_everything_ends_the_choice():
    X = np.random.default_rng(4).normal(size=(9, 40))
    selector = LandmarkSelector(8).fit(X)  # eight directions are all that nine samples have
    assert selector.explained_variance_ratio_[-1] == pytest.approx(1, abs=1e-12)
    before = dict(vars(selector))
    with pytest.raises(ValueError, match="Got 9 where 8 do instead; give more samples"):
        selector.set_params(n_landmarks=9).fit(X)
    assert vars(selector.set_params(n_landmarks=8)) == before
    clustered = LandmarkSelector(12, method="cluster", random_state=0).fit(X)
    assert len(set(clustered.landmarks_)) == 12
    np.testing.assert_allclose(clustered.explained_variance_ratio_[8:], 1, atol=1e-12)


def test_of_equal_genes_the_first_is_taken_and_constant_ones_never():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(50, 10))
    X[:, [0, 6]] = 3.0, 0.1
    X = np.hstack([X, X, -2 * X[:, ::-1] + 1])
    selector = LandmarkSelector(8).fit(X)
    assert sorted(selector.landmarks_) == [1, 2, 3, 4, 5, 7, 8, 9]
    for method in ("greedy", "cluster"):
        with pytest.raises(ValueError, match=r"genes that vary, 24 of 30\. Got 25 instead"):
            LandmarkSelector(25, method=method, random_state=0).fit(X)
    copies = np.hstack([X[:, 1:4], X[:, 1:4]])
    with pytest.raises(ValueError, match="Got 5 for 3 instead; drop genes that are copies"):
        LandmarkSelector(5, method="cluster", random_state=0).fit(copies)


@pytest.mark.parametrize("n_samples", [60, 59, 400])
def test_many_samples_choose_as_their_products_do(n_samples):
    """Through the QR factor, of one block of rows or several, as through all samples."""
    X = np.hstack(make_expression(n_samples, 10, 19, dtype=np.float64, random_state=6))
    chosen = LandmarkSelector(12).fit(X).landmarks_
    Z = StandardScaler().fit_transform(X)
    assert chosen.tolist() == greedily(Z, 12)


def test_ranking_support_and_names_agree():
    X = pd.DataFrame(np.hstack(make_expression(40, 5, 25, random_state=7)))
    X.columns = [f"g{i}" for i in range(30)]
    selector = LandmarkSelector(6).set_output(transform="pandas").fit(X)
    assert selector.landmarks_.tolist() == [X.columns[np.argmax(selector.ranking_ == i)]
                                            for i in range(1, 7)]  # fmt: skip
    assert (selector.ranking_ == 7).sum() == 24
    assert set(selector.get_feature_names_out()) == set(selector.landmarks_)
    assert selector.get_support(indices=True).tolist() == sorted(
        X.columns.get_loc(gene) for gene in selector.landmarks_
    )
    kept = selector.transform(X[X.columns[::-1]])
    pd.testing.assert_frame_equal(kept, X[selector.get_feature_names_out()])
    assert (kept.dtypes == np.float32).all()
    in_polars = selector.set_output(transform="polars").transform(pl.from_pandas(X))
    np.testing.assert_array_equal(in_polars.to_numpy(), kept.to_numpy())
    with pytest.raises(GeneMismatchError, match="'g3'"):
        selector.transform(X.drop(columns="g3"))


@pytest.mark.parametrize(("n_landmarks", "n_chosen"), [(0.1, 3), (0.999, 30), (0.01, 1), (30, 30)])
def test_a_share_is_of_the_genes(n_landmarks, n_chosen):
    X = np.hstack(make_expression(60, 10, 20, random_state=8))
    assert len(LandmarkSelector(n_landmarks).fit(X).landmarks_) == n_chosen


@pytest.mark.parametrize("n_landmarks", [0, 1.0, 1.5, -0.1, "all"])
def test_what_is_neither_number_nor_share_is_refused(n_landmarks):
    with pytest.raises(ValueError, match="'n_landmarks' parameter of LandmarkSelector"):
        LandmarkSelector(n_landmarks).fit(np.eye(5))


def test_clusters_are_drawn_from_the_random_state():
    X = np.hstack(make_expression(50, 10, 190, random_state=9))
    choices = [
        LandmarkSelector(20, method="cluster", random_state=seed).fit(X).landmarks_.tolist()
        for seed in (0, 0, 1)
    ]
    assert choices[0] == choices[1] != choices[2]


def test_chosen_landmarks_infer_better_than_others():
    """On samples, and of genes, that the choice has not seen."""
    X = np.hstack(make_expression(400, 40, 260, n_modules=15, random_state=10))
    train, test = X[:300], X[300:]
    judged = np.arange(150, 300)

    def error(columns):
        model = LincsRegression("gcv").fit(train[:, columns], train[:, judged])
        return mmae(test[:, judged], model.predict(test[:, columns]))

    candidates = train[:, :150]
    greedy = LandmarkSelector(15).fit(candidates).landmarks_
    cluster = LandmarkSelector(15, method="cluster", random_state=0).fit(candidates).landmarks_
    rng = np.random.default_rng(0)
    by_chance = np.mean([error(rng.choice(150, 15, replace=False)) for _ in range(10)])
    assert error(greedy) < by_chance - 0.02
    assert error(cluster) < by_chance - 0.02


def test_it_stands_in_a_pipeline():
    X = np.hstack(make_expression(60, 10, 40, random_state=11))
    model = make_pipeline(LandmarkSelector(5), LincsRegression("gcv")).fit(X, X)
    assert model.predict(X).shape == X.shape


def test_real_cell_lines():
    """Markers of tissues come first, and a tenth of the genes explain four fifths of all."""
    pytest.importorskip("pyarrow")
    folder = os.environ.get("SKLEARN_DGEX_DATA")
    path = f"{folder}/gdsc/expression.parquet"
    if not folder or not os.path.exists(path):
        pytest.skip("needs gdsc/expression.parquet in the folder named by SKLEARN_DGEX_DATA")
    frame = pd.read_parquet(path).iloc[:300, ::4]
    greedy = LandmarkSelector().fit(frame)
    cluster = LandmarkSelector(method="cluster", random_state=0).fit(frame)
    assert len(greedy.landmarks_) == 144
    assert greedy.explained_variance_ratio_[-1] > cluster.explained_variance_ratio_[-1] > 0.7
