"""Scores with and without the targets that measure a landmark gene through another probe."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sklearn_dgex.metrics._errors import per_gene_correlation, per_gene_mae
from sklearn_dgex.utils.genes import gene_names

TRUSTED = 0.5  # a correlation that explains a quarter of the gene's variance


def shares_landmark(targets, landmarks, *, gene_of=None) -> np.ndarray:
    """Tell which targets measure a gene that is a landmark as well.

    Parameters
    ----------
    targets, landmarks : sequence of str of lengths n_targets and n_landmarks, or frames
        Names; of a frame its columns.
    gene_of : mapping of str to str, default=None
        Gene of each probe, where names are those of probes. A name that it lacks, or has no gene
        for, is its own gene.

    Returns
    -------
    ndarray of bool, of shape (n_targets,)
        True for targets whose gene some landmark measures.

    Raises
    ------
    ValueError
        If a frame has columns that are not strings.

    Examples
    --------
    >>> from sklearn_dgex.metrics import shares_landmark
    >>> gene_of = {"200814_at": "PSME1", "201532_at": "PSMA3", "201533_at": "PSME1"}
    >>> shares_landmark(["201532_at", "201533_at"], ["200814_at"], gene_of=gene_of)
    array([False,  True])
    """
    gene_of = {} if gene_of is None else gene_of
    if not isinstance(gene_of, Mapping) and not hasattr(gene_of, "get"):
        raise ValueError(
            f"gene_of must be a mapping of names to genes. Got {type(gene_of).__name__} instead."
        )
    genes = {_gene(name, gene_of) for name in _names(landmarks, "landmarks")}
    return np.array([_gene(name, gene_of) in genes for name in _names(targets, "targets")], bool)


def inference_report(y_true, y_pred, *, landmarks=None, gene_of=None) -> pd.DataFrame:
    """Score an inference over all targets, and with and without those that share a landmark's gene.

    A target that measures a landmark gene through another probe is a far easier one: 445 of the
    D-GEX targets are such.

    Parameters
    ----------
    y_true, y_pred : array-like or frame of shape (n_samples, n_genes)
        Measured and inferred expression; two frames are matched by gene name.
    landmarks : sequence of str or frame, default=None
        Names of the landmarks. None leaves all targets undivided.
    gene_of : mapping of str to str, default=None
        Gene of each probe, as in :func:`shares_landmark`.

    Returns
    -------
    DataFrame of shape (3, 4) or (1, 4)
        Rows ``all``, ``shared`` and ``unshared``; columns ``n_genes``, ``mmae`` in units of the
        expression, ``median_correlation`` and ``above_half``, the share of genes with r > 0.5. NaN
        where there are no genes.

    Raises
    ------
    GeneMismatchError
        If both are frames and their genes differ.
    ValueError
        If shapes differ, a value is not finite, or landmarks are given and ``y_true`` is no frame
        with gene names.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_dgex.metrics import inference_report
    >>> y_true = pd.DataFrame({"TP53": [0.0, 1.0, 2.0], "MYC": [1.0, 0.0, 1.0]})
    >>> inference_report(y_true, y_true + 0.1, landmarks=["MYC", "EGFR"])["n_genes"].to_dict()
    {'all': 2, 'shared': 1, 'unshared': 1}
    """
    mae = np.asarray(per_gene_mae(y_true, y_pred))
    correlation = np.asarray(per_gene_correlation(y_true, y_pred))
    parts = {"all": np.ones(len(mae), dtype=bool)}
    if landmarks is not None:
        shared = shares_landmark(_named(y_true), landmarks, gene_of=gene_of)
        parts |= {"shared": shared, "unshared": ~shared}
    rows = {
        name: {
            "n_genes": int(part.sum()),
            "mmae": mae[part].mean() if part.any() else np.nan,
            "median_correlation": np.median(correlation[part]) if part.any() else np.nan,
            "above_half": np.mean(correlation[part] > TRUSTED) if part.any() else np.nan,
        }
        for name, part in parts.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").astype({"n_genes": int})


def _named(y_true):
    if gene_names(y_true) is None:
        raise ValueError(
            "y_true must be a frame with gene names to tell which targets share a landmark's "
            f"gene. Got {type(y_true).__name__} instead; name its columns, or leave landmarks out."
        )
    return y_true


def _gene(name: str, gene_of) -> str:
    gene = gene_of.get(name, name)
    return name if pd.isna(gene) else gene  # two probes without a gene do not share one


def _names(names, what: str) -> list[str]:
    if hasattr(names, "columns"):
        columns = gene_names(names)
        if columns is None:
            raise ValueError(f"{what} must have strings as names. Got other columns; rename them.")
        return list(columns)
    if isinstance(names, str):
        raise ValueError(f"{what} must be a sequence of names. Got the string {names!r} instead.")
    return list(names)
