"""Prepare profiles: normalise them, turn probes into genes, drop copies, choose landmarks."""

from sklearn_dgex.preprocessing._duplicates import DuplicateProfileFilter
from sklearn_dgex.preprocessing._landmarks import LandmarkSelector
from sklearn_dgex.preprocessing._probes import ProbeCollapser
from sklearn_dgex.preprocessing._quantile import QuantileNormalizer

__all__ = [
    "DuplicateProfileFilter",
    "LandmarkSelector",
    "ProbeCollapser",
    "QuantileNormalizer",
]
