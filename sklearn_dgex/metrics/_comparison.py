"""Is one model better than another? Paired tests over samples."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import rankdata, ttest_1samp, wilcoxon

from sklearn_dgex.utils.samples import in_sample_order
from sklearn_dgex.utils.validation import check_share

ROUNDING = 32 * np.finfo(float).eps  # of an error: smaller differences are none
VERDICTS = {True: "better", False: "worse", None: "no difference"}


def compare_models(errors, *, alpha=1e-4) -> pd.DataFrame:
    """Test every pair of models by their errors on the same samples.

    Parameters
    ----------
    errors : dict of str to array-like of shape (n_samples,), or frame of (n_samples, n_models)
        Error of each sample by model, such as :func:`per_sample_mae`. Samples stand in the same
        order for all; series are matched by their index.
    alpha : float in (0, 1), default=1e-4
        Level of the verdict; the paper's.

    Returns
    -------
    DataFrame of shape (n_models * (n_models - 1) / 2, 10)
        A row for each pair, indexed by ``model`` and ``baseline`` in the order given.

        ``mean_difference``
            Error of model minus baseline, in their unit: negative if the model is better.
        ``relative_difference``
            The same as a share of the baseline's mean error.
        ``better_on``
            Share of the samples with a smaller error than the baseline's; ties count half.
        ``cohens_d``
            Mean difference in standard deviations of the differences; infinite if they are all
            the same.
        ``rank_biserial``
            Signed ranks' balance, from -1 (the model is better on every sample) to 1.
        ``wilcoxon_p_value``, ``t_p_value``
            Of the two-sided signed-rank test and paired t-test; 1 where no sample differs.
        ``adjusted_p_value``, ``adjusted_t_p_value``
            Both after Holm's correction over all pairs.
        ``verdict``
            "better", "worse" or "no difference" of the model against the baseline: what the
            signed-rank test says at ``alpha``, corrected. ``attrs`` keeps ``alpha``.

    Raises
    ------
    ValueError
        If there are fewer than two models or samples, the models have other samples, or a value is
        not finite.

    Notes
    -----
    The tests take samples as independent and the fitted models as given: they say whether these
    two models differ, not whether other seeds of them would. The paper does not correct for many
    tests.

    References
    ----------
    .. [1] Kunc & Kléma (2020), Figures 5 and 6.
    .. [2] Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian
       Journal of Statistics 6, 65-70.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_dgex.metrics import compare_models
    >>> rng = np.random.default_rng(0)
    >>> ridge = rng.gamma(9, 0.03, size=200)
    >>> network = ridge - 0.01 + 0.01 * rng.normal(size=200)
    >>> compare_models({"network": network, "ridge": ridge})["verdict"].item()
    'better'
    """
    table = _check_errors(errors)
    check_share(alpha, "alpha")
    pairs = list(combinations(table.columns, 2))
    rows = [_compare(*(table[name].to_numpy() for name in pair)) for pair in pairs]
    index = pd.MultiIndex.from_tuples(pairs, names=["model", "baseline"])
    result = pd.DataFrame(rows, index=index)
    # NOTE[DIFF] holm-corrected: the papers take the p-values as they are.
    result["adjusted_p_value"] = holm(result["wilcoxon_p_value"])
    result["adjusted_t_p_value"] = holm(result["t_p_value"])
    result["verdict"] = [
        VERDICTS[None if p > alpha else balance < 0]
        for p, balance in zip(result["adjusted_p_value"], result["rank_biserial"], strict=True)
    ]
    result.attrs["alpha"] = alpha
    return result


def holm(p_values) -> np.ndarray:
    """Correct p-values of several tests by Holm's step-down method.

    Parameters
    ----------
    p_values : array-like of shape (n_tests,)
        One p-value for each test, in any order.

    Returns
    -------
    ndarray of shape (n_tests,)
        Adjusted p-values: to compare with the level wanted for all tests together.

    Examples
    --------
    >>> from sklearn_dgex.metrics import holm
    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    p_values = np.asarray(p_values, dtype=float)
    order = np.argsort(p_values)
    stepped = np.maximum.accumulate(p_values[order] * np.arange(len(order), 0, -1))
    adjusted = np.empty_like(stepped)
    adjusted[order] = np.minimum(stepped, 1)
    return adjusted


def _compare(model: np.ndarray, baseline: np.ndarray) -> dict[str, float]:
    difference = model - baseline
    rounding = ROUNDING * np.maximum(np.abs(model), np.abs(baseline))
    difference[np.abs(difference) <= rounding] = 0.0
    is_shift = np.ptp(difference) <= rounding.max()  # without spread, but for rounding
    mean, deviation = difference.mean(), 0.0 if is_shift else difference.std(ddof=1)
    differs = bool(difference.any())
    ranks = rankdata(np.abs(difference[difference != 0]))
    signs = np.sign(difference[difference != 0])
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "mean_difference": mean,
            "relative_difference": mean / baseline.mean(),
            "better_on": np.mean(difference < 0) + np.mean(difference == 0) / 2,
            "cohens_d": np.divide(mean, deviation) if differs else 0.0,
            "rank_biserial": (signs @ ranks) / ranks.sum() if differs else 0.0,
            "wilcoxon_p_value": wilcoxon(difference).pvalue if differs else 1.0,
            "t_p_value": _t_p_value(difference, is_shift) if differs else 1.0,
        }


def _t_p_value(difference: np.ndarray, is_shift: bool) -> float:
    # A shift without spread is beyond any level.
    return 0.0 if is_shift else float(ttest_1samp(difference, 0).pvalue)


def _check_errors(errors) -> pd.DataFrame:
    if hasattr(errors, "columns"):  # of pandas or polars
        names = list(errors.columns)
        if len(set(names)) < len(names):
            raise ValueError(f"errors must be of models of different names. Got {names} instead.")
        errors = {name: errors[name] for name in names}
    if not isinstance(errors, Mapping):
        raise ValueError(
            "errors must be a dict or frame of one value a sample for each model. "
            f"Got {type(errors).__name__} instead; name the models."
        )
    shapes = {str(name): np.shape(values) for name, values in errors.items()}
    if len(set(shapes.values())) > 1 or any(len(shape) != 1 for shape in shapes.values()):
        raise ValueError(
            "errors must hold one value a sample for each model, of the same samples. Got "
            f"shapes {shapes}; pass per_sample_mae of each."
        )
    n_samples = next(iter(shapes.values()), (0,))[0]
    if len(shapes) < 2 or n_samples < 2:
        raise ValueError(
            "errors must have at least two models and two samples. Got "
            f"{len(shapes)} models and {n_samples} samples instead."
        )
    table = _in_one_order(errors)
    if not np.isfinite(table.to_numpy()).all():
        bad = table.columns[~np.isfinite(table).all()].tolist()
        raise ValueError(
            f"errors must be finite. Got others for {bad}; leave these samples out for all models."
        )
    return table


def _in_one_order(errors: Mapping) -> pd.DataFrame:
    """Match series by the names of the first that has any; all others go by position."""
    indices = [values.index for values in errors.values() if hasattr(values, "iloc")]
    named = [index for index in indices if not isinstance(index, pd.RangeIndex)]
    samples = next(iter(named or indices), None)
    matched = {
        name: in_sample_order(
            values, samples, what=f"errors of {name!r}", owner="first that has names"
        )
        for name, values in errors.items()
    }
    return pd.DataFrame({name: np.asarray(values, float) for name, values in matched.items()})
