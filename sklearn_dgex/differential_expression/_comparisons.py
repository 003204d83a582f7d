"""What is compared: a design matrix and a contrast, from groups or as given."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral

import numpy as np
import pandas as pd

from sklearn_dgex.utils.genes import listed
from sklearn_dgex.utils.samples import in_sample_order


@dataclass
class Comparison:
    """Design of shape (n_samples, n_terms), a contrast of its terms, and what that is called."""

    design: np.ndarray
    contrast: np.ndarray
    name: str


def comparison_of_groups(groups, reference, samples: pd.Index | None, n_samples: int) -> Comparison:
    """One mean a group; the contrast is that of the other group minus the reference."""
    groups = in_sample_order(groups, samples, what="groups")
    missing = pd.isna(np.asarray(groups, dtype=object))  # before a NaN among strings becomes "nan"
    groups = np.asarray(groups)
    if groups.shape != (n_samples,):
        raise ValueError(
            f"groups must hold one label for each of the {n_samples} samples. "
            f"Got shape {groups.shape} instead."
        )
    if missing.any():
        raise ValueError(
            "groups must have no missing label. Got "
            f"{int(missing.sum())} missing; leave these samples out."
        )
    names = sorted(pd.unique(groups), key=lambda name: (type(name).__name__, name))
    quoted = listed([str(name) for name in names])
    if len(names) != 2:
        raise ValueError(
            f"groups must have two different labels. Got {len(names)} ({quoted}); compare more "
            "groups by a design matrix."
        )
    if reference is not None and reference not in names:
        raise ValueError(
            f"reference must be one of the two groups ({quoted}). Got {reference!r} instead."
        )
    first = names[0] if reference is None else reference
    other = names[1] if first == names[0] else names[0]
    design = np.column_stack([groups == first, groups == other]).astype(float)
    return Comparison(design, np.array([-1.0, 1.0]), f"{other} - {first}")


def comparison_of_design(design, contrast, samples: pd.Index | None, n_samples: int) -> Comparison:
    """Take a design as given; the contrast is one of its columns, or weights of all."""
    terms = [str(name) for name in getattr(design, "columns", [])]
    design = in_sample_order(design, samples, what="design")
    try:
        design = np.asarray(design, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"design must hold numbers. Got others ({error}); code categories as columns of 0, 1."
        ) from error
    if design.ndim != 2 or len(design) != n_samples or not design.shape[1]:
        raise ValueError(
            f"design must have one row for each of the {n_samples} samples and at least one "
            f"column. Got shape {design.shape} instead."
        )
    if not np.isfinite(design).all():
        raise ValueError("design must be finite. Got NaN or infinite values; leave samples out.")
    terms = terms or [f"column {i}" for i in range(design.shape[1])]
    weights, name = _weights(contrast, terms)
    return Comparison(design, weights, name)


def check_estimable(comparison: Comparison) -> None:
    """Raise a ValueError if the design leaves nothing to judge variances by."""
    n_samples, n_terms = comparison.design.shape
    if n_terms >= n_samples:
        raise ValueError(
            f"The comparison must have more samples than coefficients ({n_terms}), for what is "
            f"left over tells the variance. Got {n_samples} samples; add replicates."
        )
    rank = np.linalg.matrix_rank(comparison.design)
    if rank < n_terms:
        raise ValueError(
            "The design's columns must be linearly independent. Got "
            f"{n_terms} columns of rank {rank}; drop those that follow from others."
        )


def _weights(contrast, terms: list[str]) -> tuple[np.ndarray, str]:
    n_terms = len(terms)
    if isinstance(contrast, str):
        if contrast not in terms:
            raise ValueError(
                f"contrast must be one of the design's columns ({listed(terms)}). "
                f"Got {contrast!r} instead."
            )
        contrast = terms.index(contrast)
    if isinstance(contrast, Integral) and not isinstance(contrast, bool):
        if not -n_terms <= contrast < n_terms:
            raise ValueError(
                f"contrast must be the position of one of the design's {n_terms} columns. "
                f"Got {contrast} instead."
            )
        return np.eye(n_terms)[contrast], terms[contrast]
    weights = np.asarray(contrast, dtype=float)
    if weights.shape != (n_terms,) or not np.isfinite(weights).all() or not weights.any():
        raise ValueError(
            "contrast must be a column of the design, or a weight for each of its "
            f"{n_terms} columns, not all zero. Got {contrast!r} instead."
        )
    parts = [f"{w:+g} × {term}" for w, term in zip(weights, terms, strict=True) if w]
    return weights, " ".join(parts)
