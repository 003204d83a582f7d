"""Make one column a gene of the several probes that an array has for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from sklearn_dgex.exceptions import GeneMismatchError
from sklearn_dgex.preprocessing._gene_map import ProbeOfGene, read_pairs
from sklearn_dgex.utils._sklearn_private import StrOptions, fit_context
from sklearn_dgex.utils.annotations import ArrayOrFrame
from sklearn_dgex.utils.genes import (
    N_NAMES_SHOWN,
    check_string_names,
    check_unique_genes,
    gene_names,
    listed,
)
from sklearn_dgex.utils.scaling import GeneScaler
from sklearn_dgex.utils.state import unchanged_on_error
from sklearn_dgex.utils.validation import (
    FLOATS,
    check_finite_profiles,
    check_numeric_columns,
    frame_precision,
)

BLOCK_VALUES = 2**20
REMEDY = "set them to NaN, or drop these probes or samples"
METHODS = ("mean", "median", "max_variance", "listed")


class ProbeCollapser(TransformerMixin, BaseEstimator):
    """Turn profiles of probes into profiles of genes.

    Parameters
    ----------
    gene_map : frame, dict or series
        Which genes a probe measures: a frame with columns ``probe`` and ``gene``, a dict of probe
        to gene or list of genes, or a series of genes indexed by probe. A probe may measure
        several genes, and counts for each. Lines without a gene (None, NaN, empty, "---", "-666"
        or "NA") are ignored. Where profiles are an array, whose columns have no names, probes are
        its column positions.
    method : {"mean", "median", "max_variance", "listed"}, default="mean"
        What becomes of a gene's probes. "mean" and "median" are taken of each sample. The others
        take one probe for all samples: "max_variance" the one with the largest variance in the
        training samples, of equal ones the first in the map; "listed" the first in the map that
        the profiles have. The mean is the least noisy where the probes agree.

    Attributes
    ----------
    genes_ : ndarray of str of shape (n_genes,)
        The output's genes, in the order in which the map first names them.
    probes_ : ndarray of shape (n_probes,)
        Probes that are used; later profiles must have these, and others are ignored.
    choice_ : frame of shape (n_pairs, 2)
        ``gene`` and ``probe``: which probes each gene is computed from.
    n_probes_ : ndarray of int of shape (n_genes,)
        How many these are.
    genes_without_probe_ : ndarray of str
        Genes of the map that are left out, since the profiles have none of their probes.
    probes_without_gene_ : ndarray
        Probes of the profiles that are left out, since the map does not have them.
    n_features_in_ : int
        Columns of the training profiles.
    feature_names_in_ : ndarray of str
        Their names, where ``X`` had any.

    See Also
    --------
    sklearn_dgex.datasets.fetch_l1000_genes : Genes and probes of D-GEX.

    Notes
    -----
    Every gene is computed by itself and every sample by itself, in float64: the result does not
    depend on what else is in the table.

    NaN is a value that was not measured. "mean" and "median" are taken of the probes that were
    measured in the sample, as limma's ``avereps`` takes its mean, and are NaN only where none was.
    "max_variance" compares the variances of the measured values, with n − 1 in the denominator; a
    probe of fewer than two has none, and counts as 0. It and "listed" pass on the NaN of the probe
    they took.

    References
    ----------
    Ritchie, M. E. et al. (2015). limma powers differential expression analyses for RNA-sequencing
    and microarray studies. Nucleic Acids Research 43, e47; function avereps.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_dgex.preprocessing import ProbeCollapser
    >>> profiles = pd.DataFrame(
    ...     {"1_at": [2.0, 4.0], "2_at": [6.0, 6.0], "3_at": [1.0, 0.0]}, index=["s1", "s2"]
    ... )
    >>> genes = {"2_at": "TP53", "1_at": ["TP53", "MYC"], "9_at": "EGFR"}
    >>> collapser = ProbeCollapser(genes).set_output(transform="pandas")
    >>> collapser.fit_transform(profiles)
        TP53  MYC
    s1   4.0  2.0
    s2   5.0  4.0
    >>> collapser.genes_without_probe_
    array(['EGFR'], dtype=object)
    """

    _parameter_constraints: dict = {
        "gene_map": "no_validation",  # read_pairs says more
        "method": [StrOptions(set(METHODS))],
    }

    def __init__(self, gene_map, *, method="mean") -> None:
        self.gene_map = gene_map
        self.method = method

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None) -> Self:
        """Look up which probes the profiles have, and choose among them if the method does.

        Parameters
        ----------
        X : array-like or frame of shape (n_samples, n_probes)
            Training profiles. Columns of a frame that the map lacks are ignored. NaN is a missing
            value.
        y : None
            Ignored.

        Returns
        -------
        ProbeCollapser
            The fitted collapser itself.

        Raises
        ------
        GeneMismatchError
            If no probe of the map is among the columns, or a column name stands twice.
        ValueError
            If the map has another form, column names are no strings, or a value of a mapped probe
            is infinite; the collapser is as it was before.
        """
        with unchanged_on_error(self):
            self._learn(X)
        return self

    def transform(self, X) -> ArrayOrFrame:
        """Compute profiles of genes.

        Parameters
        ----------
        X : array-like or frame of shape (n_samples, n_probes)
            Profiles. A frame needs the probes that are used, in any order; an array all columns of
            the training profiles.

        Returns
        -------
        ndarray or frame of shape (n_samples, n_genes)
            Profiles of genes, float32 for float32 profiles and else float64; NaN where no probe
            was measured, or the one chosen was not.

        Raises
        ------
        GeneMismatchError
            If probes that are used are missing; the message lists them.
        ValueError
            If column names are no strings, or a value of such a probe is infinite.
        """
        check_is_fitted(self)
        X = self._used_values(X)
        genes = np.empty((len(X), len(self.genes_)), dtype=X.dtype)
        summary = _median if self.method == "median" else _mean
        groups = list(self._groups())
        for rows in gen_batches(len(X), max(1, BLOCK_VALUES // X.shape[1])):
            block = X[rows].astype(np.float64)
            for columns, members in groups:
                genes[rows, columns] = summary(block, members)
        return genes

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Name the output's columns.

        Parameters
        ----------
        input_features : None
            Ignored: the names are those of the map.

        Returns
        -------
        ndarray of str
            The genes.
        """
        check_is_fitted(self)
        return self.genes_.copy()

    def _learn(self, X) -> None:
        X, columns = self._check_columns(X)
        pairs = read_pairs(self.gene_map)
        used = _present(pairs, columns)
        self.probes_ = _each_once(pair.probe for pair in used)
        if self.method in ("max_variance", "listed"):
            used = _one_a_gene(used, self._merits(X))
            self.probes_ = _each_once(pair.probe for pair in used)
        else:
            self._used_values(X)  # so that fit refuses what transform would
        self.genes_ = _each_once(pair.gene for pair in used)
        position = {gene: i for i, gene in enumerate(self.genes_)}
        used.sort(key=lambda pair: position[pair.gene])
        self.choice_ = pd.DataFrame(
            {
                "gene": [pair.gene for pair in used],
                "probe": np.array([pair.probe for pair in used], dtype=object),
            }
        )
        self.n_probes_ = np.bincount([position[pair.gene] for pair in used])
        mapped = {pair.probe for pair in pairs}
        self.genes_without_probe_ = _each_once(p.gene for p in pairs if p.gene not in position)
        self.probes_without_gene_ = _each_once(name for name in columns if name not in mapped)

    def _check_columns(self, X) -> tuple:
        """Profiles, as an array if their columns have no names, and what to find probes by."""
        names = gene_names(X)
        if names is None:
            check_string_names(X, noun="probe")
            X = validate_data(self, X, reset=True, dtype=FLOATS, ensure_all_finite=False)
            return X, list(range(X.shape[1]))
        check_unique_genes(names, what="profile", noun="probe")
        validate_data(self, X, reset=True, skip_check_array=True)
        return X, list(names)

    def _merits(self, X) -> dict:
        """By how much each used probe is to be preferred."""
        values = self._used_values(X)
        if self.method == "listed":
            return dict.fromkeys(self.probes_, 0.0)
        if len(values) < 2:
            raise ValueError(
                "ProbeCollapser needs at least two samples to compare variances. Got n_samples = "
                f"{len(values)} instead; take another method."
            )
        return dict(zip(self.probes_, _deviations(values), strict=True))

    def _used_values(self, X) -> np.ndarray:
        """Values of the probes in use, of shape (n_samples, n_probes)."""
        by_name = hasattr(self, "feature_names_in_")
        if by_name and gene_names(X) is not None:
            X = _select(X, self.probes_)
            X = check_array(X, dtype=frame_precision(X) or FLOATS, ensure_all_finite=False)
        else:
            check_string_names(X, noun="probe")
            X = validate_data(self, X, reset=False, dtype=FLOATS, ensure_all_finite=False)
            columns = range(X.shape[1])
            if by_name:
                columns = {name: i for i, name in enumerate(self.feature_names_in_)}
            X = X[:, [columns[probe] for probe in self.probes_]]
        check_finite_profiles(
            X, self.probes_, what="profile", noun="probe", remedy=REMEDY, allow_nan=True
        )
        return X

    def _groups(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Genes that have equally many probes, and the places of these, (n_probes, n_genes)."""
        place = {probe: i for i, probe in enumerate(self.probes_)}
        places = np.array([place[probe] for probe in self.choice_["probe"]])
        starts = np.cumsum(self.n_probes_) - self.n_probes_
        for n_probes in np.unique(self.n_probes_):
            genes = np.flatnonzero(self.n_probes_ == n_probes)
            yield genes, places[starts[genes] + np.arange(n_probes)[:, np.newaxis]]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _mean(block: np.ndarray, members: np.ndarray) -> np.ndarray:
    # One probe after the other: the rounding then does not depend on the number of samples.
    mean = block[:, members[0]]
    for probes in members[1:]:
        mean += block[:, probes]
    mean /= len(members)
    gaps = np.isnan(mean)
    if gaps.any():
        values, n_measured = _at_gaps(block, members, gaps)
        total = sum(np.nan_to_num(values, nan=0.0))  # again one after the other
        mean[gaps] = np.where(n_measured > 0, total / np.maximum(n_measured, 1), np.nan)
    return mean


def _median(block: np.ndarray, members: np.ndarray) -> np.ndarray:
    median = np.median(block[:, members], axis=1)  # of (n_samples, n_probes, n_genes)
    gaps = np.isnan(median)
    if gaps.any():
        values, n_measured = _at_gaps(block, members, gaps)
        ordered = np.sort(values, axis=0)  # NaN last, so that of none both places hold NaN
        low, high = np.maximum(n_measured - 1, 0) // 2, n_measured // 2
        columns = np.arange(len(low))
        median[gaps] = (ordered[low, columns] + ordered[high, columns]) / 2
    return median


def _at_gaps(block, members, gaps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values of shape (n_probes, n_gaps) where some are missing, and how many are not."""
    values = np.moveaxis(block[:, members], 1, 0)[:, gaps]
    return values, (~np.isnan(values)).sum(axis=0)


def _deviations(values: np.ndarray) -> np.ndarray:
    """Deviation of each probe's measured values, as if it had been measured in every sample."""
    n_samples, n_measured = len(values), (~np.isnan(values)).sum(axis=0)
    deviations = GeneScaler.fit(values, "standard").scale
    deviations[n_measured < 2] = 0.0
    for probe in np.flatnonzero((n_measured > 1) & (n_measured < n_samples)):
        measured = values[~np.isnan(values[:, probe]), probe, np.newaxis]
        n = len(measured)
        unbiased = np.sqrt(n / (n - 1) * (n_samples - 1) / n_samples)
        deviations[probe] = GeneScaler.fit(measured, "standard").scale[0] * unbiased
    return deviations


def _each_once(names: Iterable) -> np.ndarray:
    return np.array(list(dict.fromkeys(names)), dtype=object)


def _one_a_gene(pairs: list[ProbeOfGene], merits: dict) -> list[ProbeOfGene]:
    """Keep the pair of each gene whose probe has the highest merit, the first of equal ones."""
    best: dict[str, ProbeOfGene] = {}
    for pair in pairs:
        kept = best.setdefault(pair.gene, pair)
        if merits[pair.probe] > merits[kept.probe]:
            best[pair.gene] = pair
    return list(best.values())


def _present(pairs: list[ProbeOfGene], columns: list) -> list[ProbeOfGene]:
    present = set(columns)
    used = [pair for pair in pairs if pair.probe in present]
    if not used:
        mapped = listed([pair.probe for pair in pairs[: N_NAMES_SHOWN + 1]])
        raise GeneMismatchError(
            "The profiles must have probes of the 'gene_map' as columns. Got none: the map has "
            f"{mapped or 'no probes'}, the profiles {listed(columns)}; take the map of this array, "
            "and a frame whose columns are probes."
        )
    return used


def _select(table, probes: np.ndarray):
    """Columns of a frame, by the names of the probes in use."""
    given = gene_names(table)
    present = set(given)
    missing = [probe for probe in probes if probe not in present]
    if missing:
        raise GeneMismatchError(
            f"The profiles must have the {len(probes)} probes that the fitted collapser uses. Got "
            f"all but {len(missing)} ({listed(missing)}) instead; take profiles of the same array, "
            "or fit anew."
        )
    check_unique_genes(given, what="profile", noun="probe")
    selected = table[list(probes)]
    check_numeric_columns(selected, what="profile")
    return selected
