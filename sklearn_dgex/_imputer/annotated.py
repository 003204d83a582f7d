"""Annotated data in, inferred genes beside them out: AnnData, by scanpy's habits."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.utils import gen_batches

from sklearn_dgex.utils.genes import is_no_gene

BLOCK_ROWS = 4096


class AnnotatedProfiles:
    """The expression of an AnnData as a table of named columns, dense where it is read.

    anndata itself is not needed: whatever has ``X``, ``layers``, ``var`` and their names will do.
    """

    def __init__(self, adata, *, layer=None, gene_symbols=None):
        self._matrix = adata.X if layer is None else _member(adata, "layers", layer, "layer")
        if self._matrix is None:
            raise ValueError("The AnnData has no X to read. Got None instead; name a layer.")
        self._samples = adata.obs_names
        self.columns = _gene_names(adata, gene_symbols)

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, names: list[str]) -> pd.DataFrame:
        column = {name: i for i, name in enumerate(self.columns)}
        return self._frame(np.array([column[name] for name in names], dtype=np.intp), names)

    def whole(self) -> pd.DataFrame:
        """Every gene, also where names stand twice."""
        return self._frame(np.arange(len(self.columns)), self.columns)

    def _frame(self, columns: np.ndarray, names) -> pd.DataFrame:
        values = dense_columns(self._matrix, columns)
        return pd.DataFrame(values, index=self._samples, columns=names)


def add_inferred(imputer, adata, *, layer, gene_symbols, key: str) -> None:
    """Put what ``imputer`` infers into an AnnData; nothing is changed before all is known."""
    if not hasattr(imputer, "feature_names_in_"):
        raise ValueError(
            "transform_anndata matches genes by name, so the model must know names. Got a model "
            "fitted on an array; fit it on a frame, or by fit_anndata."
        )
    profiles = AnnotatedProfiles(adata, layer=layer, gene_symbols=gene_symbols)
    inferred = imputer.infer(profiles).set_axis(adata.obs_names, axis=0)
    fills = imputer.missing_landmarks == "mean"
    n_filled = imputer.count_filled(profiles) if fills else None
    adata.obsm[key] = inferred
    adata.uns[key] = {
        "landmarks": imputer.landmarks_.astype(str),
        "params": _parameters(imputer, layer, gene_symbols),
    }
    column = f"{key}_n_filled"
    if fills:
        adata.obs[column] = n_filled
    elif column in adata.obs:  # of an earlier call
        del adata.obs[column]


def dense_columns(matrix, columns: np.ndarray) -> np.ndarray:
    """Columns of a matrix as a dense array; one that lies on disk is read in blocks of rows."""
    if issparse(matrix):
        return matrix[:, columns].toarray()
    if isinstance(matrix, np.ndarray):
        return np.asarray(matrix)[:, columns]
    blocks = []
    for rows in gen_batches(matrix.shape[0], BLOCK_ROWS):
        block = matrix[rows]
        block = block[:, columns]
        blocks.append(block.toarray() if issparse(block) else np.asarray(block))
    return np.concatenate(blocks)


def _parameters(imputer, layer, gene_symbols) -> dict[str, str]:
    """Parameters of a call, without those left out, for which files have no value."""
    given = {
        "layer": layer,
        "gene_symbols": gene_symbols,
        "missing_landmarks": imputer.missing_landmarks,
        "regressor": type(imputer.regressor_).__name__,
    }
    return {name: value for name, value in given.items() if value is not None}


def _gene_names(adata, gene_symbols: str | None) -> pd.Index:
    names = pd.Index(adata.var_names, dtype=object)
    if gene_symbols is None:
        return names
    symbols = _member(adata, "var", gene_symbols, "gene_symbols").astype(object)
    named = np.array([not is_no_gene(symbol) for symbol in symbols], dtype=bool)
    return pd.Index(symbols.where(named, names), dtype=object)


def _member(adata, field: str, key: str, parameter: str):
    members = getattr(adata, field)
    if key not in members:
        raise ValueError(
            f"The {parameter!r} parameter must be one of adata.{field}, which has "
            f"{[str(name) for name in members]}. Got {key!r} instead."
        )
    return members[key]
