"""Drop profiles that are copies of others, which would stand on both sides of a split."""

from __future__ import annotations

from numbers import Real
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_consistent_length

from sklearn_dgex.preprocessing._near_pairs import BLOCK_VALUES, nearest_earlier
from sklearn_dgex.utils._sklearn_private import Interval, StrOptions, fit_context
from sklearn_dgex.utils.samples import in_sample_order
from sklearn_dgex.utils.scaling import GeneScaler
from sklearn_dgex.utils.state import unchanged_on_error
from sklearn_dgex.utils.validation import check_profiles

THRESHOLDS = {"relative": 0.1, "correlation": 1e-3, "euclidean": 1.0}


class DuplicateProfileFilter(BaseEstimator):
    r"""Keep one of each group of nearly identical profiles.

    Public compendia hold arrays that were submitted twice, or processed twice. Where one copy
    trains a model and the other tests it, the model seems better than it is. Call
    :meth:`fit_resample` before splitting.

    Parameters
    ----------
    threshold : float or "auto", default="auto"
        Largest distance of two profiles that count as duplicates; 0 finds exact copies alone.
        "auto" is 0.1 for ``metric="relative"``, 0.001 for "correlation" and 1 for "euclidean", as
        D-GEX had it. Copies that were rounded or processed a little differently lie below 0.1, and
        measurements above: of the 278 profiles of
        :func:`~sklearn_dgex.datasets.load_ecoli_precise`, the closest replicates that are no
        copies lie 0.16 apart, half of the replicates within 0.37, other conditions 0.28 or more.
        Replicates are better kept on one side of a split than dropped.
    metric : {"relative", "correlation", "euclidean"}, default="relative"
        "relative" is the Euclidean distance in units of that of two typical profiles of the data,
        the root mean square over all pairs: 0 for copies, about 1 for strangers, whatever the unit
        and the number of genes. "correlation" is 1 − Pearson's r of two profiles, for those that
        were scaled differently; it depends on how far genes differ in level, which all profiles
        share. "euclidean" is in the unit of the data.

    Attributes
    ----------
    sample_indices_ : ndarray of int of shape (n_kept,)
        Places of the profiles kept, in their order.
    duplicate_of_ : ndarray of int of shape (n_samples,)
        For each profile the place of the kept one that it duplicates; its own if it is kept.
    threshold_ : float
        The threshold, if "auto" was asked for.
    radius_ : float
        The same as a Euclidean distance: of profiles, or for "correlation" of profiles shifted and
        scaled to mean 0 and length 1.
    n_features_in_ : int
        Genes.
    feature_names_in_ : ndarray of str
        Their names, where ``X`` had any.

    Notes
    -----
    Profiles are taken in their order, and each is kept unless it is within the threshold of one
    kept before. So no two of those kept are duplicates, and each that is dropped has a duplicate
    among them, which a chain of small steps need not be. Which of a group is kept depends on the
    order: sort the samples if you prefer some.

    The mean square distance of all pairs is twice the sum of the genes' variances, and needs no
    pairs. Far pairs are ruled out by projections, which make no distance larger; what remains is
    compared by all genes, in float64. A hundred thousand profiles of a thousand genes take seconds
    to minutes; the more of the variance lies along few directions, the less.

    Chen et al. compare pairs within each of 100 clusters of k-means, and miss those that a border
    parts. Their distance of 1 is about 0.005 of that between two profiles of theirs: it finds
    copies, and leaves replicates.

    References
    ----------
    Chen, Y. et al. (2016). Gene expression inference with deep learning. Bioinformatics 32,
    1832-1839; "GEO expression data", and the script ``nodup_idx.py`` of its code.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_dgex.preprocessing import DuplicateProfileFilter
    >>> X = np.random.default_rng(0).normal(size=(5, 100))
    >>> X[3] = X[1] + 0.001
    >>> duplicates = DuplicateProfileFilter()
    >>> duplicates.fit_resample(X).shape
    (4, 100)
    >>> duplicates.duplicate_of_
    array([0, 1, 2, 1, 4])
    """

    _parameter_constraints: dict = {
        "threshold": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
        "metric": [StrOptions(set(THRESHOLDS))],
    }

    def __init__(self, *, threshold="auto", metric="relative") -> None:
        self.threshold = threshold
        self.metric = metric

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None) -> Self:
        """Find which profiles are duplicates.

        Parameters
        ----------
        X : array-like or frame of shape (n_samples, n_genes)
            Profiles.
        y : None
            Ignored.

        Returns
        -------
        DuplicateProfileFilter
            The fitted filter itself.

        Raises
        ------
        GeneMismatchError
            If a gene name stands twice.
        ValueError
            If a value is not a finite number; the filter is as it was before.
        """
        with unchanged_on_error(self):
            values = check_profiles(self, X, reset=True, what="profile")
            self.threshold_ = self.threshold
            if self.threshold == "auto":
                self.threshold_ = THRESHOLDS[self.metric]
            if self.metric == "correlation":
                values = _directions(values)
                self.radius_ = float(np.sqrt(2 * self.threshold_))
            else:
                unit = _typical_distance(values) if self.metric == "relative" else 1.0
                self.radius_ = float(self.threshold_ * unit)
            # NOTE[DIFF] all-pairs: Chen et al. compare pairs within clusters of k-means.
            self.duplicate_of_ = nearest_earlier(values, self.radius_)
            places = np.arange(len(values))
            self.sample_indices_ = np.flatnonzero(self.duplicate_of_ == places)
        return self

    def fit_resample(self, X, y=None) -> Any:
        """Find duplicates, and leave them out.

        Parameters
        ----------
        X : array-like or frame of shape (n_samples, n_genes)
            Profiles.
        y : array-like, series or frame of n_samples rows, default=None
            What belongs to the samples, such as target profiles. Where both have sample names, it
            is put in the order of ``X``.

        Returns
        -------
        X : ndarray or frame of shape (n_kept, n_genes)
            The profiles kept, as they are; frames keep the names of their samples.
        y : array, list, series or frame of n_kept rows
            Theirs; only if ``y`` was given.

        Raises
        ------
        GeneMismatchError
            If a gene name stands twice.
        ValueError
            If a value is not a finite number, or the samples of ``y`` are others.
        """
        if y is not None:
            check_consistent_length(X, y)
            names = X.index if hasattr(X, "iloc") else None
            y = in_sample_order(y, names, what="y", owner="profiles")
        kept = self.fit(X).sample_indices_
        X = _rows(X, kept)
        return X if y is None else (X, _rows(y, kept))


def _rows(table, places: np.ndarray):
    if hasattr(table, "iloc"):
        return table.iloc[places]
    if hasattr(table, "columns") or hasattr(table, "to_frame"):  # of polars
        return table[places]
    return np.asarray(table)[places]


def _typical_distance(X: np.ndarray) -> float:
    """Root mean square distance over all pairs of profiles."""
    n_samples = len(X)
    variance = np.square(GeneScaler.fit(X, "standard").scale).sum()
    return np.sqrt(2 * variance * n_samples / max(1, n_samples - 1))


def _directions(X: np.ndarray) -> np.ndarray:
    """Profiles shifted and scaled to mean 0 and length 1: d² is 2 (1 − r). Flat ones become 0."""
    directions = np.empty(X.shape)
    for rows in gen_batches(len(X), max(1, BLOCK_VALUES // X.shape[1])):
        block = X[rows].astype(np.float64)
        block -= block.mean(axis=1, keepdims=True)
        length = np.sqrt(np.einsum("ng,ng->n", block, block))
        flat = length <= 1e-14 * np.abs(X[rows]).max(axis=1) * np.sqrt(X.shape[1])
        directions[rows] = block / np.where(flat, np.inf, length)[:, np.newaxis]
    return directions
