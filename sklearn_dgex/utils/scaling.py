"""Shift and scale every gene by statistics of the training samples alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sklearn_dgex.utils.rows import Rows

SCALINGS = ("standard", "minmax", "none")
BLOCK_BYTES = 4 << 20  # of float64 numbers at a time, to stay in the cache


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
    def fit(cls, values, scaling: str, weight: np.ndarray | None = None) -> GeneScaler:
        """Take the statistics of ``values`` of shape (n, n_genes), weighed by sample.

        All are taken in one pass, so ``values`` may also be :class:`~sklearn_dgex.utils.rows.Rows`
        of a file, to the same result: sums are of the same blocks, whatever the file's own.

        Raises
        ------
        ValueError
            If a gene's variance is beyond float64.
        """
        if scaling != "standard":
            low, high = _range(values, weight)
            if scaling == "none":
                return cls(np.zeros(len(low)), np.ones(len(low)), low == high)
            return cls(low.astype(np.float64), high.astype(np.float64) - low, low == high)
        with np.errstate(over="ignore", invalid="ignore"):
            mean, variance = _moments(values, weight)
        beyond = np.isfinite(mean) & ~np.isfinite(variance)  # missing values have no mean either
        if beyond.any():
            raise ValueError(
                "The values of a gene must lie within 1e150 of each other. Got a larger range in "
                f"column {beyond.argmax()}; look for a value that is no expression, or divide all "
                "by a number."
            )
        deviation = np.sqrt(variance)
        # A gene that varies by rounding errors alone does not vary.
        deviation[deviation <= 8 * np.finfo(values.dtype).eps * np.abs(mean)] = 0.0
        return cls(mean, deviation, deviation == 0)

    def transform(
        self, values: np.ndarray, dtype=np.float32, out: np.ndarray | None = None
    ) -> np.ndarray:
        """Scale (n, n_genes) values into ``out``, or a new array of ``dtype``.

        Raises
        ------
        ValueError
            If a value is so far from those of the training samples that ``dtype`` can't hold it.
        """
        divisor = np.where(self.scale == 0, np.inf, self.scale)
        scaled = np.empty(values.shape, dtype=dtype) if out is None else out
        difference = np.empty((min(_rows_a_block(values), len(values)), values.shape[1]))
        for rows in _row_blocks(values):
            block = values[rows]
            with np.errstate(over="ignore"):
                quotient = np.subtract(block, self.offset, out=difference[: len(block)])
                scaled[rows] = np.divide(quotient, divisor, out=quotient)
            _check_scaled(scaled[rows], block)
        return scaled

    def inverse_transform(self, scaled: np.ndarray) -> np.ndarray:
        """Undo the scaling in place, in the array's own dtype, and return it.

        Raises
        ------
        ValueError
            If the dtype can't hold a value.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            scale, offset = self.scale.astype(scaled.dtype), self.offset.astype(scaled.dtype)
            for rows in _row_blocks(scaled):  # both passes while a block is in the cache
                scaled[rows] *= scale
                scaled[rows] += offset
                check_inferred(scaled[rows])
        return scaled


def check_inferred(values: np.ndarray) -> None:
    """Raise ValueError if inferred values are not finite."""
    if not _is_finite(values):
        raise ValueError(
            f"Inferred values must be numbers that {values.dtype} can hold. Got infinite ones; "
            "profiles that lie so far from those of the training samples have another unit, or are "
            "to be left out, and values beyond 1e37 want float64 profiles."
        )


def _check_scaled(scaled: np.ndarray, values: np.ndarray) -> None:
    """Raise ValueError if numbers have become infinite."""
    if _is_finite(scaled):
        return
    beyond = np.isinf(scaled) & np.isfinite(values)
    if beyond.any():
        row, column = np.argwhere(beyond)[0]
        raise ValueError(
            "Values must lie near those of the training samples, in the same unit. Got "
            f"{values[row, column]:g} in column {column}, which is beyond what {scaled.dtype} can "
            "hold in standard deviations; look at its unit, or leave its sample out."
        )


def _is_finite(values: np.ndarray) -> bool:
    """Whether all values are finite, which their sum tells, but for that of very large ones."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(values.sum(dtype=np.float64)) or np.isfinite(values).all())


def _rows_a_block(values) -> int:
    return max(1, BLOCK_BYTES // (8 * max(1, values.shape[1])))


def _row_blocks(values):
    n_rows = _rows_a_block(values)
    return (slice(start, start + n_rows) for start in range(0, values.shape[0], n_rows))


def _weighed_blocks(values, weight: np.ndarray | None):
    if isinstance(values, Rows):
        blocks = values.pieces(_rows_a_block(values))
    else:
        blocks = ((rows.start, values[rows]) for rows in _row_blocks(values))
    for first, block in blocks:
        n_rows = len(block)
        yield block, np.ones(n_rows) if weight is None else weight[first : first + n_rows]


def _range(values, weight: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest value of each gene, over samples that weigh anything."""
    low = high = None
    for block, weights in _weighed_blocks(values, weight):
        seen = block[weights > 0]
        if len(seen):
            lowest, highest = seen.min(axis=0), seen.max(axis=0)
            low = lowest if low is None else np.minimum(low, lowest)
            high = highest if high is None else np.maximum(high, highest)
    return low, high


def _moments(values, weight: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean and variance of each gene: sums of blocks, put together after Chan et al."""
    total, n_genes, first = 0.0, values.shape[1], None
    mean, squares = np.zeros(n_genes), np.zeros(n_genes)  # of differences to the first sample
    for block, weights in _weighed_blocks(values, weight):
        added = weights.sum()
        if added == 0:
            continue
        if first is None:
            # Taken from one of the samples, a constant gene's mean is exact, whatever their number.
            first = block[np.argmax(weights > 0)].astype(np.float64)
        difference = block - first
        # Not a BLAS product: its rounding would depend on the number of threads.
        block_mean = np.einsum("n,ng->g", weights, difference) / added
        difference -= block_mean
        shift = block_mean - mean
        total += added
        mean += shift * (added / total)
        squares += np.einsum("n,ng,ng->g", weights, difference, difference)
        squares += np.square(shift) * (added * (total - added) / total)
    return first + mean, squares / total
