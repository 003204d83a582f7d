"""Does better inference find better genes? The whole protocol of the D-GEX papers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy.stats import wilcoxon
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sklearn_dgex.differential_expression._agreement import (
    COUNTS,
    SCORES,
    confusion,
    scores_of_counts,
)
from sklearn_dgex.differential_expression._clusters import distinct_clusters
from sklearn_dgex.differential_expression._draws import GroupProfiles, called_genes, draw_members
from sklearn_dgex.utils.genes import listed
from sklearn_dgex.utils.pairs import ExpressionPair
from sklearn_dgex.utils.progress import ProgressBar
from sklearn_dgex.utils.samples import in_sample_order
from sklearn_dgex.utils.validation import check_count, check_share

BLOCK = 50  # draws at once: their matrices fit a processor's cache
QUANTILES = (0.1, 0.5, 0.9)  # of the papers' whiskers, and the median


class DEAgreementStudy(BaseEstimator):
    """Compare models by the genes that are called differentially expressed on what they infer.

    Two large, distinct clusters of the measured profiles play two phenotypes. Small data sets are
    drawn from them again and again, half of each from either. In each, the moderated t-test calls
    genes on the measured profiles and on those that every model inferred for the same samples; the
    calls are scored against the measured ones.

    Parameters
    ----------
    sample_sizes : sequence of even int, default=(12, 16, 20, 30, 40, 60, 80, 120, 160)
        Samples of a drawn data set, both groups together; the paper has 12 to 160.
    n_repeats : int, default=10_000
        Data sets drawn of each size; the paper's number.
    alpha : float in (0, 1), default=0.05
        Share of false calls accepted (Benjamini-Hochberg); limma's default.
    n_clustered : int, default=2000
        Samples, drawn at random where there are more, that are clustered: the paper's number. The
        cost grows with its square.
    random_state : int, RandomState instance or None, default=None
        Source of the draws. With an int they are the same for every ``n_jobs``.
    n_jobs : int, default=None
        Threads that share the draws; numpy works outside Python's lock.
    verbose : int, default=0
        1 shows a progress bar, on terminals and in notebooks.

    Attributes
    ----------
    clusters_ : tuple of ndarray of int
        Rows of the two groups, the larger first.
    models_ : list of str
        Names of the models, in the order given.
    scores_ : DataFrame of shape (n_sizes * n_repeats * n_models, 9)
        Scores and counts as in :func:`de_agreement`, by ``sample_size``, ``repeat`` and ``model``.
        A repeat is the same draw for every model.

    See Also
    --------
    sklearn_dgex.plotting.DEAgreementDisplay : Draws the scores, or their paired differences.

    Notes
    -----
    A draw is not tested gene by gene: sums and sums of squares of many draws are matrix products,
    and the Benjamini-Hochberg threshold is found by counting. The calls are those of
    :func:`moderated_t`.

    References
    ----------
    Kunc & Kléma (2020), "Practical impact on differential gene expression analysis", Figures 7-10.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_dgex.differential_expression import DEAgreementStudy
    >>> rng = np.random.default_rng(0)
    >>> group = np.repeat([0, 1], 40)
    >>> y = rng.normal(size=(80, 200)) + 2 * np.outer(group, rng.random(200) < 0.2)
    >>> models = {"good": y + 0.2 * rng.normal(size=y.shape), "poor": y + rng.normal(size=y.shape)}
    >>> study = DEAgreementStudy((12, 40), n_repeats=50, random_state=0).fit(y, models)
    >>> study.differences("good", "poor")["f1"].xs("mean", level="statistic").gt(0).all()
    np.True_
    """

    def __init__(
        self,
        sample_sizes=(12, 16, 20, 30, 40, 60, 80, 120, 160),
        *,
        n_repeats=10_000,
        alpha=0.05,
        n_clustered=2000,
        random_state=None,
        n_jobs=None,
        verbose=0,
    ) -> None:
        self.sample_sizes = sample_sizes
        self.n_repeats = n_repeats
        self.alpha = alpha
        self.n_clustered = n_clustered
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def fit(self, y_true, predictions, clusters=None) -> Self:
        """Draw, test and score.

        Parameters
        ----------
        y_true : array-like or frame of shape (n_samples, n_genes)
            Measured profiles that no model has learned from.
        predictions : dict of str to array-like or frame of the shape of y_true
            What each model inferred for the same samples, by the model's name. Frames are matched
            by gene, and by sample where both have names.
        clusters : array-like of shape (n_samples,), default=None
            Groups to draw from in place of clusters, such as a real phenotype: two labels, and
            NaN, None or -1 for samples of neither. A series is matched by the samples' names.

        Returns
        -------
        DEAgreementStudy
            The study itself.

        Raises
        ------
        GeneMismatchError
            If a model's genes are not those measured.
        ValueError
            If a parameter is out of range, shapes differ, a value is not finite, or the groups
            have fewer samples than half the largest size.
        """
        # NOTE[DIFF] de-level: the papers do not say at which level their genes are called.
        sizes = self._check_parameters()
        if not isinstance(predictions, Mapping) or not predictions:
            raise ValueError(
                "predictions must be a dict of at least one model's name to its profiles. "
                f"Got {type(predictions).__name__} instead."
            )
        samples = y_true.index if hasattr(y_true, "iloc") else None
        sources = []
        for name, y in predictions.items():
            y = in_sample_order(y, samples, what=f"predictions of {name!r}")
            measured, inferred = ExpressionPair(y_true, y).arrays()
            sources.append(inferred)
        clusters = in_sample_order(clusters, samples, what="clusters")
        rows = self._groups(measured, clusters, least=max(sizes) // 2)
        groups = [[GroupProfiles.of(source[r]) for r in rows] for source in (measured, *sources)]
        tables = [self._scores_of_size(size, groups, list(predictions)) for size in sizes]
        self.clusters_, self.models_ = rows, list(predictions)
        self.scores_ = pd.concat(tables)
        return self

    def differences(self, model: str, baseline: str) -> pd.DataFrame:
        """Paired differences between two models, over the draws of each size.

        Parameters
        ----------
        model, baseline : str
            Names of two models.

        Returns
        -------
        DataFrame of shape (n_sizes * 6, 9)
            By ``sample_size`` and ``statistic``: the ``mean`` of model minus baseline, the
            quantiles ``10%``, ``50%`` and ``90%``, the share of draws in which it is ``better``
            (higher, or for false calls lower), and ``p_value`` of the two-sided Wilcoxon
            signed-rank test, 1 where no draw differs.

        Raises
        ------
        ValueError
            If a name is unknown.

        Notes
        -----
        Draws of one size share samples, the more the larger they are. The test takes them as
        independent, as the paper does: its p-value says which model is ahead on these samples, and
        little of others.
        """
        check_is_fitted(self)
        for name in (model, baseline):
            if name not in self.models_:
                raise ValueError(
                    f"A model must be one of {listed(self.models_)}. Got {name!r} instead."
                )
        by_model = self.scores_.astype(float).unstack("model")
        difference = by_model.xs(model, axis=1, level="model")
        difference = difference - by_model.xs(baseline, axis=1, level="model")
        return pd.concat(
            {size: _summary(part) for size, part in difference.groupby(level="sample_size")},
            names=["sample_size", "statistic"],
        )

    def _check_parameters(self) -> list[int]:
        sizes = np.asarray(self.sample_sizes)
        is_counts = sizes.ndim == 1 and len(sizes) and sizes.dtype.kind in "iu"
        is_even = is_counts and (sizes >= 4).all() and not (sizes % 2).any()
        if not is_even or len(np.unique(sizes)) < len(sizes):
            raise ValueError(
                "The 'sample_sizes' parameter must be different even ints of at least 4, half of "
                f"each for either group. Got {self.sample_sizes!r} instead."
            )
        check_count(self.n_repeats, "n_repeats")
        check_count(self.n_clustered, "n_clustered")
        if self.n_clustered < sizes.max():
            raise ValueError(
                "The 'n_clustered' parameter must be at least the largest of sample_sizes, "
                f"{sizes.max()}. Got {self.n_clustered} instead."
            )
        check_share(self.alpha, "alpha")
        return sizes.tolist()

    def _groups(self, measured, clusters, least: int) -> tuple[np.ndarray, np.ndarray]:
        if clusters is None:
            clustered = np.arange(len(measured))
            if len(measured) > self.n_clustered:
                rng = check_random_state(self.random_state)
                clustered = np.sort(rng.permutation(len(measured))[: self.n_clustered])
            return tuple(clustered[r] for r in distinct_clusters(measured[clustered], least))
        labels = np.array(clusters, dtype=object)
        if labels.shape != (len(measured),):
            raise ValueError(
                f"clusters must hold a label for each of the {len(measured)} samples. "
                f"Got shape {labels.shape} instead."
            )
        labels[pd.isna(labels)] = -1  # at once: pandas' NA can't be compared
        names = pd.unique(labels[labels != -1])
        rows = [np.flatnonzero(labels == name) for name in names]
        if len(rows) != 2 or min(map(len, rows)) < least:
            counts = {str(name): len(r) for name, r in zip(names, rows, strict=True)}
            raise ValueError(
                f"clusters must have two labels with at least {least} samples each, half the "
                f"largest of sample_sizes. Got {counts} instead."
            )
        return tuple(sorted(rows, key=len, reverse=True))

    def _scores_of_size(self, size: int, groups: list, models: list[str]) -> pd.DataFrame:
        """Scores of all draws of a size, in blocks that each have their own stream."""
        entropy = check_random_state(self.random_state).randint(2**31 - 1)
        streams = np.random.SeedSequence([entropy, size]).spawn(-(-self.n_repeats // BLOCK))
        n_draws = [min(BLOCK, self.n_repeats - i * BLOCK) for i in range(len(streams))]
        jobs = (
            delayed(_confusion_of_draws)(groups, np.random.default_rng(stream), n, size, self.alpha)
            for stream, n in zip(streams, n_draws, strict=True)
        )
        workers = Parallel(self.n_jobs, prefer="threads", return_as="generator")
        bar = ProgressBar(self.n_repeats, f"{size} samples", "draw", wanted=bool(self.verbose))
        blocks = []
        with bar:
            for n, block in zip(n_draws, workers(jobs), strict=True):
                blocks.append(block)
                bar.update(n)
        counts = np.concatenate(blocks, axis=1).reshape(len(COUNTS), -1)
        index = pd.MultiIndex.from_product(
            [[size], range(self.n_repeats), models], names=["sample_size", "repeat", "model"]
        )
        scores = scores_of_counts(*counts)
        return pd.DataFrame(scores | dict(zip(COUNTS, counts, strict=True)), index=index)


def _confusion_of_draws(
    groups: list, rng: np.random.Generator, n_draws: int, size: int, alpha: float
) -> np.ndarray:
    """Count in shape (4, n_draws, n_models); the first of the groups is what was measured."""
    n = size // 2
    members = tuple(draw_members(rng, n_draws, len(group.deviation), n) for group in groups[0])
    truth, *inferred = (called_genes(*pair, members, n, alpha) for pair in groups)
    return np.stack([confusion(truth, called) for called in inferred], axis=-1)


def _summary(difference: pd.DataFrame) -> pd.DataFrame:
    lower_is_better = ["false_positives", "false_negatives"]
    gain = difference.copy()
    gain[lower_is_better] *= -1
    rows = {"mean": difference.mean()}
    rows |= {f"{q:.0%}": difference.quantile(q) for q in QUANTILES}
    rows["better"] = (gain > 0).mean()
    rows["p_value"] = difference.apply(lambda d: wilcoxon(d).pvalue if d.any() else 1.0)
    return pd.DataFrame(rows).T[[*SCORES, *COUNTS]]
