"""Scorers, a splitter and a report, to choose among inferences and among clusterings."""

from sklearn_dgex.model_selection._inference_scorers import inference_scorers
from sklearn_dgex.model_selection._reconstruction import HeldOutReconstructionScorer
from sklearn_dgex.model_selection._report import clustering_report
from sklearn_dgex.model_selection._scorers import (
    RankedCriteria,
    adjusted_rand_scorer,
    clustering_scorers,
    silhouette_scorer,
)
from sklearn_dgex.model_selection._split import AllSamplesSplit
from sklearn_dgex.model_selection._stability import StabilityScorer

__all__ = [
    "AllSamplesSplit",
    "HeldOutReconstructionScorer",
    "RankedCriteria",
    "StabilityScorer",
    "adjusted_rand_scorer",
    "clustering_report",
    "clustering_scorers",
    "inference_scorers",
    "silhouette_scorer",
]
