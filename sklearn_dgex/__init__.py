"""Deep gene expression inference and gene clustering with scikit-learn's verbs."""

from typing import TYPE_CHECKING

from sklearn_dgex.utils.lazy import lazy_names

__version__ = "0.1.0"

if TYPE_CHECKING:  # the table's names, for type checkers and editors
    from sklearn_dgex._dgex import DGEXRegressor as DGEXRegressor
    from sklearn_dgex._imputer import LandmarkImputer as LandmarkImputer
    from sklearn_dgex._sda import SDATransformer as SDATransformer
else:
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
