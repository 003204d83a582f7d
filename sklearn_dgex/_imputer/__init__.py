"""LandmarkImputer: landmark profiles in, whole profiles out."""

from sklearn_dgex._imputer.imputer import LandmarkImputer

__all__ = ["LandmarkImputer"]
