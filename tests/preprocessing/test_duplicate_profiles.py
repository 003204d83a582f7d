"""DuplicateProfileFilter: copies are found, all of them, and nothing else."""

import time

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform

from sklearn_dgex.datasets import load_ecoli_precise
from sklearn_dgex.preprocessing import DuplicateProfileFilter


def by_definition(X, threshold, metric):
    """All pairs compared, one profile after the other."""
    X = np.asarray(X, dtype=float)
    if metric == "correlation":
        distance = 1 - np.corrcoef(X)
    else:
        distance = squareform(pdist(X))
        if metric == "relative":
            distance /= np.sqrt(np.mean(pdist(X) ** 2))
    owner = np.arange(len(X))
    for i in range(len(X)):
        kept = np.flatnonzero(owner[:i] == np.arange(i))
        near = kept[distance[i, kept] <= threshold]
        if len(near):
            owner[i] = near[0]
    return owner


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    seed=st.integers(0, 2**20),
    n=st.integers(2, 60),
    n_genes=st.sampled_from([3, 20, 100]),
    n_groups=st.integers(1, 20),
    spread=st.sampled_from([0.01, 0.1, 0.5]),
    metric=st.sampled_from(["relative", "correlation", "euclidean"]),
    threshold=st.sampled_from([0.03, 0.1, 0.4]),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_it_decides_as_if_all_pairs_were_compared(
    seed, n, n_genes, n_groups, spread, metric, threshold, dtype
):
    """Groups wider than the threshold, too, whose profiles form chains."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(n_groups, n_genes))
    X = centres[rng.integers(n_groups, size=n)] + spread * rng.normal(size=(n, n_genes))
    X = X.astype(dtype)
    if n_groups == 1 and metric == "relative":
        X[0] += 1  # the definition divides by the typical distance
    found = DuplicateProfileFilter(threshold=threshold, metric=metric).fit(X)
    expected = by_definition(X, threshold, metric)
    np.testing.assert_array_equal(found.duplicate_of_, expected)
    np.testing.assert_array_equal(found.sample_indices_, np.flatnonzero(expected == np.arange(n)))


def test_no_pair_of_those_kept_is_near_and_each_dropped_is_near_its_own():
    rng = np.random.default_rng(0)
    walk = np.cumsum(0.2 * rng.normal(size=(300, 10)), axis=0)  # each step short, the way long
    duplicates = DuplicateProfileFilter(threshold=1.0, metric="euclidean").fit(walk)
    kept, owner = duplicates.sample_indices_, duplicates.duplicate_of_
    assert 20 < len(kept) < 280
    assert pdist(walk[kept]).min() > 1.0
    assert np.linalg.norm(walk - walk[owner], axis=1).max() <= 1.0
    assert (owner <= np.arange(300)).all()


def test_copies_planted_in_real_profiles_are_found_and_replicates_stay():
    """At the default: copies that differ by rounding, and two that the compendium itself holds."""
    data = load_ecoli_precise()
    X = data.frame.to_numpy(np.float64)
    found = DuplicateProfileFilter().fit(X)
    own = np.flatnonzero(found.duplicate_of_ != np.arange(len(X)))
    assert len(own) == 2
    np.testing.assert_allclose(X[own], X[found.duplicate_of_[own]], atol=1e-6)
    rng = np.random.default_rng(1)
    copied = rng.choice(found.sample_indices_, 40, replace=False)
    again = DuplicateProfileFilter().fit(np.vstack([X, X[copied].round(1)]))
    np.testing.assert_array_equal(again.duplicate_of_[len(X) :], copied)
    np.testing.assert_array_equal(again.duplicate_of_[: len(X)], found.duplicate_of_)


@pytest.mark.parametrize("metric", ["relative", "correlation"])
def test_the_unit_does_not_matter(metric):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(50, 30))
    X[25:] = X[:25] + rng.uniform(0, 0.3, size=(25, 1)) * rng.normal(size=(25, 30))
    thresholds = {"relative": 0.1, "correlation": 0.01}
    duplicates = DuplicateProfileFilter(metric=metric, threshold=thresholds[metric])
    expected = duplicates.fit(X).duplicate_of_
    assert 0 < (expected != np.arange(50)).sum() < 25
    for scaled in (1e-150 * X, 1e120 * X, X + 1e3):
        np.testing.assert_array_equal(duplicates.fit(scaled).duplicate_of_, expected)


def test_correlation_forgives_what_scaling_each_profile_does():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(10, 80))
    copies = X[:4] * rng.uniform(0.5, 2, size=(4, 1)) + rng.normal(size=(4, 1))
    both = np.vstack([X, copies])
    by_correlation = DuplicateProfileFilter(metric="correlation").fit(both)
    assert by_correlation.duplicate_of_.tolist() == [*range(10), 0, 1, 2, 3]
    assert len(DuplicateProfileFilter().fit(both).sample_indices_) == 14


def test_a_threshold_of_zero_finds_exact_copies_alone():
    X = np.random.default_rng(4).normal(size=(60, 40)).astype(np.float32)
    X[30], X[31] = X[3], np.nextafter(X[4], np.float32(9))
    for metric in ("euclidean", "relative"):
        found = DuplicateProfileFilter(threshold=0, metric=metric).fit(X)
        assert np.flatnonzero(found.duplicate_of_ != np.arange(60)).tolist() == [30]
        assert found.radius_ == 0


@pytest.mark.parametrize(("distance", "n_found"), [(1 - 1e-9, 200), (1 + 1e-9, 0)])
def test_the_threshold_is_exact_though_the_search_is_in_single_precision(distance, n_found):
    rng = np.random.default_rng(10)
    X = 100 * rng.normal(size=(200, 8))
    steps = rng.normal(size=X.shape)
    near = X + distance * steps / np.linalg.norm(steps, axis=1, keepdims=True)
    found = DuplicateProfileFilter(metric="euclidean").fit(np.vstack([X, near]))
    assert (found.duplicate_of_[200:] == np.arange(200)).sum() == n_found
    assert len(found.sample_indices_) == 400 - n_found


def test_many_copies_of_a_few():
    X = np.tile(np.random.default_rng(5).normal(size=(3, 20)), (2000, 1))
    found = DuplicateProfileFilter().fit(X)
    assert found.sample_indices_.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(found.duplicate_of_, np.tile([0, 1, 2], 2000))
    same = DuplicateProfileFilter().fit(np.ones((7, 3)))
    assert same.sample_indices_.tolist() == [0]


def test_the_default_of_each_metric():
    X = np.random.default_rng(6).normal(size=(5, 4))
    for metric, threshold in (("relative", 0.1), ("correlation", 1e-3), ("euclidean", 1.0)):
        assert DuplicateProfileFilter(metric=metric).fit(X).threshold_ == threshold
    relative = DuplicateProfileFilter().fit(X)
    assert relative.radius_ == pytest.approx(0.1 * np.sqrt(np.mean(pdist(X) ** 2)))


def test_frames_keep_their_names_and_targets_follow():
    rng = np.random.default_rng(7)
    X = pd.DataFrame(rng.normal(size=(6, 9)), index=list("abcdef"), columns=list("ABCDEFGHI"))
    X.loc["d"] = X.loc["a"]
    y = pd.DataFrame({"t": np.arange(6.0)}, index=X.index)
    kept, target = DuplicateProfileFilter().fit_resample(X, y.loc[list("fedcba")])
    pd.testing.assert_frame_equal(kept, X.loc[list("abcef")])
    pd.testing.assert_frame_equal(target, y.loc[list("abcef")])
    kept, target = DuplicateProfileFilter().fit_resample(X.to_numpy(), [*"uvwxyz"])
    np.testing.assert_array_equal(kept, X.loc[list("abcef")])
    assert target.tolist() == ["u", "v", "w", "y", "z"]
    in_polars, target = DuplicateProfileFilter().fit_resample(pl.from_pandas(X), pl.Series(y["t"]))
    assert in_polars.shape == (5, 9)
    assert target.to_list() == [0.0, 1.0, 2.0, 4.0, 5.0]
    assert isinstance(DuplicateProfileFilter().fit_resample(X), pd.DataFrame)


def test_bad_input_changes_nothing():
    X = np.random.default_rng(8).normal(size=(5, 4))
    found = DuplicateProfileFilter().fit(X)
    before = dict(vars(found))
    with pytest.raises(ValueError, match="1 NaN"):
        found.fit(np.where(np.arange(4) == 2, np.nan, X[:1]))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        found.fit_resample(X, np.ones(4))
    with pytest.raises(ValueError, match="'threshold' parameter of DuplicateProfileFilter"):
        DuplicateProfileFilter(threshold=-1).fit(X)
    assert vars(found) == before


def test_time_hardly_grows_faster_than_the_number_of_profiles():
    rng = np.random.default_rng(9)
    modules = rng.normal(size=(30, 200))
    X = (rng.normal(size=(20_000, 30)) @ modules + rng.normal(size=(20_000, 200))).astype("f4")
    X[15_000:] = X[:5000] + np.float32(1e-3)
    start = time.perf_counter()
    found = DuplicateProfileFilter().fit(X)
    assert time.perf_counter() - start < 15  # one second on an idle core; all pairs: a minute
    np.testing.assert_array_equal(found.duplicate_of_[15_000:], np.arange(5000))
