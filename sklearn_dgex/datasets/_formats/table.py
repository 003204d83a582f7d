"""What every reader of expression files returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sklearn_dgex.datasets._formats.metadata import index_of, texts_of, unique_names
from sklearn_dgex.utils.genes import is_no_gene, listed

N_ROWS_SHOWN, N_COLUMNS_SHOWN = 3, 4


@dataclass(frozen=True, repr=False, eq=False)
class ExpressionTable:
    """An expression matrix with what its file says of samples and genes.

    Parameters
    ----------
    expression : frame of shape (n_samples, n_genes)
        Profiles in rows; the index holds sample ids, the columns gene ids. A missing value is NaN.
    samples : frame of shape (n_samples, n_sample_fields)
        Metadata of the samples, by the same ids; no columns where the file has none.
    genes : frame of shape (n_genes, n_gene_fields)
        Metadata of the genes, by the same ids.

    Raises
    ------
    ValueError
        If the ids of the frames differ.

    Notes
    -----
    Ids are as the file has them: always str, and in the file's order. They may repeat. An array has
    several probes of a gene, and ids of samples are not this package's to change; see
    :meth:`named_by` for what to do with the genes.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_dgex.datasets import ExpressionTable
    >>> expression = pd.DataFrame([[7.5, 8.0, 6.5]], index=["s1"], columns=["p1", "p2", "p3"])
    >>> genes = pd.DataFrame({"symbol": ["TP53", None, "MYC"]}, index=expression.columns)
    >>> table = ExpressionTable(expression, pd.DataFrame(index=["s1"]), genes)
    >>> table
    ExpressionTable: 1 sample × 3 genes, float64
      samples: 's1'
      genes: 'p1', 'p2', 'p3'; symbol
    >>> table.named_by("symbol").expression
        TP53  MYC
    s1   7.5  6.5
    """

    expression: pd.DataFrame
    samples: pd.DataFrame
    genes: pd.DataFrame

    def __post_init__(self):
        for name, index in (("samples", self.expression.index), ("genes", self.expression.columns)):
            frame = getattr(self, name)
            if not frame.index.equals(index):
                raise ValueError(
                    f"The index of '{name}' must be the {name} of 'expression', in their order. "
                    f"Got {len(frame)} ids beside {len(index)}; take both from one table."
                )

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of samples and genes."""
        return self.expression.shape

    def named_by(self, column: str) -> ExpressionTable:
        """Return a table whose genes are named by a column of their metadata.

        Parameters
        ----------
        column : str
            Such as "pr_gene_symbol". Genes without a name there (NaN, empty, "---", "-666" or "NA")
            are left out. Whole numbers are named without decimals: 780, not 780.0.

        Returns
        -------
        ExpressionTable
            A name may stand several times, once for every probe of the gene. Models want it once:
            collapse the probes with :class:`sklearn_dgex.preprocessing.ProbeCollapser`. The old ids
            become the metadata column "id", if there is none of that name.

        Raises
        ------
        ValueError
            If there is no such column, or it names no gene.
        """
        if column not in self.genes.columns:
            raise ValueError(
                f"The 'column' parameter must name a column of 'genes'. Got {column!r} instead; "
                f"there are {listed(list(map(str, self.genes.columns))) or 'none'}."
            )
        names = texts_of(self.genes[column], missing="")
        named = np.array([not is_no_gene(name) for name in names], dtype=bool)
        if not named.any():
            raise ValueError(
                f"The column {column!r} must name some genes. Got none for all {len(names)}; "
                "choose another."
            )
        index = index_of(name for name in names if not is_no_gene(name))
        expression, genes = self.expression.loc[:, named], self.genes.loc[named]
        if "id" not in genes.columns:
            genes = genes.assign(id=genes.index.to_numpy())
        return ExpressionTable(
            expression.set_axis(index, axis=1), self.samples, genes.set_axis(index, axis=0)
        )

    def __repr__(self) -> str:
        n_samples, n_genes = self.shape
        kinds = sorted({str(dtype) for dtype in self.expression.dtypes}) or ["empty"]
        return "\n".join(
            [
                f"ExpressionTable: {_counted(n_samples, 'sample')} × {_counted(n_genes, 'gene')}, "
                + ", ".join(kinds),
                f"  samples: {_summary(self.samples)}",
                f"  genes: {_summary(self.genes)}",
            ]
        )


def table_of(values: np.ndarray, samples: pd.DataFrame, genes: pd.DataFrame) -> ExpressionTable:
    """Table of ``values`` of shape (n_samples, n_genes), which are not copied."""
    expression = pd.DataFrame(values, index=samples.index, columns=genes.index, copy=False)
    return ExpressionTable(expression, samples, genes)


def as_table(data) -> ExpressionTable:
    """Table of a table, or of a frame of samples × genes without metadata."""
    if isinstance(data, pd.DataFrame):
        data = ExpressionTable(
            data, pd.DataFrame(index=data.index), pd.DataFrame(index=data.columns)
        )
    if not isinstance(data, ExpressionTable):
        raise ValueError(
            "The expression to write must be an ExpressionTable or a frame of samples × genes. Got "
            f"{type(data).__name__} instead; make a frame, so that samples and genes have names."
        )
    others = data.expression.select_dtypes(exclude=["number", "bool"]).columns
    if len(others):
        raise ValueError(
            f"The expression to write must be numbers. Got {len(others)} columns of others "
            f"({listed(list(map(str, others)))}); drop them, or move them to the metadata."
        )
    return data


def values_of(table: ExpressionTable) -> np.ndarray:
    """Return the values as an array of floats; what stands for a missing value is NaN."""
    values = table.expression.to_numpy()
    if values.dtype in (np.float32, np.float64):
        return values
    return table.expression.to_numpy(dtype=np.float64, na_value=np.nan)


def named_columns(frame: pd.DataFrame, reserved: Sequence[str] = ()) -> dict[str, pd.Series]:
    """Columns of metadata by names of str that stand once, and are none of those reserved."""
    names = unique_names([*reserved, *map(str, frame.columns)])[len(reserved) :]
    return {name: frame.iloc[:, i] for i, name in enumerate(names)}


def _counted(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _summary(frame: pd.DataFrame) -> str:
    ids = ", ".join(map(repr, frame.index[:N_ROWS_SHOWN]))
    ids += ", …" if len(frame) > N_ROWS_SHOWN else ""
    columns = ", ".join(map(str, frame.columns[:N_COLUMNS_SHOWN]))
    n_more = frame.shape[1] - N_COLUMNS_SHOWN
    more = f" and {n_more} more" if n_more > 0 else ""
    return (ids or "none") + (f"; {columns}{more}" if columns else "")
