"""Scorers and a splitter, to choose among clusterings with and without labels."""

from sklearn_dgex.model_selection._split import AllSamplesSplit

__all__ = ["AllSamplesSplit"]
