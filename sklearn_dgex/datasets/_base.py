"""What every loader returns, and where its description stands."""

from __future__ import annotations

from importlib import resources

import numpy as np
from sklearn.utils import Bunch


def expression_bunch(
    expression: np.ndarray,
    *,
    sample_names: list[str],
    gene_names: np.ndarray,
    is_feature: np.ndarray,
    is_target: np.ndarray,
    descr: str,
    return_X_y: bool,
    as_frame: bool,
    **extra,
):
    """Split ``expression`` of shape (n_samples, n_genes) by two gene masks, scikit-learn's way."""
    feature_names = gene_names[is_feature].tolist()
    target_names = gene_names[is_target].tolist()
    data, target = expression[:, is_feature], expression[:, is_target]
    frame = None
    if as_frame:
        import pandas as pd

        data = pd.DataFrame(data, index=sample_names, columns=feature_names, copy=False)
        target = pd.DataFrame(target, index=sample_names, columns=target_names, copy=False)
        frame = None if return_X_y else pd.concat([data, target], axis=1)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        frame=frame,
        feature_names=feature_names,
        target_names=target_names,
        sample_names=sample_names,
        DESCR=read_descr(descr),
        **extra,
    )


def gene_bunch(
    values: np.ndarray,
    *,
    target: np.ndarray,
    target_names: list[str],
    gene_names: list[str],
    feature_names: list[str],
    descr: str,
    return_X_y: bool,
    as_frame: bool,
):
    """Genes as samples: ``values`` of shape (n_genes, n_conditions), and a class of each gene."""
    data, frame = values, None
    if as_frame:
        import pandas as pd

        data = pd.DataFrame(values, index=gene_names, columns=feature_names, copy=False)
        frame = None if return_X_y else data.assign(target=target)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        frame=frame,
        feature_names=feature_names,
        target_names=list(target_names),
        gene_names=gene_names,
        DESCR=read_descr(descr),
    )


def read_descr(name: str) -> str:
    """Text of the description file ``name``.rst."""
    folder = resources.files("sklearn_dgex.datasets") / "descr"
    return (folder / f"{name}.rst").read_text(encoding="utf-8")
