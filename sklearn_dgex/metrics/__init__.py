"""How far inferred expression lies from the measured one."""

from sklearn_dgex.metrics._errors import (
    mmae,
    per_gene_correlation,
    per_gene_mae,
    per_sample_mae,
)

__all__ = ["mmae", "per_gene_correlation", "per_gene_mae", "per_sample_mae"]
