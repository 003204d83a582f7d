"""QuantileNormalizer: limma's results, and what a reference distribution must keep."""

import time

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.limma_quantile_cases import CASES, FOLDER, STEP, read_frozen_quantiles
from scipy.stats import rankdata

from sklearn_dgex.exceptions import GeneMismatchError
from sklearn_dgex.preprocessing import QuantileNormalizer, _quantile


@pytest.mark.parametrize("name", CASES)
def test_training_samples_come_out_as_limmas(name):
    answer = read_frozen_quantiles()[name]
    normalised = QuantileNormalizer().fit_transform(CASES[name]())[:, ::STEP]
    expected = np.array(answer["normalised"], dtype=float)  # None becomes NaN
    assert "limma 3." in answer["version"]
    np.testing.assert_allclose(normalised, expected, rtol=1e-13, atol=1e-14)


def test_the_cases_reach_every_branch():
    """Without and with ties, without and with missing values."""
    tied = {name: bool((make().nunique(axis=1) < make().notna().sum(axis=1)).all()) for name, make
            in CASES.items()}  # fmt: skip
    missing = {name: bool(make().isna().to_numpy().any()) for name, make in CASES.items()}
    assert tied["ecoli_rounded"]
    assert tied["spellman"]
    assert CASES["ecoli"]().nunique(axis=1).max() == CASES["ecoli"]().shape[1]
    assert [name for name in CASES if missing[name]] == ["spellman", "sparse"]
    assert list(read_frozen_quantiles()) == list(CASES)
    assert (
        "normalizeQuantiles(expression, ties = TRUE)" in (FOLDER / "limma_quantiles.R").read_text()
    )


@settings(deadline=None, derandomize=True, max_examples=40)
@given(
    seed=st.integers(0, 2**20),
    n_genes=st.integers(1, 30),
    n_levels=st.integers(1, 12),
    gaps=st.sampled_from([0.0, 0.0, 0.3]),
)
def test_a_new_sample_is_interpolated_at_its_ranks(seed, n_genes, n_levels, gaps):
    """By scipy's ranks and numpy's interpolation, one sample at a time."""
    rng = np.random.default_rng(seed)
    normalizer = QuantileNormalizer().fit(rng.normal(size=(3, n_genes)))
    X = rng.integers(n_levels, size=(4, n_genes)).astype(float)
    X[rng.random(X.shape) < gaps] = np.nan
    X[:, 0] = 1.0  # so that no sample is empty
    for sample, mapped in zip(X, normalizer.transform(X), strict=True):
        seen = ~np.isnan(sample)
        n = seen.sum()
        share = (rankdata(sample[seen]) - 1) / (n - 1) if n > 1 else 0.5
        expected = np.interp(share, np.linspace(0, 1, n_genes), normalizer.reference_)
        np.testing.assert_allclose(mapped[seen], expected, rtol=1e-9, atol=1e-12)
        assert np.isnan(mapped[~seen]).all()


def test_samples_without_ties_get_the_reference_itself():
    rng = np.random.default_rng(0)
    normalizer = QuantileNormalizer().fit(rng.normal(size=(5, 200)))
    mapped = normalizer.transform(np.exp(rng.normal(size=(7, 200))))
    for sample in mapped:
        np.testing.assert_array_equal(np.sort(sample), normalizer.reference_)


def test_any_monotone_scale_gives_the_same():
    """A sample measured in other units, or before its logarithm was taken, comes out the same."""
    rng = np.random.default_rng(1)
    normalizer = QuantileNormalizer().fit(rng.normal(size=(5, 50)))
    X = rng.normal(size=(6, 50)).round(1)
    np.testing.assert_array_equal(normalizer.transform(np.exp(X)), normalizer.transform(X))


def test_a_sample_does_not_depend_on_the_others(monkeypatch):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(9, 40)).round(1)
    X[2, 3:9] = np.nan
    normalizer = QuantileNormalizer().fit(X)
    together, reference = normalizer.transform(X), normalizer.reference_
    for i in range(len(X)):
        np.testing.assert_array_equal(normalizer.transform(X[[i]])[0], together[i])
    monkeypatch.setattr(_quantile, "BLOCK_VALUES", 80)
    np.testing.assert_allclose(QuantileNormalizer().fit(X).reference_, reference, rtol=1e-14)
    np.testing.assert_array_equal(normalizer.transform(X), together)


def test_float32_stays_float32_and_means_are_taken_in_float64():
    X = np.random.default_rng(3).normal(1e4, 1.0, size=(300, 60)).astype(np.float32)
    normalizer = QuantileNormalizer().fit(X)
    expected = np.sort(X, axis=1).astype(np.float64).mean(axis=0)
    np.testing.assert_allclose(normalizer.reference_, expected, rtol=1e-14)
    assert normalizer.transform(X).dtype == np.float32


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_genes_of_a_frame_are_matched_by_name(library):
    X = np.random.default_rng(4).normal(size=(6, 4))
    make = pd.DataFrame if library == "pandas" else pl.DataFrame
    frame = make({gene: X[:, i] for i, gene in enumerate("abcd")})
    normalizer = QuantileNormalizer().set_output(transform=library).fit(frame)
    expected = normalizer.transform(frame)
    mixed = normalizer.transform(frame[["c", "a", "d", "b"]])
    assert list(mixed.columns) == ["a", "b", "c", "d"]
    np.testing.assert_array_equal(mixed.to_numpy(), expected.to_numpy())
    np.testing.assert_array_equal(expected.to_numpy(), QuantileNormalizer().fit_transform(X))
    with pytest.raises(GeneMismatchError, match=r"missing from the table \(1\): 'd'"):
        normalizer.transform(frame[["a", "b", "c"]])


def test_another_number_of_genes_is_refused():
    normalizer = QuantileNormalizer().fit(np.eye(4))
    with pytest.raises(ValueError, match="4 features"):
        normalizer.transform(np.eye(3))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"b": [1.0, -np.inf]}, r"1 infinite \(inf\) of 6 .* sample 1, gene 'b'; add"),
        ({"a": [np.nan, 1.0], "b": [np.nan, 2.0], "c": [np.nan, 3.0]}, "none in sample 0 instead"),
    ],
)
def test_bad_values_are_named_and_change_nothing(bad, message):
    good = pd.DataFrame(np.arange(6.0).reshape(2, 3), columns=list("abc"))
    normalizer = QuantileNormalizer().fit(good)
    before = normalizer.reference_.copy()
    with pytest.raises(ValueError, match=message):
        normalizer.transform(good.assign(**bad))
    with pytest.raises(ValueError, match=message):
        normalizer.fit(good.assign(**bad))
    np.testing.assert_array_equal(normalizer.reference_, before)


def test_a_thousand_arrays_take_seconds():
    X = np.random.default_rng(5).normal(size=(300, 10_000)).astype(np.float32)
    start = time.perf_counter()
    QuantileNormalizer().fit_transform(X)
    assert time.perf_counter() - start < 5  # a fifth of a second on an idle core
