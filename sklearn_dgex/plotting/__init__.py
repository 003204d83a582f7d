"""Pictures of inferred and of clustered expression, in scikit-learn's Display convention."""

from sklearn_dgex.plotting._display_cluster_map import ClusterMapDisplay
from sklearn_dgex.plotting._display_gene_error import GeneErrorDisplay
from sklearn_dgex.plotting._display_true_vs_inferred import InferenceDisplay

__all__ = ["ClusterMapDisplay", "GeneErrorDisplay", "InferenceDisplay"]
