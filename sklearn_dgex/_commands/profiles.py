"""Profiles of a file as frames whose columns are genes, whatever the file calls them."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.utils import gen_batches

from sklearn_dgex._commands.values import log2_plus_one
from sklearn_dgex.datasets import ExpressionSource, open_expression, read_gene_map
from sklearn_dgex.datasets._formats.metadata import texts_of
from sklearn_dgex.exceptions import GeneMismatchError
from sklearn_dgex.preprocessing import ProbeCollapser
from sklearn_dgex.utils.genes import is_no_gene, listed

IDS = "id"


class NamedProfiles:
    """Profiles of an open file, by gene: chosen columns, renamed, and averaged where they repeat.

    Parameters
    ----------
    source : ExpressionSource
        The open file.
    pairs : list of tuple of int and str
        Column of the file and gene. Columns of the same gene are averaged.
    named_by : str
        Field of the metadata, or file, that the names are from.
    repeated : bool
        Leave genes that repeat as they are.
    dtype : dtype
        What values are read as.
    log2 : bool
        Take log2(x + 1) of what is read, before it is averaged.
    """

    def __init__(
        self,
        source: ExpressionSource,
        pairs: list[tuple[int, str]],
        named_by: str,
        *,
        repeated: bool = False,
        dtype=np.float32,
        log2: bool = False,
    ):
        self.source, self.named_by, self.dtype, self.log2 = source, named_by, dtype, log2
        self.samples = source.samples
        self.genes = [gene for _, gene in pairs]
        self.columns = np.array([column for column, _ in pairs], dtype=np.intp)
        self._collapser = None
        if not repeated and len(set(self.genes)) < len(self.genes):
            self._average()

    @property
    def is_averaged(self) -> bool:
        """Whether some genes stand in several columns of the file."""
        return self._collapser is not None

    @property
    def note(self) -> str:
        """What to say of the genes' values, after their number."""
        return ", probes of a gene averaged" if self.is_averaged else ""

    @property
    def about_genes(self) -> pd.DataFrame:
        """Metadata of the genes, which averages have none of."""
        if self.is_averaged:
            return pd.DataFrame(index=pd.Index(self.genes, dtype=object))
        about = self.source.genes.iloc[self.columns]
        return about.set_axis(pd.Index(self.genes, dtype=object))

    def __len__(self) -> int:
        return len(self.source)

    def missing(self, genes: Collection[str]) -> list[str]:
        """Those of the genes that the file lacks."""
        there = set(self.genes)
        return [gene for gene in genes if gene not in there]

    def read(self, rows=slice(None)) -> pd.DataFrame:
        """Read some samples, or all, as a frame of samples × genes."""
        values, index = self.source[rows, self.columns], self.samples.index[rows]
        values = values.astype(self.dtype, copy=False)
        if self.log2:
            values = log2_plus_one(values, index, self.source.genes.index[self.columns])
        if self._collapser is not None:
            values = self._collapser.transform(values)
        return pd.DataFrame(values, index=index, columns=self.genes, copy=False)

    def blocks(self, n_samples: int) -> Iterator[pd.DataFrame]:
        """Read all samples, in frames of at most ``n_samples``."""
        return map(self.read, gen_batches(len(self), n_samples))

    def _average(self) -> None:
        """Average the columns of each gene; genes keep the order in which they are first named."""
        self.columns, places = np.unique(self.columns, return_inverse=True)
        gene_map = pd.DataFrame({"probe": places, "gene": self.genes})
        # the mean learns which columns there are, and nothing of their values
        nothing = np.zeros((1, len(self.columns)), dtype=np.float32)
        self._collapser = ProbeCollapser(gene_map).fit(nothing)
        self.genes = self._collapser.genes_.tolist()


