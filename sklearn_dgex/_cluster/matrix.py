"""The table to cluster: read from a file, with the known classes of its genes, and completed."""

from __future__ import annotations

import gzip
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.impute import KNNImputer

from sklearn_dgex.datasets import load_spellman_yeast, read_expression
from sklearn_dgex.utils.genes import listed

SEPARATORS = "\t,;"
EXPRESSION = (".gct", ".gctx", ".h5ad")  # files that say themselves which way they have genes
UNKNOWN = ("", "NA", "NaN")  # no class


@dataclass
class Matrix:
    """Profiles to cluster, one row a gene, and what is known of them."""

    profiles: pd.DataFrame
    name: str
    known: np.ndarray | None = None  # class of each gene
    class_order: list | None = None
    class_label: str = "known class"
    unit: str = "expression"
    notes: list[str] = field(default_factory=list)  # what was done to the values, for the reader


def example_matrix() -> Matrix:
    """Return the embedded set of Spellman et al. (1998)."""
    data = load_spellman_yeast()
    return _completed(
        Matrix(
            profiles=data.data.rename_axis("gene"),
            name="Spellman et al. (1998), embedded",
            known=data.target,
            class_order=data.target_names,
            class_label="phase",
            unit="log2 ratio",
        )
    )


def read_matrix(path: str, *, labels: str | None = None, transpose: bool = False) -> Matrix:
    """Read a table of numbers whose first column names the genes, and whose first row conditions.

    Parameters
    ----------
    path : str
        CSV or TSV, also gzipped; or GCT, GCTX or h5ad, whose samples are the conditions.
    labels : str or None
        Column of the table, or field about genes, that holds known classes; or file of two
        columns, gene and class.
    transpose : bool
        Whether a CSV or TSV file has the genes in its columns; labels are then one of its rows.

    Returns
    -------
    Matrix
        Complete: missing values are filled.

    Raises
    ------
    OSError, ValueError
        If a file is missing or is not what it must be.
    """
    is_expression = path.lower().removesuffix(".gz").endswith(EXPRESSION)
    table = _read_expression(path, labels, transpose) if is_expression else _read_table(path)
    if transpose:
        table = table.T.rename_axis(index="gene", columns=None)
    matrix = Matrix(profiles=table, name=Path(path).name)
    if labels is not None and labels in table.columns:
        classes = table[labels].convert_dtypes().astype("string").fillna("")  # 1, not 1.0
        _set_classes(matrix, dict(enumerate(classes)), range(len(table)), labels)
        matrix.class_label = labels
        matrix.profiles = table.drop(columns=labels)
    elif labels is not None:
        _read_classes(matrix, labels, transpose)
    matrix.profiles = _numbers(matrix.profiles)
    return _completed(matrix)


def _read_expression(path: str, labels: str | None, transpose: bool) -> pd.DataFrame:
    """Read a file of expression as a table of genes, with known classes if it has them."""
    if transpose:
        raise ValueError(
            f"--transpose must go with a CSV or TSV file. Got {path!r}, which says itself where "
            "its genes are; leave --transpose out."
        )
    profiles = read_expression(path, dtype=np.float64)
    table = profiles.expression.T.rename_axis(index="gene", columns=None)
    if labels not in profiles.genes.columns:
        return table
    return table.assign(**{labels: profiles.genes[labels].array})


def _read_table(path: str) -> pd.DataFrame:
    """Read a table with names of genes as its index."""
    table = _read_text(path, low_memory=False, dtype={0: str})
    if isinstance(table.index, pd.MultiIndex):
        raise ValueError(
            f"A row must have as many fields as the header, or one more. Got {table.index.nlevels} "
            f"more in {path!r}; check the separators of its first lines."
        )
    if isinstance(table.index, pd.RangeIndex):
        table = table.set_index(table.columns[0])
    # A header of one field less has nothing above the genes, as R writes it, or else every row
    # ends in a separator.
    elif table.iloc[:, -1].isna().all():
        table = table.iloc[:, :-1].set_axis(table.columns[1:], axis=1)
    if table.index.hasnans:  # a gene is named as it is written, be it NA
        names = _read_text(path, usecols=[0], dtype=str, keep_default_na=False)
        table.index = names.iloc[:, 0]
    return table.set_index(table.index.astype(str))


