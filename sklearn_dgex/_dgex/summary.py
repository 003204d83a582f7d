"""What a fitted DGEXRegressor tells at a glance."""

from __future__ import annotations

from sklearn_dgex.metrics._report import TRUSTED
from sklearn_dgex.utils.summary import counted, share_above


def summary(estimator) -> dict[str, str]:
    """Name the figures of the last fit: network, training, quality."""
    size = counted(estimator.n_parameters_, "parameter")
    return {
        "Genes": genes(estimator),
        "Network": network(estimator),
        "Size": f"{size} a member" if estimator.n_members_ > 1 else size,
        "Trained on": _arithmetic(estimator.net_),
        "Epochs": f"{estimator.n_iter_:,}",
        **quality(estimator),
    }


def genes(estimator) -> str:
    """Say how many go in and how many come out."""
    landmarks, targets = estimator.n_features_in_, estimator.n_outputs_
    return f"{counted(landmarks, 'landmark')} → {counted(targets, 'target')}"


def network(estimator) -> str:
    """Say how the neurons are arranged."""
    parts = [network.arguments() for network in estimator.networks_]
    first = parts[0]
    towers, width = first["n_towers"], first["tower_width"]
    kind = "checkerboard" if first["n_folds"] > 1 else "towers"
    if towers == 1:
        kind = "dense"
    texts = [
        f"{len(parts)} networks" if len(parts) > 1 else "",
        kind,
        f"{counted(towers, 'tower')} × {width:,} neurons" if towers > 1 else f"{width:,} neurons",
        counted(first["n_hidden_layers"], "hidden layer"),
        counted(estimator.n_members_, "member") if estimator.n_members_ > 1 else "",
    ]
    return ", ".join(filter(None, texts))


def quality(estimator) -> dict[str, str]:
    """Say how well samples were inferred that were held out, if any were."""
    score = estimator.best_validation_score_
    if score is None:
        return {"Validation MMAE": "no samples were held out"}
    correlation = estimator.per_gene_quality_["correlation"].to_numpy()
    return {
        "Validation MMAE": f"{score:.4g}",
        f"Targets with r > {TRUSTED}": f"{share_above(correlation, TRUSTED)}, on held-out samples",
    }


def _arithmetic(net) -> str:
    device = getattr(net, "device", None)  # which a pickle does not hold
    return net.precision if device is None else f"{device}, {net.precision}"
