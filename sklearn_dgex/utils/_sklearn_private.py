"""Every private scikit-learn name that this package uses, in one place to mend."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils._repr_html.estimator import _VisualBlock as VisualBlock
from sklearn.utils.validation import _check_sample_weight

if TYPE_CHECKING:  # scikit-learn has no types: a method that it decorates would lose its own
    Method = TypeVar("Method", bound=Callable)

    def fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[Method], Method]:
        """Return a decorator that validates parameters before a fit."""
else:
    from sklearn.base import _fit_context as fit_context


def check_sample_weight(sample_weight, X, **options) -> np.ndarray:
    """Check weights as scikit-learn does since 1.9: all zero is no weighting."""
    weight = _check_sample_weight(sample_weight, X, **options)
    if not weight.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weight


__all__ = ["Interval", "StrOptions", "VisualBlock", "check_sample_weight", "fit_context"]
