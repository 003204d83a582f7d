"""Which genes a probe measures: a table, dict or series, read into pairs."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import NamedTuple

import numpy as np

from sklearn_dgex.utils.genes import is_no_gene


class ProbeOfGene(NamedTuple):
    """One line of a map. A probe is a name, or a column's position where columns have no names."""

    probe: str | int
    gene: str


def read_pairs(gene_map) -> list[ProbeOfGene]:
    """Pairs of probe and gene in the map's order, each once; probes without a gene are left out.

    Raises
    ------
    ValueError
        If the map has another form.
    """
    pairs = {
        ProbeOfGene(_as_probe(probe), str(gene)): None
        for probe, genes in _lines(gene_map)
        for gene in _each(genes)
        if not is_no_gene(gene)
    }
    return list(pairs)


def _lines(gene_map):
    if isinstance(gene_map, Mapping):
        return gene_map.items()
    columns = getattr(gene_map, "columns", None)
    if columns is not None and {"probe", "gene"} <= set(columns):
        return zip(gene_map["probe"], gene_map["gene"], strict=True)
    if columns is None and hasattr(gene_map, "index") and hasattr(gene_map, "items"):
        return gene_map.items()  # a series
    got = f"a frame with columns {list(columns)}" if columns is not None else repr(type(gene_map))
    raise ValueError(
        "The 'gene_map' parameter of ProbeCollapser must be a frame with columns 'probe' and "
        f"'gene', a dict, or a series indexed by probe. Got {got} instead; rename the columns."
    )


def _as_probe(probe) -> str | int:
    return int(probe) if isinstance(probe, Integral) else str(probe)


def _each(genes):
    return genes if isinstance(genes, list | tuple | np.ndarray) else (genes,)