@contextmanager
def open_profiles(
    path: str,
    options: argparse.Namespace,
    wanted: Collection[str] | None = None,
    *,
    others: bool = False,
    keep_precision: bool = False,
    log2: bool = False,
) -> Iterator[NamedProfiles]:
    """Open a file as the naming options say.

    Parameters
    ----------
    path : str
        The file.
    options : Namespace
        Of :func:`~sklearn_dgex._commands.arguments.add_naming_options`.
    wanted : collection of str or None
        Genes to read, in this order; some of them must be there. None reads all, and leaves them as
        they are if no option names them.
    others : bool
        Whether to read all other genes as well.
    keep_precision : bool
        Whether to hand values out as the file has them. Networks have single precision, and to
        round for them is no loss.
    log2 : bool
        As in NamedProfiles.
    """
    where = "columns" if options.genes_in_columns else "rows"
    if options.probes and options.gene_column:
        raise ValueError(
            "--probes must stand without --gene-column, for either names the genes. Got both; "
            "leave one out."
        )
    with open_expression(path, genes=where, dtype=None) as source:
        if not len(source):
            raise ValueError(
                f"The file {path!r} must hold samples. Got none, but {len(source.genes):,} genes; "
                "check how it was made."
            )
        if options.probes:
            named = _by_map(source, options.probes)
        else:
            named = _by_metadata(source, options.gene_column, wanted)
        pairs = named.pairs if wanted is None else _in_order(named.pairs, wanted)
        if not pairs:
            raise ValueError(_nothing_found(path, source, named, wanted, where))
        as_they_are = wanted is None and not (options.probes or options.gene_column)
        chosen = named.pairs if others else pairs
        dtype = source.dtype if keep_precision else np.float32
        how = {"repeated": as_they_are, "dtype": dtype, "log2": log2}
        yield NamedProfiles(source, chosen, named.by, **how)


def missing_landmarks(
    path: str, missing: list[str], n_landmarks: int, remedy: str
) -> GeneMismatchError:
    """Return the error of a file that lacks landmarks of the model."""
    return GeneMismatchError(
        f"The file {path!r} must hold all {n_landmarks} landmarks of the model. Got {len(missing)} "
        f"missing ({listed(missing)}); {remedy}."
    )


def _in_order(pairs: list[tuple[int, str]], wanted: Collection[str]) -> list[tuple[int, str]]:
    place = {gene: i for i, gene in enumerate(wanted)}
    return sorted((pair for pair in pairs if pair[1] in place), key=lambda pair: place[pair[1]])


class _Naming(NamedTuple):
    """Columns and their genes, and where the names are from."""

    pairs: list[tuple[int, str]]
    by: str


def _by_map(source: ExpressionSource, path: str) -> _Naming:
    genes_of: dict[str, list[str]] = {}
    for probe, gene in read_gene_map(path)[["probe", "gene"]].itertuples(index=False):
        genes_of.setdefault(probe, []).append(gene)
    pairs = [
        (column, gene)
        for column, probe in enumerate(source.genes.index)
        for gene in genes_of.get(probe, ())
    ]
    return _Naming(pairs, Path(path).name)


def _by_metadata(
    source: ExpressionSource, column: str | None, wanted: Collection[str] | None
) -> _Naming:
    names = {IDS: source.genes.index} | {
        str(field): source.genes[field] for field in source.genes.columns
    }
    if column is not None and column not in names:
        raise ValueError(
            f"--gene-column must be a field of the file's gene metadata. Got {column!r}; there are "
            f"{listed(list(names))}."
        )
    if column is None and wanted is None:
        return _Naming(list(enumerate(source.genes.index)), IDS)
    column = column or _most_telling(names, frozenset(wanted))
    pairs = [(i, name) for i, name in enumerate(_as_text(names[column])) if name]
    return _Naming(pairs, column)


def _most_telling(names: dict, wanted: frozenset[str]) -> str:
    """Field that names most of the wanted genes; of equal ones the first, so the ids if they do."""
    found = {field: len(wanted.intersection(_as_text(names[field]))) for field in names}
    return max(found, key=found.get)


def _as_text(names) -> list[str]:
    """Names of genes as text, empty where an entry stands for none."""
    texts = texts_of(pd.Series(names), missing="")  # an Entrez id beside a gap has no decimals
    return ["" if is_no_gene(text) else text for text in texts]


def _nothing_found(path, source, named: _Naming, wanted, where: str) -> str:
    remedy = "pass --probes MAP, a table of two columns: the file's name of a gene, your name"
    if len(source.genes.columns):
        fields = listed(list(map(str, source.genes.columns)))
        remedy += f"; or --gene-column with the field that has your names, of {fields}"
    if set(wanted or ()) & set(source.samples.index):
        remedy = "its samples are named like genes: " + (
            "pass --genes-in-columns" if where == "rows" else "leave out --genes-in-columns"
        )
    looked_for = f" such as {listed(list(wanted))}" if wanted else ""
    shown = list(dict.fromkeys(gene for _, gene in named.pairs)) or list(source.genes.index)
    return (
        f"The file {path!r} must hold genes{looked_for}. Got none by {named.by!r}, but "
        f"{listed(shown)}; {remedy}."
    )