def _read_text(path: str, **options) -> pd.DataFrame:
    """Read a file whose separator is the commonest of its first line."""
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"The table must be a CSV or TSV file. Got {path!r}, where there is none; check the "
            "name and the folder."
        )
    opened = gzip.open if path.endswith(".gz") else open
    try:
        with opened(path, "rt", encoding="utf-8-sig") as stream:
            first = stream.readline()
            stream.seek(0)
            separator = max(SEPARATORS, key=first.count)
            return pd.read_csv(stream, sep=separator, **options)
    except (ValueError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        reason = str(error).strip().splitlines()[-1].rstrip(".")
        raise ValueError(
            f"The table must be a CSV or TSV file. Got {path!r}, which cannot be read as one "
            f"({reason}); save it as UTF-8 text with one separator throughout."
        ) from error


def _read_classes(matrix: Matrix, path: str, transpose: bool) -> None:
    """Set the known classes from a file of two columns, with or without a header."""
    if not Path(path).is_file():
        names = list(map(str, matrix.profiles.columns))
        raise FileNotFoundError(
            f"The labels must be a {'row' if transpose else 'column'} of the table or a file. Got "
            f"{path!r}, which is neither; the table has "
            f"{listed(get_close_matches(path, names) or names)}."
        )
    table = _read_text(path, header=None, index_col=False, dtype=str, keep_default_na=False)
    if table.shape[1] != 2:
        raise ValueError(
            "The labels must have two columns, gene and class. Got "
            f"{table.shape[1]} in {path!r}; keep these two."
        )
    genes, pairs = list(matrix.profiles.index), table.to_numpy()
    if len(pairs) and pairs[0, 0] not in genes:
        matrix.class_label = pairs[0, 1] or matrix.class_label
        pairs = pairs[1:]
    if list(pairs[:, 0]) == genes:  # gene by gene, so that a gene may stand twice
        _set_classes(matrix, dict(enumerate(pairs[:, 1])), range(len(genes)), path)
        return
    classes = dict(pairs)
    contradicted = {gene: 0 for gene, name in pairs if classes[gene] != name}
    if contradicted:
        raise ValueError(
            f"A gene must have one class in {path!r}. Got several for {len(contradicted)} "
            f"({listed(list(contradicted))}); keep one each, or list genes exactly as the table "
            "does."
        )
    unknown = sorted(classes.keys() - set(genes))
    _set_classes(matrix, classes, genes, path, unknown)
    if unknown:
        matrix.notes.append(
            f"Genes of {path} that the table lacks: {len(unknown):,} ({listed(unknown)})."
        )


def _set_classes(matrix: Matrix, classes: dict, keys, source: str, unknown=()) -> None:
    """Set the class of each gene, after checking that each has one."""
    genes = list(matrix.profiles.index)
    without = [g for g, key in zip(genes, keys, strict=True) if classes.get(key, "") in UNKNOWN]
    if without:
        others = f", but some for {len(unknown)} that the table lacks ({listed(unknown)})"
        raise ValueError(
            f"Every gene of the table must have a class in {source!r}. Got none for "
            f"{len(without)} of {len(genes)} ({listed(without)}){others if unknown else ''}; add "
            "them, or drop these genes from the table."
        )
    matrix.known = np.array([classes[key] for key in keys])
    matrix.class_order = list(dict.fromkeys(matrix.known.tolist()))
    with suppress(ValueError):  # numbers in their order, other names as they come
        matrix.class_order.sort(key=float)


def _numbers(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table as floats, after checking that it holds nothing else."""
    numbers = table.apply(pd.to_numeric, errors="coerce").astype(np.float64)
    other = numbers.isna() & table.notna()
    bad = list(table.columns[other.any()])
    if bad:
        value = table.loc[other[bad[0]].to_numpy(), bad[0]].iloc[0]
        raise ValueError(
            f"The table must hold numbers but for names. Got others, such as {value!r}, in "
            f"{listed(bad)}; drop these, or name known classes by --labels."
        )
    if np.isinf(numbers.to_numpy()).any():
        raise ValueError(
            f"The values must be finite. Got {int(np.isinf(numbers.to_numpy()).sum())} infinite "
            "ones; replace them, or leave them empty to have them filled."
        )
    return numbers


def _completed(matrix: Matrix) -> Matrix:
    """Fill missing values from genes alike, and note how many."""
    profiles = matrix.profiles
    empty = profiles.columns[profiles.isna().all()]
    if len(empty):
        profiles = profiles.drop(columns=empty)
        matrix.notes.append(
            f"Conditions without any value, left out: {len(empty):,} ({listed(empty)})."
        )
    if profiles.empty:
        raise ValueError(
            "The table must have values below its header and beside its gene names. Got none; "
            "check that columns are separated by tabs, commas or semicolons."
        )
    missing = profiles.isna()
    blank = list(profiles.index[missing.all(axis=1)])
    if blank:
        raise ValueError(
            f"Every gene must have a value. Got none for {len(blank)} of {len(profiles)} "
            f"({listed(blank)}); drop these genes."
        )
    n_missing = int(missing.to_numpy().sum())
    if n_missing:
        filled = KNNImputer().fit_transform(profiles)
        profiles = pd.DataFrame(filled, index=profiles.index, columns=profiles.columns)
        matrix.notes.append(
            f"{n_missing:,} of {missing.size:,} values ({n_missing / missing.size:.1%}) are "
            "missing; KNNImputer fills them from the 5 genes most alike."
        )
    matrix.profiles = profiles
    return matrix
