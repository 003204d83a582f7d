"""Every private scikit-learn name that this package uses, in one place to mend."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils._repr_html.estimator import _VisualBlock as VisualBlock
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

if TYPE_CHECKING:  # scikit-learn has no types: a method that it decorates would lose its own
    Method = TypeVar("Method", bound=Callable)

    def fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[Method], Method]:
        """Return a decorator that validates parameters before a fit."""
else:
    from sklearn.base import _fit_context as fit_context

__all__ = ["Interval", "StrOptions", "VisualBlock", "check_sample_weight", "fit_context"]
