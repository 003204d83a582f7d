"""The command that clusters the genes of a table: raw, by PCA, by codes, and regenerated."""

from sklearn_dgex._cluster.command import run

__all__ = ["run"]
