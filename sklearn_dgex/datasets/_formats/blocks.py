"""Blocks of samples that must add up to a table."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from sklearn_dgex.datasets._formats.precision import converted
from sklearn_dgex.utils.genes import gene_order


class BlockWriter:
    """A table of known samples and genes that is written row by row.

    Attributes
    ----------
    samples, genes : Index
        Ids of all of them, in the order of the file.
    shape : tuple of int
        Their numbers.
    n_written : int
        Samples that have been written.
    """

    def __init__(
        self,
        samples: pd.Index,
        genes: pd.Index,
        dtype: np.dtype,
        store: Callable[[slice, np.ndarray], None],
    ):
        self.samples, self.genes, self.n_written = samples, genes, 0
        self.shape = (len(samples), len(genes))
        self._dtype, self._store = dtype, store

    def write(self, block) -> None:
        """Add samples.

        Parameters
        ----------
        block : array-like or frame of shape (n, n_genes)
            The next samples. An array has its genes in the order of the file. A frame may have them
            in any order, for they are told by their names; its index must be the samples that are
            due. Rows or columns that are only counted, 0, 1, 2 …, have no names, and are taken as
            they come.

        Raises
        ------
        GeneMismatchError
            If a frame has other genes.
        ValueError
            If the block has other samples than are due, or more, or no numbers, or such as do not
            fit into the file's dtype.
        """
        values, is_frame = np.asarray(block), isinstance(block, pd.DataFrame)
        if is_frame:
            values = self._in_order(block.columns, values)
        n_samples, n_genes = self.shape
        if values.ndim != 2 or values.shape[1] != n_genes or values.dtype.kind not in "fiub":
            raise ValueError(
                f"A block to write must be numbers of shape (n, {n_genes}). Got "
                f"{values.dtype.name} of shape {values.shape} instead."
            )
        rows = slice(self.n_written, self.n_written + len(values))
        if rows.stop > n_samples:
            raise _sum_error(n_samples, rows.stop)
        if is_frame:
            _check_due(block.index, self.samples[rows])
        self._store(rows, converted(values, self._dtype, "Values to write"))
        self.n_written = rows.stop

    def check_complete(self) -> None:
        """Raise a ValueError unless all samples have been written."""
        if self.n_written != self.shape[0]:
            raise _sum_error(self.shape[0], self.n_written)

    def _in_order(self, columns: pd.Index, values: np.ndarray) -> np.ndarray:
        """Values of a frame with its genes as in the file."""
        if not _is_named(columns) or _agree(columns, self.genes):
            return values
        given = np.array(list(map(str, columns)), dtype=object)
        expected = list(map(str, self.genes))
        return values[:, gene_order(given, expected, what="block's", owner="the file")]


def _check_due(index: pd.Index, due: pd.Index) -> None:
    """Raise a ValueError unless a frame's samples are those that come next in the file."""
    if not _is_named(index) or _agree(index, due):
        return
    pairs = zip(map(str, index), map(str, due), strict=True)
    got, wanted = next((got, wanted) for got, wanted in pairs if got != wanted)
    raise ValueError(
        "The index of a block to write must be the samples that are due. Got "
        f"{got!r} in the place of {wanted!r} instead; write them in the order in which they were "
        "named."
    )


def _is_named(labels: pd.Index) -> bool:
    return not isinstance(labels, pd.RangeIndex)


def _agree(labels: pd.Index, ids: pd.Index) -> bool:
    """Whether labels are these ids, which the file has as text."""
    return labels.equals(ids) or list(map(str, labels)) == list(map(str, ids))


def _sum_error(n_samples: int, got: int) -> ValueError:
    return ValueError(
        f"Blocks must add up to the {n_samples:,} samples that were named. Got {got:,} instead; "
        "the file was not written."
    )
