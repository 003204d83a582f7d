"""Deep gene expression inference and gene clustering with scikit-learn's verbs."""

from __future__ import annotations

import importlib

__version__ = "0.1.0"

# Estimators load torch; they wait for their first use, so that importing the package is quick.
_LAZY = {
    "DGEXRegressor": "sklearn_dgex._dgex",
    "LandmarkImputer": "sklearn_dgex._imputer",
    "SDATransformer": "sklearn_dgex._sda",
}

__all__ = ["DGEXRegressor", "LandmarkImputer", "SDATransformer", "__version__"]


def __getattr__(name: str):
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
