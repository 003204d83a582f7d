"""What convert writes: some samples of a file, and their gaps filled where that is asked for."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.utils import gen_batches

from sklearn_dgex._commands.profiles import NamedProfiles
from sklearn_dgex._commands.streaming import block_length
from sklearn_dgex.utils.genes import listed
from sklearn_dgex.utils.progress import ProgressBar


class Selection:
    """Samples of profiles, in an order of their own.

    Parameters
    ----------
    profiles : NamedProfiles
        All that the file has.
    rows : ndarray of int
        Positions of the samples.

    Attributes
    ----------
    samples, genes : frame
        Metadata of what is written.
    notes : list of str
        What was done about gaps.
    """

    def __init__(self, profiles: NamedProfiles, rows: np.ndarray):
        self._profiles, self._rows = profiles, rows
        self.genes = profiles.about_genes
        self.notes: list[str] = []
        self._columns: np.ndarray | slice = slice(None)
        self._means: np.ndarray | None = None

    @property
    def samples(self) -> pd.DataFrame:
        """Metadata of the samples."""
        return self._profiles.samples.iloc[self._rows]

    @property
    def n_samples_a_block(self) -> int:
        """How many samples to read at a time."""
        return block_length(len(self._profiles.genes), len(self._profiles.columns))

    def __len__(self) -> int:
        return len(self._rows)

    def read(self, part: slice = slice(None)) -> np.ndarray:
        """Read some of the samples, or all."""
        values = self._profiles.read(self._rows[part]).to_numpy()[:, self._columns]
        if self._means is None:
            return values
        return np.where(np.isnan(values), self._means.astype(values.dtype), values)

    def fill_gaps(self) -> None:
        """Fill missing values by the means of their genes; leave out what was never measured."""
        sums, n_of_gene, n_of_sample = self._measured()
        genes, samples = n_of_gene > 0, n_of_sample > 0
        if not genes.any():
            raise ValueError(
                "--fill-gaps must be given some values, to fill the others by. Got none; check "
                "that the file is the right one."
            )
        infinite = list(self.genes.index[~np.isfinite(sums)])
        if infinite:
            raise ValueError(
                "--fill-gaps must be given finite values, to take means of. Got infinite ones for "
                f"{len(infinite):,} genes ({listed(infinite)}); mend them: the logarithm of 0 is "
                "one."
            )
        n_kept = int(samples.sum())
        n_gaps = n_kept - n_of_gene[genes]
        if n_gaps.any():
            self.notes.append(
                f"Missing values filled with the means of their genes: {n_gaps.sum():,}, in "
                f"{np.count_nonzero(n_gaps):,} genes."
            )
        self._say_left_out("Genes", self.genes.index[~genes])
        self._say_left_out("Samples", self.samples.index[~samples])
        self._means = sums[genes] / n_of_gene[genes]
        self._columns, self.genes = np.flatnonzero(genes), self.genes[genes]
        self._rows = self._rows[samples]

    def _measured(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return sums of the values of each gene, and how many each gene and sample has."""
        sums, n_of_gene = np.zeros((2, len(self.genes)))
        n_of_sample = np.zeros(len(self), dtype=np.intp)
        with ProgressBar(len(self), "Reading", "profile") as bar:
            for part in gen_batches(len(self), self.n_samples_a_block):
                values = self.read(part)
                is_measured = ~np.isnan(values)
                with np.errstate(invalid="ignore"):  # infinite ones of either sign
                    sums += values.sum(axis=0, where=is_measured, dtype=np.float64)
                n_of_gene += is_measured.sum(axis=0)
                n_of_sample[part] = is_measured.sum(axis=1)
                bar.update(len(values))
        return sums, n_of_gene.astype(np.intp), n_of_sample

    def _say_left_out(self, what: str, names: pd.Index) -> None:
        if len(names):
            self.notes.append(
                f"{what} without any value, left out: {len(names):,} ({listed(list(names))})."
            )
