"""The paper's two sets of yeast genes, its grid of settings (Table I), and the methods compared."""

from __future__ import annotations

from itertools import product

from sklearn.cluster import KMeans, SpectralClustering
from sklearn.pipeline import Pipeline

from sklearn_dgex import SDATransformer
from sklearn_dgex.datasets import fetch_yeast_cell_cycle

SETS = (384, 237)
HIDDEN = tuple(range(4, 18))
CORRUPTION = (0.0, 0.05, 0.1, 0.15, 0.2)
TRAINING = {"batch_size": (4, 8, 12), "max_iter": (2000, 5000), "learning_rate_init": (0.05, 0.1)}
QUICK_TRAINING = {"batch_size": 12, "max_iter": 2000, "learning_rate_init": 0.1}


def genes(n_genes: int):
    """Profiles as published, of shape (n_genes, 17), and each gene's class."""
    return fetch_yeast_cell_cycle(n_genes, return_X_y=True, as_frame=False)


def trainings(quick: bool) -> list[dict]:
    """Every combination of batch size, epochs and rate; the cheapest alone where it is quick."""
    values = [dict(zip(TRAINING, values, strict=True)) for values in product(*TRAINING.values())]
    return [QUICK_TRAINING] if quick else values


def grid(quick: bool) -> dict:
    """All settings of Table I, as a grid for a search."""
    training = {name: [value] for name, value in QUICK_TRAINING.items()} if quick else TRAINING
    return {
        "sda__hidden_layer_sizes": [(n,) for n in HIDDEN],
        "sda__corruption_level": list(CORRUPTION),
        **{f"sda__{name}": list(values) for name, values in training.items()},
    }  # 840 settings, or 70


def clusterers(n_clusters: int, seed: int) -> dict:
    """The paper's two algorithms."""
    return {
        "kmeans": KMeans(n_clusters, n_init=10, random_state=seed),
        # Neighbours, not distances, make the graph: the two sets have different units.
        "spectral": SpectralClustering(
            n_clusters, affinity="nearest_neighbors", n_init=10, random_state=seed
        ),
    }


def pipeline(n_clusters: int, seed: int, **parameters) -> Pipeline:
    """Regenerate, then cluster by KMeans."""
    return Pipeline(
        [
            ("sda", SDATransformer(random_state=seed, **parameters)),
            ("cluster", clusterers(n_clusters, seed)["kmeans"]),
        ]
    )
