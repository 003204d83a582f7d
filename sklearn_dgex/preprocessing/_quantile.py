"""Give every sample the same distribution of values, learned from the training samples."""

from __future__ import annotations

from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted

from sklearn_dgex.utils._sklearn_private import fit_context
from sklearn_dgex.utils.annotations import ArrayOrFrame
from sklearn_dgex.utils.state import unchanged_on_error
from sklearn_dgex.utils.validation import check_profiles

BLOCK_VALUES = 2**18  # a block, its order and its ranks stay in the cache
REMEDY = "add a small number before taking logarithms, or set such values to NaN"


class QuantileNormalizer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    r"""Replace each sample's values by those of equal rank in one reference distribution.

    The reference is learned from the training samples, as the mean of their sorted values. Later
    samples are mapped onto the same reference, so that a model sees them as it saw the training
    samples; nothing about them changes the others. The training samples themselves come out as
    limma's ``normalizeQuantiles`` gives them.

    Attributes
    ----------
    reference_ : ndarray of shape (n_genes,), float64
        The reference distribution: its value of each rank, lowest first.
    n_features_in_ : int
        Genes.
    feature_names_in_ : ndarray of str
        Their names, where ``X`` had any.

    Notes
    -----
    Samples are supposed to differ in few genes, or in as many up as down: what shifts a whole
    profile is taken for a difference of the measurement, and removed.

    Of a sample's equal values each gets the reference's value at their mean rank, interpolated
    between two ranks where that is halfway. Missing values (NaN) stay missing. A sample that has
    them counts by its quantiles, interpolated over the ranks of a whole sample, as if the values
    it lacks were spread evenly. Both are what limma does by default. Where limma gives up, at a
    sample of one value, that value becomes the middle of the reference.

    References
    ----------
    .. [1] Bolstad, B. M. et al. (2003). A comparison of normalization methods for high density
       oligonucleotide array data based on variance and bias. Bioinformatics 19, 185-193.
    .. [2] Ritchie, M. E. et al. (2015). limma powers differential expression analyses for
       RNA-sequencing and microarray studies. Nucleic Acids Research 43, e47.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_dgex.preprocessing import QuantileNormalizer
    >>> training = np.array([[5.0, 2.0, 3.0, 4.0], [4.0, 1.0, 4.0, 2.0], [3.0, 4.0, 6.0, 8.0]])
    >>> normalizer = QuantileNormalizer().fit(training)
    >>> normalizer.reference_
    array([2.  , 3.  , 4.67, 5.67])
    >>> normalizer.transform([[10.0, 20.0, 40.0, 30.0], [0.0, 7.0, 7.0, 9.0]])
    array([[2.  , 3.  , 5.67, 4.67],
           [2.  , 3.83, 3.83, 5.67]])
    """

    _parameter_constraints: dict = {}

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None) -> Self:
        """Learn the reference distribution.

        Parameters
        ----------
        X : array-like or frame of shape (n_samples, n_genes)
            Training profiles. NaN is a missing value.
        y : None
            Ignored.

        Returns
        -------
        QuantileNormalizer
            The fitted normalizer itself.

        Raises
        ------
        GeneMismatchError
            If a gene name stands twice.
        ValueError
            If a value is infinite, or all of a sample are missing; the normalizer is as it was
            before.
        """
        with unchanged_on_error(self):
            X = _check_profiles(self, X, reset=True)
            self.reference_ = _mean_quantiles(X)
        return self

    def transform(self, X) -> ArrayOrFrame:
        """Map profiles onto the reference distribution.

        Parameters
        ----------
        X : array-like or frame of shape (n_samples, n_genes)
            Profiles of the training genes; those of a frame may stand in any order.

        Returns
        -------
        ndarray or frame of shape (n_samples, n_genes)
            Normalised profiles, float32 for float32 profiles and else float64.

        Raises
        ------
        GeneMismatchError
            If genes are missing or unknown; the message lists them.
        ValueError
            If the number of genes is another, a value is infinite, or all of a sample are missing.
        """
        check_is_fitted(self)
        X = _check_profiles(self, X, reset=False)
        normalised = np.empty(X.shape, dtype=X.dtype)
        for rows in _blocks(X):
            normalised[rows] = _onto(self.reference_, X[rows])
        return normalised

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _mean_quantiles(X: np.ndarray) -> np.ndarray:
    """Mean over samples of their values of each rank."""
    n_samples, n_genes = X.shape
    total, ranks = np.zeros(n_genes), np.arange(n_genes)
    for rows in _blocks(X):
        ordered = np.sort(X[rows], axis=1)  # NaN last
        n_values = _n_values(ordered)
        whole = n_values == n_genes
        total += ordered[whole].sum(axis=0, dtype=np.float64)
        for values, n in zip(ordered[~whole], n_values[~whole], strict=True):
            total += np.interp(ranks * (n - 1) / (n_genes - 1), ranks[:n], values[:n])
    return total / n_samples


def _onto(reference: np.ndarray, block: np.ndarray) -> np.ndarray:
    """Values of the reference at the ranks of each sample's values."""
    order = np.argsort(block, axis=1)  # NaN last
    ordered = np.take_along_axis(block, order, axis=1)
    place, n_values = _mean_ranks(ordered), _n_values(ordered)
    has_gaps = (n_values < len(reference)).any()
    if has_gaps:
        last = (n_values - 1)[:, np.newaxis]
        stretched = np.minimum(place, last) * (len(reference) - 1) / np.maximum(last, 1)
        place = np.where(last > 0, stretched, (len(reference) - 1) / 2)
    values = np.broadcast_to(_between(reference, place), block.shape)
    if has_gaps:
        values = np.where(np.isnan(ordered), np.nan, values)
    mapped = np.empty_like(block)
    np.put_along_axis(mapped, order, values.astype(block.dtype, copy=False), axis=1)
    return mapped


def _mean_ranks(ordered: np.ndarray) -> np.ndarray:
    """Ranks from 0 of sorted values, those of equal values averaged; one row for all if none."""
    n_genes = ordered.shape[1]
    ranks = np.arange(n_genes)
    differs = ordered[:, 1:] != ordered[:, :-1]  # so does every NaN
    if differs.all():
        return ranks
    first = np.zeros(ordered.shape, dtype=np.intp)
    np.multiply(differs, ranks[1:], out=first[:, 1:])
    np.maximum.accumulate(first, axis=1, out=first)
    last = np.full(ordered.shape, n_genes - 1)
    last[:, :-1] = np.where(differs, ranks[:-1], n_genes - 1)
    last = np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]
    return (first + last) / 2


def _between(reference: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Interpolate the reference at places between ranks; exactly where they are ranks."""
    if place.dtype.kind == "i":
        return reference[place]
    low = place.astype(np.intp)
    below, above = reference[low], reference[np.minimum(low + 1, len(reference) - 1)]
    return below + (place - low) * (above - below)


def _n_values(ordered: np.ndarray) -> np.ndarray:
    return ordered.shape[1] - np.isnan(ordered).sum(axis=1)


def _blocks(X: np.ndarray):
    return gen_batches(len(X), max(1, BLOCK_VALUES // X.shape[1]))


def _check_profiles(estimator, X, *, reset: bool) -> np.ndarray:
    X = check_profiles(estimator, X, reset=reset, what="profile", remedy=REMEDY, allow_nan=True)
    is_empty = np.isnan(X).all(axis=1)
    if is_empty.any():
        raise ValueError(
            "Every sample must have a value that is not NaN. Got none in sample "
            f"{int(is_empty.argmax())} instead; drop such samples."
        )
    return X
