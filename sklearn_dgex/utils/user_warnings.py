"""Warnings that point at the user's own line."""

from __future__ import annotations

import sys
import warnings

WRAPPERS = ("sklearn_dgex.", "sklearn.", "skorch.", "joblib.", "contextlib")


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn at the line that called the package, outside of it and of what wraps its functions."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(WRAPPERS):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
