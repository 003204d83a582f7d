"""SDATransformer, the estimator for regenerating and clustering profiles, in its parts."""

from sklearn_dgex._sda.transformer import SDATransformer

__all__ = ["SDATransformer"]
