"""How sure a mean error is: bootstrap intervals over samples."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from joblib import cpu_count
from scipy.special import ndtr, ndtri
from sklearn.utils import check_random_state

from sklearn_dgex.utils.validation import check_count, check_share

BLOCK_ELEMENTS = 2**18  # indices drawn at once: they and the values they pick stay in cache
METHODS = ("percentile", "bca")


class BootstrapInterval(NamedTuple):
    """A mean with its interval, as :func:`bootstrap_interval` returns it.

    Parameters
    ----------
    low, high : float
        Ends of the interval.
    estimate : float
        Mean of the values themselves.
    standard_error : float
        Standard deviation of the resampled means.

    Examples
    --------
    >>> from sklearn_dgex.metrics import bootstrap_interval
    >>> interval = bootstrap_interval([0.1, 0.2, 0.3, 0.4], n_resamples=2000, random_state=0)
    >>> f"{interval.estimate:.2f} ({interval.low:.2f} to {interval.high:.2f})"
    '0.25 (0.15 to 0.35)'
    """

    low: float
    high: float
    estimate: float
    standard_error: float


def bootstrap_interval(
    values, *, confidence_level=0.95, n_resamples=100_000, method="percentile", random_state=None
) -> BootstrapInterval:
    r"""Bootstrap interval of a mean over samples, such as the MMAE.

    Parameters
    ----------
    values : array-like of shape (n_samples,)
        One value a sample: its MAE, as of :func:`per_sample_mae`, or the difference of two models'.
        Replicates are not independent; average them first.
    confidence_level : float in (0, 1), default=0.95
        The paper's level.
    n_resamples : int, default=100_000
        The paper's number: the ends are then known to about a hundredth of the interval.
    method : {"percentile", "bca"}, default="percentile"
        "percentile" takes quantiles of the resampled means, as the paper does. "bca" corrects them
        for bias and skewness, which matters for fewer than some hundred samples.
    random_state : int, RandomState instance or None, default=None
        Source of the resamples. An int gives the same interval on any number of cores.

    Returns
    -------
    BootstrapInterval
        ``(low, high, estimate, standard_error)``, in the unit of the values.

    Raises
    ------
    ValueError
        If there are fewer than two values, one is not finite, or a parameter is out of range.

    Notes
    -----
    Every resample draws ``n_samples`` values with replacement, on all cores, some at a time, so
    that a hundred thousand resamples of 20,000 samples take seconds and no memory to speak of. Each
    block of resamples has a random stream of its own.

    References
    ----------
    .. [1] Efron, B. & Tibshirani, R. J. (1993). An introduction to the bootstrap, chapters 13, 14.
    .. [2] Kunc & Kléma (2020), "Results": intervals of the MMAE over samples.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_dgex.metrics import bootstrap_interval
    >>> errors = np.random.default_rng(0).gamma(2, 0.1, size=500)
    >>> interval = bootstrap_interval(errors, random_state=0)
    >>> interval.low < errors.mean() < interval.high
    np.True_
    """
    values = _check_values(values)
    _check_parameters(confidence_level, n_resamples, method)
    center = values.mean()
    deviations = values - center  # so that a large mean costs no digits
    means = resampled_means(deviations, n_resamples, check_random_state(random_state))
    tails = np.array([(1 - confidence_level) / 2, (1 + confidence_level) / 2])
    if method == "bca" and deviations.any():
        tails = bca_levels(deviations, means, tails)
    low, high = np.quantile(means, tails)
    return BootstrapInterval(
        float(center + low), float(center + high), float(center), float(means.std())
    )


def resampled_means(values: np.ndarray, n_resamples: int, rng) -> np.ndarray:
    """Mean of each of ``n_resamples`` resamples of (n,) values."""
    n = len(values)
    n_rows = max(1, min(n_resamples, BLOCK_ELEMENTS // n))
    starts = range(0, n_resamples, n_rows)
    streams = np.random.SeedSequence(rng.randint(2**31 - 1)).spawn(len(starts))
    means = np.empty(n_resamples)

    def fill(start: int, stream: np.random.SeedSequence) -> None:
        rows = means[start : start + n_rows]
        generator = np.random.Generator(np.random.SFC64(stream))
        drawn = values.take(generator.integers(0, n, size=(len(rows), n)))
        np.mean(drawn, axis=1, out=rows)

    # numpy draws and gathers outside Python's lock
    with ThreadPoolExecutor(cpu_count()) as workers:
        list(workers.map(fill, starts, streams))
    return means


def bca_levels(deviations: np.ndarray, means: np.ndarray, tails: np.ndarray) -> np.ndarray:
    """Levels of the resampled means that are free of bias and skewness to second order."""
    # As many below as above where the means are tied with the estimate
    below = np.mean(means < 0) + np.mean(means == 0) / 2
    bias = ndtri(np.clip(below, 0.5 / len(means), 1 - 0.5 / len(means)))
    # Of a mean, leaving one value out moves it by that value's deviation; their unit drops out.
    deviations = deviations / np.abs(deviations).max()
    acceleration = np.sum(deviations**3) / (6 * np.sum(deviations**2) ** 1.5)
    shifted = bias + ndtri(tails)
    return ndtr(bias + shifted / (1 - acceleration * shifted))


def _check_values(values) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(
            "values must have the shape (n_samples,), with at least two samples. "
            f"Got {values.shape} instead; pass one model's values at a time."
        )
    if not np.isfinite(values).all():
        raise ValueError(
            f"values must be finite. Got {int((~np.isfinite(values)).sum())} that are not; leave "
            "these samples out."
        )
    return values


def _check_parameters(confidence_level, n_resamples, method) -> None:
    check_share(confidence_level, "confidence_level")
    check_count(n_resamples, "n_resamples")
    if method not in METHODS:
        raise ValueError(
            f"The 'method' parameter must be one of {list(METHODS)}. Got {method!r} instead."
        )
