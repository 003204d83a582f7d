"""What a table holds of a fitted imputer's genes, by name or by position."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_array, validate_data

from sklearn_dgex.exceptions import (
    FilledLandmarksWarning,
    GeneMismatchError,
    UnknownGenesWarning,
)
from sklearn_dgex.utils.genes import check_string_names, check_unique_genes, gene_names, listed
from sklearn_dgex.utils.validation import (
    FLOATS,
    check_finite_profiles,
    check_holds_numbers,
    check_numeric_columns,
    frame_precision,
)


class Measurements:
    """A table whose columns are found by the positions of genes in the imputer's fit.

    Parameters
    ----------
    imputer : LandmarkImputer
        Fitted.
    X : array-like, or frame or other table of named columns
        Names are matched with those of the fit. Without names on either side, columns go by
        position: those of whole profiles, or the landmarks alone.
    warn : bool, default=True
        Whether to warn of genes that the imputer does not know.

    Attributes
    ----------
    shape : tuple (n_samples, n_genes)
        That of a whole table.
    """

    def __init__(self, imputer, X, *, warn=True):
        names, given = getattr(imputer, "feature_names_in_", None), gene_names(X)
        if names is None or given is None:
            self._table, self._column_of = _by_position(imputer, X)
            self._given = None
        else:
            self._table, self._given = X, given
            self._column_of = _by_name(names, given, warn=warn)
        self._samples = getattr(X, "index", None)  # which is a method of lists
        self.shape = (len(self._table), imputer.n_features_in_)

    def has(self, genes: np.ndarray) -> np.ndarray:
        """Whether there is a column for each gene, of shape (n_genes,)."""
        return self._column_of[genes] >= 0

    def values(self, genes: np.ndarray) -> np.ndarray:
        """Expression of shape (n_samples, n_genes); NaN where it was not measured."""
        present = self.has(genes)
        columns = self._column_of[genes[present]]
        if not len(columns):
            return np.full((self.shape[0], len(genes)), np.nan, dtype=np.float32)
        found = self._columns(columns)
        if present.all():
            return found
        values = np.full((len(found), len(genes)), np.nan, dtype=found.dtype)
        values[:, present] = found
        return values

    def sample(self, row: int) -> str:
        """Name of a sample for messages, or its number where it has none."""
        name = self._samples[row] if isinstance(self._samples, pd.Index) else row
        return repr(name) if isinstance(name, str) else str(row)

    def _columns(self, columns: np.ndarray) -> np.ndarray:
        if self._given is None:
            return self._table[:, columns]
        part = self._table[self._given[columns].tolist()]
        check_numeric_columns(part, what="gene")
        dtype = frame_precision(part) or FLOATS
        return check_array(part, dtype=dtype, ensure_all_finite=False, input_name="X")


def whole_landmarks(imputer, measurements: Measurements) -> np.ndarray:
    """Landmark expression of shape (n_samples, n_landmarks), without gaps.

    Raises
    ------
    GeneMismatchError
        If landmarks have no column, all of them or any that may not be filled.
    ValueError
        If values are missing that may not be filled, a sample has none at all, or one is infinite.
    """
    values = landmark_values(imputer, measurements)
    gaps = np.isnan(values)
    if gaps.any():
        _check_some_measured(imputer, measurements, gaps)
        if imputer.missing_landmarks == "mean":
            values = np.where(gaps, imputer.landmark_means_.astype(values.dtype), values)
            _warn_filled(imputer, gaps)
        else:
            _refuse_gaps(imputer, measurements, gaps)
    names = _if_names(imputer, imputer.landmarks_)
    check_finite_profiles(values, names, what="landmark", noun="landmark")
    return values


def landmark_values(imputer, measurements: Measurements) -> np.ndarray:
    """Landmark expression as measured, NaN where it was not."""
    return measurements.values(imputer.landmark_indices_)


def whole_targets(imputer, measurements: Measurements) -> np.ndarray:
    """Measured target expression, of shape (n_samples, n_targets), to compare inferences with."""
    targets = imputer.target_indices_
    missing = imputer.targets_[~measurements.has(targets)].tolist()
    if missing:
        raise GeneMismatchError(
            f"The profiles must be whole, to compare with: the {len(targets)} inferred genes must "
            f"be measured, too. Got {len(missing)} missing ({listed(missing)}); pass profiles with "
            "all genes of the fit."
        )
    values = measurements.values(targets)
    check_finite_profiles(values, _if_names(imputer, imputer.targets_), what="target")
    return values


def measured_targets(imputer, measurements: Measurements) -> np.ndarray:
    """Target expression as measured, NaN where it was not."""
    values = measurements.values(imputer.target_indices_)
    check_finite_profiles(
        values,
        _if_names(imputer, imputer.targets_),
        what="measured target",
        remedy="set them to NaN, and they are inferred",
        allow_nan=True,
    )
    return values


def _by_name(names: np.ndarray, given: np.ndarray, *, warn: bool) -> np.ndarray:
    """Return the column of each known gene, or -1."""
    known = set(names)
    # a name that stands twice does no harm where nobody asks for it, such as an annotation's
    check_unique_genes([name for name in given if name in known], what="known")
    unknown = [name for name in given if name not in known]
    if unknown and warn:
        warnings.warn(
            f"{len(unknown)} of {len(given)} columns are genes unknown to the fitted model "
            f"({listed(unknown)}) and are ignored.",
            UnknownGenesWarning,
            stacklevel=4,
        )
    column = {name: i for i, name in enumerate(given)}
    return np.array([column.get(name, -1) for name in names], dtype=np.intp)


def _by_position(imputer, X) -> tuple[np.ndarray, np.ndarray]:
    """Return the table as an array, and the column of each known gene, or -1."""
    check_holds_numbers(X, what="landmark")
    check_string_names(X)
    check_unique_genes(gene_names(X), what="landmark")
    dtype = frame_precision(X) or FLOATS
    table = check_array(X, dtype=dtype, ensure_all_finite=False, estimator=imputer, input_name="X")
    n_genes, landmarks = imputer.n_features_in_, imputer.landmark_indices_
    if table.shape[1] != len(landmarks):
        validate_data(imputer, X, reset=False, skip_check_array=True)
        return table, np.arange(n_genes)
    _warn_of_names(imputer, X)
    column_of = np.full(n_genes, -1)
    column_of[landmarks] = np.arange(len(landmarks))
    return table, column_of


def _warn_of_names(imputer, X) -> None:
    """Say scikit-learn's sentences of whole profiles if X or the fit had names, but not both."""
    fitted, given = hasattr(imputer, "feature_names_in_"), gene_names(X) is not None
    if fitted == given:
        return
    had, was = ("does not have valid", "with") if fitted else ("has", "without")
    warnings.warn(
        f"X {had} feature names, but {type(imputer).__name__} was fitted {was} feature names",
        UserWarning,
        stacklevel=5,
    )


