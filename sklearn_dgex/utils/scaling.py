"""Shift and scale every gene by statistics of the training samples alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SCALINGS = ("standard", "minmax", "none")
BLOCK_BYTES = 32 << 20


@dataclass
class GeneScaler:
    """Map each gene to ``(value - offset) / scale``, and back.

    Attributes
    ----------
    offset, scale : ndarray of shape (n_genes,), float64
        A gene that did not vary in training has scale 0: it maps to 0, and back to its one value.
        Only the scaling "none" leaves such a gene alone, too.
    constant : ndarray of shape (n_genes,), bool
        Which genes did not vary.
    """

    offset: np.ndarray
    scale: np.ndarray
    constant: np.ndarray

    @classmethod
    def fit(cls, values: np.ndarray, scaling: str, weight: np.ndarray | None = None) -> GeneScaler:
        """Take the statistics of ``values`` of shape (n, n_genes), weighed by sample."""
        if scaling != "standard":
            seen = values if weight is None else values[weight > 0]
            low, high = seen.min(axis=0), seen.max(axis=0)
            if scaling == "none":
                return cls(np.zeros(len(low)), np.ones(len(low)), low == high)
            return cls(low.astype(np.float64), high.astype(np.float64) - low, low == high)
        # Taken from one of the samples, a constant gene's mean is exact, whatever their number.
        first = values[0 if weight is None else np.argmax(weight > 0)].astype(np.float64)
        mean = first + _weighted_mean(values, weight, lambda block: block - first)
        variance = _weighted_mean(values, weight, lambda block: np.square(block - mean))
        deviation = np.sqrt(variance)
        # A gene that varies by rounding errors alone does not vary.
        deviation[deviation <= 8 * np.finfo(values.dtype).eps * np.abs(mean)] = 0.0
        return cls(mean, deviation, deviation == 0)

    def transform(self, values: np.ndarray, dtype=np.float32) -> np.ndarray:
        """Scale (n, n_genes) values into a new array of ``dtype``."""
        divisor = np.where(self.scale == 0, np.inf, self.scale)
        scaled = np.empty(values.shape, dtype=dtype)
        for rows in _row_blocks(values):
            scaled[rows] = (values[rows] - self.offset) / divisor
        return scaled

    def inverse_transform(self, scaled: np.ndarray) -> np.ndarray:
        """Undo the scaling in place, in the array's own dtype, and return it."""
        scale, offset = self.scale.astype(scaled.dtype), self.offset.astype(scaled.dtype)
        for rows in _row_blocks(scaled):  # both passes while a block is in the cache
            scaled[rows] *= scale
            scaled[rows] += offset
        return scaled


def _row_blocks(values: np.ndarray):
    n_rows = max(1, BLOCK_BYTES // (8 * max(1, values.shape[1])))
    return (slice(start, start + n_rows) for start in range(0, values.shape[0], n_rows))


def _weighted_mean(values: np.ndarray, weight: np.ndarray | None, function) -> np.ndarray:
    total, total_weight = np.zeros(values.shape[1]), 0.0
    for rows in _row_blocks(values):
        block = function(values[rows].astype(np.float64))
        weights = np.ones(len(block)) if weight is None else weight[rows]
        # Not a BLAS product: its rounding would depend on the number of threads.
        total += np.einsum("n,ng->g", weights, block)
        total_weight += weights.sum()
    return total / total_weight
