"""Pictures of inferred and of clustered expression, in scikit-learn's Display convention."""

from sklearn_dgex.plotting._display_cluster_map import ClusterMapDisplay
from sklearn_dgex.plotting._display_de_agreement import DEAgreementDisplay
from sklearn_dgex.plotting._display_gene_error import GeneErrorDisplay
from sklearn_dgex.plotting._display_gene_scatter import GeneScatterDisplay
from sklearn_dgex.plotting._display_hidden_nodes import HiddenNodesDisplay
from sklearn_dgex.plotting._display_significance import SignificanceDisplay
from sklearn_dgex.plotting._display_towers import TowersDisplay
from sklearn_dgex.plotting._display_training_curve import TrainingCurveDisplay
from sklearn_dgex.plotting._display_true_vs_inferred import InferenceDisplay

__all__ = [
    "ClusterMapDisplay",
    "DEAgreementDisplay",
    "GeneErrorDisplay",
    "GeneScatterDisplay",
    "HiddenNodesDisplay",
    "InferenceDisplay",
    "SignificanceDisplay",
    "TowersDisplay",
    "TrainingCurveDisplay",
]
