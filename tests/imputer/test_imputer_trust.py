"""Which inferred genes to trust: figures of the fit, tests on new profiles, the score."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score

from sklearn_dgex import DGEXRegressor, LandmarkImputer
from sklearn_dgex.baselines import LincsRegression
from sklearn_dgex.datasets import make_expression
from sklearn_dgex.exceptions import GeneMismatchError
from sklearn_dgex.metrics import best_inferred_genes


@pytest.fixture(scope="module")
def noisy():
    """Profiles of which half of the targets, N…, are noise that nobody can infer."""
    X, y = make_expression(
        300, n_landmarks=20, n_targets=30, n_modules=5, noise=0.1, as_frame=True, random_state=0
    )
    noise = np.random.default_rng(0).normal(size=(300, 30)).astype(np.float32)
    names = [f"N{i:04d}" for i in range(30)]
    table = pd.concat([pd.DataFrame(noise, X.index, names), X, y], axis=1)
    return table, list(X)


@pytest.fixture(scope="module")
def dgex(noisy):
    table, landmarks = noisy
    regressor = DGEXRegressor(width=40, n_members=4, max_iter=60, random_state=0)
    return LandmarkImputer(regressor, landmarks).fit(table[:200])


def test_quality_is_by_gene(dgex):
    quality = dgex.per_gene_quality_
    assert quality.index.equals(pd.Index(dgex.targets_, name="gene"))
    assert list(quality) == ["correlation", "mae"]
    is_noise = quality.index.str.startswith("N")
    assert quality.loc[~is_noise, "correlation"].min() > quality.loc[is_noise, "correlation"].max()


def test_quality_without_names_is_by_position(noisy):
    table, landmarks = noisy
    positions = [list(table).index(name) for name in landmarks]
    regressor = DGEXRegressor(width=10, n_members=2, max_iter=2, random_state=0)
    model = LandmarkImputer(regressor, positions).fit(table.to_numpy())
    assert model.per_gene_quality_.index.tolist() == np.setdiff1d(range(80), positions).tolist()


def test_best_genes_by_quality(dgex):
    best = dgex.best_inferred_genes()
    assert len(best) > 20
    assert best.index.str.startswith("T").all()
    assert best["correlation"].is_monotonic_decreasing
    assert best["correlation"].min() >= 0.5
    fewer = dgex.best_inferred_genes(min_correlation=0.9)
    assert 0 < len(fewer) < len(best)
    assert len(dgex.best_inferred_genes(min_correlation=-1)) == 60
    pd.testing.assert_frame_equal(best, dgex.per_gene_quality_.loc[best.index])


def test_best_genes_by_test(dgex, noisy):
    new = noisy[0][200:]
    best = dgex.best_inferred_genes(new[list(new)[::-1]], random_state=0, null="samples")
    assert best.index.str.startswith("T").sum() == 30
    assert len(best) < 36  # of 30 genes of noise, 5% pass by chance
    assert best["is_best_inferred"].all()
    assert best["correlation"].is_monotonic_decreasing
    reference = best_inferred_genes(
        new[dgex.targets_], dgex.infer(new), null="samples", random_state=0
    )
    pd.testing.assert_frame_equal(best.sort_index(), reference.loc[sorted(best.index)])


def test_regressors_that_measure_nothing_say_so(noisy):
    table, landmarks = noisy
    model = LandmarkImputer(LincsRegression(), landmarks).fit(table[:200])
    assert not hasattr(model, "per_gene_quality_")
    with pytest.raises(AttributeError, match="LincsRegression holds no samples out"):
        model.best_inferred_genes()
    assert len(model.best_inferred_genes(table[200:], random_state=0)) > 20
    unheld = DGEXRegressor(width=10, n_members=1, max_iter=1, validation_fraction=0.0)
    with pytest.raises(ValueError, match="must have held samples out"):
        model.set_params(regressor=unheld).fit(table).best_inferred_genes()


@pytest.mark.parametrize("value", [1.5, "high", None])
def test_min_correlation_is_a_correlation(dgex, value):
    with pytest.raises(ValueError, match="'min_correlation' parameter must be"):
        dgex.best_inferred_genes(min_correlation=value)


def test_score_is_that_of_the_inferred_genes(dgex, noisy):
    new = noisy[0][200:]
    expected = r2_score(new[dgex.targets_], dgex.infer(new))
    assert dgex.score(new[list(new)[::-1]]) == pytest.approx(expected)
    landmarks, targets = new[dgex.landmarks_], new[dgex.targets_]
    assert dgex.score(new) == pytest.approx(dgex.regressor_.score(landmarks, targets))


def test_a_perfect_score(fitted, new):
    assert fitted.score(new) == pytest.approx(1.0)


@pytest.mark.parametrize("method", ["score", "best_inferred_genes"])
def test_measured_targets_are_needed_to_compare_with(fitted, new, landmarks, method):
    with pytest.raises(GeneMismatchError, match=r"Got 1 missing \('T0004'\)"):
        getattr(fitted, method)(new.drop(columns="T0004"))
    new.loc["S0042", "T0004"] = np.nan
    with pytest.raises(ValueError, match=r"target values must be finite.* gene 'T0004'"):
        getattr(fitted, method)(new)
    model = fitted.set_params(landmarks=[0, 1, 2]).fit(new.drop(columns="T0004").to_numpy())
    with pytest.raises(GeneMismatchError, match=r"Got 16 missing \(3, 4, 5, 6, 7, …\)"):
        getattr(model, method)(np.ones((9, 3)))
