"""DGEXRegressor: landmark genes in, thousands of inferred genes out."""

from sklearn_dgex._dgex.regressor import DGEXRegressor

__all__ = ["DGEXRegressor"]
