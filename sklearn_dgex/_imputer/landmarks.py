"""Which genes are the landmarks: named, numbered, or chosen from the training profiles."""

from __future__ import annotations

import os
from numbers import Integral, Real

import numpy as np

from sklearn_dgex.exceptions import GeneMismatchError
from sklearn_dgex.utils.genes import listed

DEFAULT_SHARE = 0.1  # the L1000 assay measures 978 genes to infer some 10,000
FEWEST = 2  # where it would be less, on toy data


def landmark_positions(landmarks, X: np.ndarray, names: np.ndarray | None) -> np.ndarray:
    """Columns of the training profiles ``X`` that are landmarks, in the order asked for.

    Raises
    ------
    GeneMismatchError
        If named landmarks are not among ``names``; the message lists them.
    ValueError
        If ``landmarks`` is not what it must be, or nothing is left to infer.
    """
    n_genes = X.shape[1]
    if n_genes < 2:
        raise ValueError(
            "LandmarkImputer needs at least two genes, one measured and one to infer. Got "
            f"n_features = {n_genes} instead."
        )
    if landmarks is None or isinstance(landmarks, Real):
        return _chosen(X, _count(landmarks, len(X), n_genes))
    if isinstance(landmarks, str | os.PathLike):
        raise ValueError(
            "The 'landmarks' parameter of LandmarkImputer must be a list of names or positions, a "
            f"number or a share. Got {os.fspath(landmarks)!r} instead; read a file of names by "
            "sklearn_dgex.datasets.read_gene_list, and write a single name in brackets."
        )
    given = list(landmarks) if np.iterable(landmarks) else [landmarks]  # an array of no dimension
    if given and all(isinstance(name, str) for name in given):
        positions = _named(given, names)
    else:
        positions = _numbered(given, n_genes, names)
    _check_once(given, positions)
    _check_some_left(len(positions), n_genes)
    return positions


def _count(landmarks: float | None, n_samples: int, n_genes: int) -> int:
    if isinstance(landmarks, Integral):
        _check_some_left(int(landmarks), n_genes)
        return int(landmarks)
    if landmarks is None:  # as many landmarks as samples would explain all others, by chance
        most = min(n_genes // 2, max(1, n_samples - 1))
        return min(max(FEWEST, round(DEFAULT_SHARE * n_genes)), most)
    return min(max(1, round(landmarks * n_genes)), n_genes - 1)


def _chosen(X: np.ndarray, n_landmarks: int) -> np.ndarray:
    from sklearn_dgex.preprocessing import LandmarkSelector

    return LandmarkSelector(n_landmarks).fit(X).get_support(indices=True)


def _named(given: list[str], names: np.ndarray | None) -> np.ndarray:
    if names is None:
        raise ValueError(
            f"The 'landmarks' are names ({listed(given)}), so the training profiles must be a "
            "frame with gene names. Got none instead; pass a frame, or positions as landmarks."
        )
    position = {name: i for i, name in enumerate(names)}
    missing = [name for name in given if name not in position]
    if missing:
        raise GeneMismatchError(
            f"The training profiles must hold all {len(given)} landmarks. Got {len(missing)} "
            f"missing ({listed(missing)}); add or rename their columns, or leave them out of "
            "'landmarks'."
        )
    return np.array([position[name] for name in given], dtype=np.intp)


def _numbered(given: list, n_genes: int, names: np.ndarray | None) -> np.ndarray:
    if len(given) == n_genes and all(isinstance(choice, bool | np.bool_) for choice in given):
        return np.flatnonzero(given)
    bad = [
        value
        for value in given
        if not isinstance(value, Integral) or isinstance(value, bool) or not 0 <= value < n_genes
    ]
    if bad or not given:
        raise ValueError(
            "The 'landmarks' parameter of LandmarkImputer must be gene names, positions from 0 to "
            f"{n_genes - 1}, one truth value a gene, a number of landmarks or a share of the "
            f"genes. Got {bad[0] if bad else given!r} instead{_as_text(bad, names)}."
        )
    return np.array(given, dtype=np.intp)


def _as_text(bad: list, names: np.ndarray | None) -> str:
    """Say how to write numbers that are names, such as Entrez ids, if the genes have such names."""
    texts = [str(value) for value in bad[:1] if names is not None and str(value) in set(names)]
    return f"; names are text: write {texts[0]!r}" if texts else ""


def _check_once(given: list, positions: np.ndarray) -> None:
    _, first = np.unique(positions, return_index=True)
    if len(first) == len(positions):
        return
    repeated = [given[i] for i in np.setdiff1d(np.arange(len(positions)), first)]
    raise ValueError(
        "The 'landmarks' parameter of LandmarkImputer must hold each gene once. Got "
        f"{len(repeated)} again ({listed(repeated)}); drop all but one."
    )


def _check_some_left(n_landmarks: int, n_genes: int) -> None:
    if not 0 < n_landmarks < n_genes:
        raise ValueError(
            "The 'landmarks' must be some of the genes, and leave others to infer. Got "
            f"{n_landmarks} landmarks of n_features = {n_genes} genes instead."
        )
