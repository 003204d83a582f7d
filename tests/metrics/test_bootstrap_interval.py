"""Bootstrap intervals: those of scipy, with the coverage they claim, in little memory."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sklearn_dgex.metrics import BootstrapInterval, _bootstrap, bootstrap_interval
from sklearn_dgex.metrics._bootstrap import bca_levels, resampled_means

METHODS = ["percentile", "bca"]
every_method = pytest.mark.parametrize("method", METHODS)


def skewed(seed, n=60):
    return np.random.default_rng(seed).gamma(1.0, 0.3, size=n)


# ------------------------------------------------------------------ against other ways


@every_method
@pytest.mark.parametrize("level", [0.5, 0.95, 0.99])
@pytest.mark.parametrize("seed", range(3))
def test_intervals_are_scipys(seed, level, method):
    values = skewed(seed)
    ours = bootstrap_interval(
        values, confidence_level=level, n_resamples=20_000, method=method, random_state=seed
    )
    theirs = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=20_000,
        method={"bca": "BCa"}.get(method, method),
        confidence_level=level,
        rng=np.random.default_rng(seed),
    )
    assert ours.standard_error == pytest.approx(theirs.standard_error, rel=0.03)
    # two simulations: the ends are known to some hundredths of a standard error
    tolerance = (0.2 if level == 0.99 else 0.1) * ours.standard_error
    assert ours[:2] == pytest.approx(tuple(theirs.confidence_interval), abs=tolerance)


@pytest.mark.parametrize("seed", range(5))
def test_bca_levels_are_those_of_the_jackknife(seed):
    values = skewed(seed, n=25)
    means = np.random.default_rng(seed).choice(values, (999, 25)).mean(axis=1)
    left_out = np.array([np.delete(values, i).mean() for i in range(25)])
    influence = left_out.mean() - left_out
    a = (influence**3).sum() / (6 * (influence**2).sum() ** 1.5)
    z0 = stats.norm.ppf((means < values.mean()).mean())
    tails = np.array([0.05, 0.8])
    z = z0 + stats.norm.ppf(tails)
    expected = stats.norm.cdf(z0 + z / (1 - a * z))
    center = values.mean()
    np.testing.assert_allclose(bca_levels(values - center, means - center, tails), expected)


@pytest.mark.parametrize("seed", range(5))
def test_ends_are_quantiles_of_the_resampled_means(seed):
    values = skewed(seed)
    deviations = values - values.mean()
    means = resampled_means(deviations, 3000, np.random.RandomState(seed))
    interval = bootstrap_interval(values, confidence_level=0.8, n_resamples=3000, random_state=seed)
    assert isinstance(interval, BootstrapInterval)
    expected = [*np.quantile(means, [0.1, 0.9]), 0.0]
    np.testing.assert_allclose(interval[:3], values.mean() + expected)
    assert interval.standard_error == pytest.approx(means.std())


def test_resampled_means_have_the_bootstraps_moments():
    values = skewed(0) - skewed(0).mean()
    means = resampled_means(values, 40_000, np.random.RandomState(0))
    assert means.mean() == pytest.approx(0, abs=4 * means.std() / 200)
    assert means.std() == pytest.approx(values.std() / np.sqrt(60), rel=0.02)
    skewness = stats.skew(values) / np.sqrt(60)
    assert stats.skew(means) == pytest.approx(skewness, abs=0.06)


def test_every_value_is_drawn_alike_and_with_replacement():
    values = np.array([1.0, 4.0, 16.0])  # a resample's sum tells who was drawn how often
    means = resampled_means(values, 54_000, np.random.RandomState(1))
    sums, counts = np.unique(np.rint(3 * means), return_counts=True)
    odds = {3: 1, 6: 3, 9: 3, 12: 1, 18: 3, 21: 6, 24: 3, 33: 3, 36: 3, 48: 1}
    assert sums.tolist() == list(odds)
    assert stats.chisquare(counts, 2000 * np.array(list(odds.values()))).pvalue > 0.01


# ------------------------------------------------------------------ coverage


@every_method
def test_the_interval_covers_the_mean_as_often_as_it_says(method):
    """Moderately skewed errors of 200 samples; within the binomial's 99 % of 95 %."""
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(500):
        values = rng.gamma(2.0, 0.1, size=200)  # of mean 0.2
        low, high, *_ = bootstrap_interval(
            values, n_resamples=1000, method=method, random_state=seed
        )
        covered += low <= 0.2 <= high
    assert stats.binomtest(covered, 500, 0.95).pvalue > 0.01


def test_bca_misses_more_alike_on_both_sides_of_few_skewed_samples():
    """Where the percentile interval lies too low: means above it are missed more often."""
    rng = np.random.default_rng(1)
    uneven = dict.fromkeys(METHODS, 0)
    for seed in range(800):
        values = rng.exponential(size=20)
        for method in METHODS:
            interval = bootstrap_interval(
                values, n_resamples=1000, method=method, random_state=seed
            )
            uneven[method] += (interval.high < 1.0) - (interval.low > 1.0)
    assert 0 < uneven["bca"] < 0.7 * uneven["percentile"]


def test_bca_follows_the_skewness():
    values = np.random.default_rng(2).exponential(size=30)
    ends = {
        method: np.array(bootstrap_interval(values, method=method, random_state=0)[:2])
        for method in METHODS
    }
    assert (ends["bca"] > ends["percentile"]).all()  # a long tail to the right
    symmetric = np.r_[values, -values]
    both = [bootstrap_interval(symmetric, method=method, random_state=0) for method in METHODS]
    np.testing.assert_allclose(both[0][:2], both[1][:2], atol=0.05 * both[0].standard_error)


