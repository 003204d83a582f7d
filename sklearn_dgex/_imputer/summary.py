"""What a fitted LandmarkImputer tells at a glance."""

from __future__ import annotations

from sklearn.pipeline import Pipeline

from sklearn_dgex.utils.summary import counted


def summary(estimator) -> dict[str, str]:
    """Name its genes, and the figures of its regressor, where that has any."""
    regressor = inferring_step(estimator.regressor_)
    figures = {"Genes": genes(estimator), "Regressor": type(regressor).__name__}
    own = getattr(regressor, "_summary", dict)()
    return figures | {name: text for name, text in own.items() if name != "Genes"}


def genes(estimator) -> str:
    """Say how many go in and how many come out."""
    n_landmarks, n_genes = len(estimator.landmark_indices_), estimator.n_features_in_
    return f"{counted(n_landmarks, 'landmark')} → {counted(n_genes, 'gene')}"


def inferring_step(regressor):
    """Return the step of a pipeline that infers, the last one."""
    return regressor[-1] if isinstance(regressor, Pipeline) else regressor
