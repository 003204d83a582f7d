"""How far inferred expression lies from the measured one, how sure that is, and where to trust."""

from sklearn_dgex.metrics._bootstrap import BootstrapInterval, bootstrap_interval
from sklearn_dgex.metrics._comparison import compare_models, holm
from sklearn_dgex.metrics._errors import (
    mmae,
    per_gene_correlation,
    per_gene_mae,
    per_sample_mae,
)

__all__ = [
    "BootstrapInterval",
    "bootstrap_interval",
    "compare_models",
    "holm",
    "mmae",
    "per_gene_correlation",
    "per_gene_mae",
    "per_sample_mae",
]