# ------------------------------------------------------------------ what must not matter


@every_method
def test_the_number_of_workers_does_not_matter(method, monkeypatch):
    values = skewed(0, n=5000)
    intervals = []
    for workers in [1, 2, 7]:
        monkeypatch.setattr(_bootstrap, "cpu_count", lambda n=workers: n)
        intervals.append(bootstrap_interval(values, n_resamples=501, method=method, random_state=3))
    assert intervals[0] == intervals[1] == intervals[2]


@pytest.mark.parametrize("block", [1, 60, 61, 1000, 2**18])
def test_every_resample_is_drawn_whatever_the_blocks(block, monkeypatch):
    """Of one resample, of many, or with some left over."""
    monkeypatch.setattr(_bootstrap, "BLOCK_ELEMENTS", block)
    values = skewed(0)
    means = resampled_means(values, 1009, np.random.RandomState(0))
    assert means.shape == (1009,)
    assert len(np.unique(means)) > 1000  # no block repeats another's stream
    z = (means.mean() - values.mean()) / (values.std() / np.sqrt(60 * 1009))
    assert abs(z) < 3


@every_method
def test_a_seed_repeats_and_others_do_not(method):
    values = skewed(1)
    first, same, other, generator = (
        bootstrap_interval(values, n_resamples=500, method=method, random_state=state)
        for state in [0, 0, 1, np.random.RandomState(0)]
    )
    assert first == same == generator
    assert first.low != other.low
    assert first.estimate == other.estimate


@every_method
@pytest.mark.parametrize("offset", [1e3, -1e8])
def test_a_large_offset_loses_no_digits(method, offset):
    values = np.round(skewed(2) * 2**20) / 2**20  # so that the sum is exact
    near = bootstrap_interval(values, n_resamples=2000, method=method, random_state=0)
    far = bootstrap_interval(offset + values, n_resamples=2000, method=method, random_state=0)
    spacing = np.spacing(abs(offset))
    np.testing.assert_allclose(np.array(far[:3]) - offset, near[:3], atol=4 * spacing)
    assert far.standard_error == pytest.approx(near.standard_error, rel=1e-9)


@every_method
@pytest.mark.parametrize("scale", [1e-120, 1e-9, 1e9, 1e120])
def test_the_interval_has_the_values_unit(method, scale):
    values = skewed(3)
    one = bootstrap_interval(values, n_resamples=999, method=method, random_state=0)
    other = bootstrap_interval(scale * values, n_resamples=999, method=method, random_state=0)
    np.testing.assert_allclose(np.array(other) / scale, one, rtol=1e-9)


@every_method
@pytest.mark.parametrize("kind", [list, pd.Series, np.array])
def test_lists_series_and_float32_are_values(method, kind):
    values = skewed(4).astype(np.float32)
    given = kind(values)
    interval = bootstrap_interval(given, n_resamples=99, method=method, random_state=0)
    assert interval == bootstrap_interval(
        values.astype(float), n_resamples=99, method=method, random_state=0
    )
    assert all(isinstance(number, float) for number in interval)
    np.testing.assert_array_equal(given, values)


@every_method
@pytest.mark.parametrize("constant", [0.0, 0.1, -1e300])
def test_constants_have_an_interval_of_one_point(method, constant):
    interval = bootstrap_interval([constant] * 7, n_resamples=99, method=method, random_state=0)
    np.testing.assert_allclose(interval[:3], constant, rtol=1e-15)
    assert interval.standard_error <= 1e-15 * abs(constant)


def test_one_value_in_many_keeps_bca_finite():
    """Most means are tied with the lowest, and the skewness is extreme."""
    values = np.r_[np.zeros(50), 1.0]
    interval = bootstrap_interval(values, n_resamples=2000, method="bca", random_state=0)
    assert 0 <= interval.low <= interval.estimate <= interval.high <= 1
    assert interval.high > bootstrap_interval(values, n_resamples=2000, random_state=0).high


def test_a_higher_level_is_a_wider_interval():
    for method in METHODS:
        widths = [
            np.ptp(
                bootstrap_interval(
                    skewed(5), confidence_level=level, method=method, random_state=0
                )[:2]
            )
            for level in [0.5, 0.8, 0.95, 0.999]
        ]
        assert widths == sorted(widths)


def test_resamples_are_not_all_held_at_once(monkeypatch):
    """All draws at once would be 640 MB."""
    monkeypatch.setattr(_bootstrap, "cpu_count", lambda: 4)
    values = skewed(6, n=20_000)
    tracemalloc.start()
    bootstrap_interval(values, n_resamples=2000, random_state=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50e6


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0], r"at least two samples. Got \(1,\) instead"),
        ([], r"Got \(0,\)"),
        (np.ones((3, 2)), r"Got \(3, 2\) instead; pass one model's values at a time"),
        (2.0, r"Got \(\) instead"),
        ([1.0, np.nan, np.inf], "must be finite. Got 2 that are not; leave these samples out"),
    ],
)
def test_bad_values(values, message):
    with pytest.raises(ValueError, match=message):
        bootstrap_interval(values)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"confidence_level": 0}, "'confidence_level' .* between 0 and 1. Got 0 instead"),
        ({"confidence_level": 1}, "Got 1 instead"),
        ({"confidence_level": 95}, "Got 95 instead"),
        ({"n_resamples": 0}, "'n_resamples' .* an int of at least 1. Got 0"),
        ({"n_resamples": 1e5}, "Got 100000.0"),
        ({"method": "BCa"}, r"'method' .* one of \['percentile', 'bca'\]. Got 'BCa' instead"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        bootstrap_interval([1.0, 2.0], **parameters)