def _check_some_measured(imputer, measurements: Measurements, gaps: np.ndarray) -> None:
    if not measurements.has(imputer.landmark_indices_).any():
        landmarks = imputer.landmarks_.tolist()
        raise GeneMismatchError(
            f"The table must hold the {len(landmarks)} landmarks of the fitted model. Got none of "
            f"them ({listed(landmarks)}); check that its columns are genes, named as in the fit."
        )
    empty = np.flatnonzero(gaps.all(axis=1))
    if len(empty):
        raise ValueError(
            f"Every sample must have a landmark that was measured. Got {len(empty)} of {len(gaps)} "
            f"samples with NaN alone, the first sample {measurements.sample(empty[0])}; drop them."
        )


def _refuse_gaps(imputer, measurements: Measurements, gaps: np.ndarray) -> None:
    remedy = "fill them with missing_landmarks='mean'"
    absent = ~measurements.has(imputer.landmark_indices_)
    if absent.any():
        missing = imputer.landmarks_[absent].tolist()
        raise GeneMismatchError(
            f"The table must hold the {len(absent)} landmarks of the fitted model. Got "
            f"{len(missing)} missing ({listed(missing)}); add or rename their columns, or {remedy}."
        )
    missing = imputer.landmarks_[gaps.any(axis=0)].tolist()
    raise ValueError(
        f"The landmarks must be measured in every sample. Got {gaps.sum()} NaN in {len(missing)} "
        f"landmarks ({listed(missing)}) of {gaps.any(axis=1).sum()} of {len(gaps)} samples; impute "
        f"them, or {remedy}."
    )


def _warn_filled(imputer, gaps: np.ndarray) -> None:
    filled = imputer.landmarks_[gaps.any(axis=0)].tolist()
    warnings.warn(
        f"{len(filled)} of {gaps.shape[1]} landmarks ({listed(filled)}) were filled from the "
        f"training means, in {gaps.any(axis=1).sum()} of {len(gaps)} samples; count_filled says "
        "how many in each.",
        FilledLandmarksWarning,
        stacklevel=4,
    )


def _if_names(imputer, genes: np.ndarray) -> np.ndarray | None:
    """Return the genes if they are names, and not positions."""
    return genes if hasattr(imputer, "feature_names_in_") else None
