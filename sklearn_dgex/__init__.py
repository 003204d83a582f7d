"""Deep gene expression inference and gene clustering with scikit-learn's verbs."""

from sklearn_dgex.utils.lazy import lazy_names

__version__ = "0.1.0"

# Estimators load scikit-learn, of which the command line's help has no need.
__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "DGEXRegressor": "_dgex",
        "LandmarkImputer": "_imputer",
        "SDATransformer": "_sda",
    },
)
__all__ += ["__version__"]
