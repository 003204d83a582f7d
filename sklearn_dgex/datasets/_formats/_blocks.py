"""Blocks of samples that must add up to a table."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


class BlockWriter:
    """A table of known shape that is written row by row.

    Attributes
    ----------
    shape : tuple of int
        Numbers of samples and genes.
    n_written : int
        Samples that have been written.
    """

    def __init__(self, shape, dtype: np.dtype, store: Callable[[slice, np.ndarray], None]):
        self.shape, self.n_written = shape, 0
        self._dtype, self._store = dtype, store

    def write(self, block) -> None:
        """Add samples.

        Parameters
        ----------
        block : array-like or frame of shape (n, n_genes)
            The next samples, with the genes in the order of the file.
        """
        block = np.asarray(block)
        n_samples, n_genes = self.shape
        if block.ndim != 2 or block.shape[1] != n_genes or block.dtype.kind not in "fiub":
            raise ValueError(
                f"A block to write must be numbers of shape (n, {n_genes}). Got {block.dtype.name} "
                f"of shape {block.shape} instead."
            )
        stop = self.n_written + len(block)
        if stop > n_samples:
            raise _sum_error(n_samples, stop)
        self._store(slice(self.n_written, stop), _converted(block, self._dtype))
        self.n_written = stop

    def check_complete(self) -> None:
        """Raise a ValueError unless all samples have been written."""
        if self.n_written != self.shape[0]:
            raise _sum_error(self.shape[0], self.n_written)


def _converted(block: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Block as ``dtype``, which its values must fit into."""
    with np.errstate(over="ignore"):
        converted = block.astype(dtype, copy=False)
    if np.isinf(converted).any() and not np.isinf(block[np.isinf(converted)]).all():
        raise ValueError(
            f"Values to write must fit into {dtype.name}. Got {np.nanmax(np.abs(block)):g} "
            "instead; pass dtype='float64'."
        )
    return converted


def _sum_error(n_samples: int, got: int) -> ValueError:
    return ValueError(
        f"Blocks must add up to the {n_samples:,} samples that were named. Got {got:,} instead; "
        "the file was not written."
    )
