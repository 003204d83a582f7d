"""Pictures of inferred expression, in scikit-learn's Display convention."""

from sklearn_dgex.plotting._display_gene_error import GeneErrorDisplay
from sklearn_dgex.plotting._display_true_vs_inferred import InferenceDisplay

__all__ = ["GeneErrorDisplay", "InferenceDisplay"]
