"""What comes in through fit and predict, checked: as arrays, or as rows of large files."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from sklearn.utils.validation import check_consistent_length

from sklearn_dgex.utils._sklearn_private import check_sample_weight
from sklearn_dgex.utils.genes import gene_order
from sklearn_dgex.utils.rows import Rows, is_on_disk, loaded
from sklearn_dgex.utils.samples import warn_of_other_order
from sklearn_dgex.utils.targets import check_targets
from sklearn_dgex.utils.validation import check_finite_profiles, check_profiles

LOADED_BYTES = 1 << 30  # of float32 profiles up to which files are loaded


def check_landmarks(estimator, X, *, reset: bool) -> np.ndarray | Rows:
    """Return landmark profiles of shape (n, p), their genes in the order of the fit.

    ``reset=True`` takes the genes of ``X`` as those of the fit. Large files stay on disk.
    """
    if is_on_disk(X, "landmark") and _is_large(X):
        return _landmark_rows(estimator, X, reset=reset)
    return check_profiles(estimator, loaded(X, "landmark"), reset=reset, what="landmark")


@dataclass
class TrainingData:
    """Checked profiles: X (n, p), y (n, q), and weight (n,) or None.

    X and y are both arrays, or both rows that are learnt from as they are read.
    """

    X: np.ndarray | Rows
    y: np.ndarray | Rows
    weight: np.ndarray | None

    @property
    def streamed(self) -> bool:
        """Whether they are learnt from as they are read."""
        return isinstance(self.X, Rows)


def check_training_data(estimator, X, y, sample_weight, *, reset: bool) -> TrainingData:
    """Check the data of a fit and, with ``reset``, take their genes as the estimator's."""
    warn_of_other_order(X, y)
    on_disk = [is_on_disk(X, "landmark"), is_on_disk(y, "target")]
    stay = any(on_disk) and _is_large(X, y)
    if stay and on_disk[0]:
        X = _landmark_rows(estimator, X, reset=reset, part_of="training data")
    else:
        X = check_landmarks(estimator, X, reset=reset)
    known = None if reset else getattr(estimator, "target_names_in_", None)
    take_targets = _target_rows if stay and on_disk[1] else check_targets
    y, names = take_targets(estimator, y if stay else loaded(y, "target"), known)
    check_consistent_length(X, y)
    weight = _check_weight(sample_weight, len(X))
    n_targets = 1 if y.ndim == 1 else y.shape[1]
    if reset:
        estimator._target_ndim, estimator.n_outputs_ = y.ndim, n_targets
        vars(estimator).pop("target_names_in_", None)
        if names is not None:
            estimator.target_names_in_ = names
    elif n_targets != estimator.n_outputs_:
        raise ValueError(
            f"The target y must have the {estimator.n_outputs_} genes of the first fit. "
            f"Got {n_targets} instead; fit anew with warm_start=False."
        )
    if isinstance(y, np.ndarray):
        y = y.reshape(len(y), -1)
    if stay or estimator.shuffle_buffer != "auto":
        X, y = (table if isinstance(table, Rows) else Rows(table) for table in (X, y))
    return TrainingData(X, y, weight)


def _check_weight(sample_weight, n_samples: int) -> np.ndarray | None:
    if sample_weight is None:
        return None
    like = np.empty((n_samples, 1))
    weight = check_sample_weight(sample_weight, like, dtype=np.float64, ensure_non_negative=True)
    # Only their proportions count: so float32 can hold them. A power of two rounds nothing.
    return np.ldexp(weight, -np.frexp(weight.max())[1])


def _is_large(*tables) -> bool:
    return 4 * sum(math.prod(np.shape(table)) for table in tables) > LOADED_BYTES


def _landmark_rows(estimator, X, *, reset: bool, part_of: str | None = None) -> Rows:
    rows = Rows(X, what="landmark", part_of=part_of)
    check_profiles(estimator, rows.first(), reset=reset, what="landmark")
    return _in_order(rows, getattr(estimator, "feature_names_in_", None))


def _target_rows(estimator, y, known: np.ndarray | None) -> tuple[Rows, np.ndarray | None]:
    rows = Rows(y, what="target", part_of="training data")
    _, names = check_targets(estimator, rows.first(), known)
    return _in_order(rows, names), names


def _in_order(rows: Rows, names: np.ndarray | None) -> Rows:
    """Return rows with the genes in the order of ``names``, after checking all values."""
    if rows.names is not None and names is not None:
        rows = rows.reordered(gene_order(rows.names, names, what=rows.what))
    for first_row, values in rows.blocks():
        check_finite_profiles(values, names, what=rows.what, first_row=first_row)
    return rows
