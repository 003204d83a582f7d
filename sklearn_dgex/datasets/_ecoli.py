"""Escherichia coli under 154 conditions: the PRECISE compendium, embedded."""

from __future__ import annotations

from importlib import resources
from typing import Any

import numpy as np

from sklearn_dgex.datasets._base import expression_bunch


def load_ecoli_precise(*, return_X_y=False, as_frame=True) -> Any:
    """Expression of 3,923 genes of Escherichia coli in 278 samples: infer 3,523 genes from 400.

    Embedded, so it needs no network. The 400 input genes are a random sample, drawn once with a
    fixed seed; they play the landmarks' part.

    Parameters
    ----------
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=True
        Frames with gene and sample names; False gives arrays. True, since genes are matched by
        name throughout this package.

    Returns
    -------
    Bunch, or tuple ``(data, target)`` if ``return_X_y``
        The Bunch has these attributes:

        data : float32 frame or ndarray of shape (278, 400)
            Input genes, in log2(TPM + 1).
        target : float32 frame or ndarray of shape (278, 3523)
            All other genes, in the same unit.
        frame : frame of shape (278, 3923), or None
            Both, if ``as_frame``.
        groups : ndarray of shape (278,)
            Condition of each sample. Replicates share one: split by it, for instance with
            :class:`sklearn.model_selection.GroupKFold`, or a test sample's twin is in training.
        feature_names, target_names, sample_names : list of str
            Locus tags, locus tags, samples.
        gene_symbols : dict of str to str
            Gene name of each locus tag, such as "thrA" of "b0002"; 24 loci share theirs with
            another copy of a mobile element.
        DESCR : str
            Origin, licence and processing.

    References
    ----------
    Sastry, A. V. et al. (2019). The Escherichia coli transcriptome mostly consists of
    independently regulated modules. Nature Communications 10, 5536.

    Examples
    --------
    >>> from sklearn_dgex.datasets import load_ecoli_precise
    >>> X, y = load_ecoli_precise(return_X_y=True)
    >>> X.shape, y.shape
    ((278, 400), (278, 3523))
    """
    path = resources.files("sklearn_dgex.datasets") / "data" / "ecoli_precise.npz"
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
        # deviations from the gene's mean are small, so half precision costs them little
        expression = stored["deviation"].astype(np.float32) + stored["gene_mean"]
        sample_names, gene_names = stored["sample_names"].tolist(), stored["gene_names"]
        is_feature, groups = stored["is_feature"], stored["groups"]
        gene_symbols = dict(zip(gene_names.tolist(), stored["gene_symbols"].tolist(), strict=True))
    return expression_bunch(
        expression,
        sample_names=sample_names,
        gene_names=gene_names,
        is_feature=is_feature,
        is_target=~is_feature,
        descr="ecoli_precise",
        return_X_y=return_X_y,
        as_frame=as_frame,
        groups=groups,
        gene_symbols=gene_symbols,
    )
