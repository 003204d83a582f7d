"""A measured and an inferred expression matrix, aligned by gene and read in blocks of rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.utils import gen_batches

from sklearn_dgex.utils._sklearn_private import check_sample_weight
from sklearn_dgex.utils.genes import check_unique_genes, gene_order

# 16 MiB of float64 a block: large enough to be fast, small beside the matrices themselves.
BLOCK_ELEMENTS = 2**21


class ExpressionPair:
    """Two matrices of one shape; genes matched by name where both have names.

    Parameters
    ----------
    y_true, y_pred : array-like or frame of shape (n_samples, n_genes) or (n_samples,)
        Samples are matched by position. A vector is one gene.

    Attributes
    ----------
    shape : tuple (n_samples, n_genes)
    """

    def __init__(self, y_true, y_pred):
        names_true, names_pred = _names(y_true), _names(y_pred)
        self._order = None
        if names_true is not None and names_pred is not None:
            self._order = _column_order(names_true, names_pred)
        self._true = _as_matrix(y_true, "y_true")
        self._pred = _as_matrix(y_pred, "y_pred")
        if self._true.shape != self._pred.shape:
            raise ValueError(
                "y_pred must have the shape of y_true, "
                f"{self._true.shape}. Got {self._pred.shape} instead."
            )
        self.shape = self._true.shape

    def blocks(self) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
        """Yield ``(rows, true, predicted)``, both float64 of shape (n_rows, n_genes).

        Reordering and conversion happen here, so no copy of a whole matrix is ever held.
        """
        n_samples, n_genes = self.shape
        for rows in gen_batches(n_samples, max(1, BLOCK_ELEMENTS // n_genes)):
            true, pred = self._true[rows], self._pred[rows]
            if self._order is not None:
                pred = pred[:, self._order]
            yield rows, _as_finite(true, "y_true", rows), _as_finite(pred, "y_pred", rows)

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Both whole matrices, as copies in float64 of shape (n_samples, n_genes)."""
        true, pred = np.empty(self.shape), np.empty(self.shape)
        for rows, true_block, pred_block in self.blocks():
            true[rows], pred[rows] = true_block, pred_block
        return true, pred


def sample_shares(sample_weight, samples) -> np.ndarray:
    """Weights as float64 of shape (n_samples,) with sum 1; equal ones for None."""
    weight = check_sample_weight(sample_weight, samples, dtype=np.float64, ensure_non_negative=True)
    weight = weight / weight.max()  # so that a sum of very large weights cannot overflow
    return weight / weight.sum()


def _names(table) -> np.ndarray | None:
    """Names of a frame's columns, strings or not; None where the columns are merely counted."""
    columns = getattr(table, "columns", None)
    if columns is None or isinstance(columns, pd.RangeIndex):
        return None
    return np.asarray(columns, dtype=object)


def _column_order(names_true: np.ndarray, names_pred: np.ndarray) -> list[int] | None:
    """Positions in ``names_pred`` of the genes of ``names_true``; None if already in order."""
    order = gene_order(names_pred, names_true, what="y_pred", owner="y_true")
    if order is not None:  # only in the same order may a name stand twice
        check_unique_genes(names_true, what="y_true")
    return order


def _as_matrix(y, name: str) -> np.ndarray:
    values = np.asarray(y)
    if values.dtype.kind not in "biuf":
        try:
            values = values.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{name} must hold numbers. Got the dtype {values.dtype} instead."
            ) from error
    if values.ndim == 1:
        values = values[:, np.newaxis]
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(
            f"{name} must have the shape (n_samples, n_genes) or (n_samples,), with at least "
            f"one sample and one gene. Got {np.shape(y)} instead."
        )
    return values


def _as_finite(block: np.ndarray, name: str, rows: slice) -> np.ndarray:
    finite = np.isfinite(block)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        # y_pred may have been reordered: then the column counts in the order of y_true
        raise ValueError(
            f"{name} must be finite. Got {block[row, column]} in row {rows.start + row} of gene "
            f"{column} instead; impute or drop such values first."
        )
    return block.astype(np.float64, copy=False)
