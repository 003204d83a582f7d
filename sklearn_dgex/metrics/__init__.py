"""How far inferred expression lies from the measured one, how sure that is, and where to trust."""

from sklearn_dgex.metrics._best_inferred import best_inferred_genes
from sklearn_dgex.metrics._bootstrap import BootstrapInterval, bootstrap_interval
from sklearn_dgex.metrics._comparison import compare_models, holm
from sklearn_dgex.metrics._errors import (
    mmae,
    per_gene_correlation,
    per_gene_mae,
    per_sample_mae,
)
from sklearn_dgex.metrics._report import inference_report, shares_landmark

__all__ = [
    "BootstrapInterval",
    "best_inferred_genes",
    "bootstrap_interval",
    "compare_models",
    "holm",
    "inference_report",
    "mmae",
    "per_gene_correlation",
    "per_gene_mae",
    "per_sample_mae",
    "shares_landmark",
]
