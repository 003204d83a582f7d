"""Models to compare with that scikit-learn lacks: those that D-GEX was compared with."""

from sklearn_dgex.baselines._knn_gene import KNNGeneRegressor
from sklearn_dgex.baselines._lincs import LincsRegression

__all__ = ["KNNGeneRegressor", "LincsRegression"]
