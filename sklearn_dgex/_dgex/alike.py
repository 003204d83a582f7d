"""Whether several processes that train together were given the same data and parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sklearn_dgex import training
from sklearn_dgex._dgex.checkpointing import NO_MATTER, described
from sklearn_dgex._dgex.data import TrainingData
from sklearn_dgex._dgex.fitting import training_precision

if TYPE_CHECKING:
    import torch


def check_ranks_alike(
    estimator,
    data: TrainingData,
    module: torch.nn.Module,
    ranks: training.Alone,
    checkpoints: training.Checkpoints | None = None,
) -> None:
    """Raise ValueError, on all ranks, if parameters, data or initial weights differ."""
    if ranks.size == 1:
        return
    with ranks.in_step():
        facts = _facts(estimator, data, module, checkpoints)
    ranks.check_alike(facts)


def _facts(estimator, data: TrainingData, module, checkpoints) -> dict:
    facts = {
        f"{name!r} parameter": described(value)
        for name, value in estimator.get_params(deep=False).items()
        if name not in NO_MATTER
    }
    weight, found = data.weight, checkpoints and checkpoints.found
    return facts | {
        "number of samples": len(data.X),
        "way of reading": [getattr(part, "n_together", None) for part in (data.X, data.y)],
        "set of landmark profiles": _gist(data.X, estimator.feature_scaler_),
        "set of target profiles": _gist(data.y, estimator.target_scaler_),
        "sample_weight": None if weight is None else np.asarray(weight, np.float64),
        "list of landmark names": list(getattr(estimator, "feature_names_in_", [])),
        "list of target names": list(getattr(estimator, "target_names_in_", [])),
        "precision": training_precision(estimator, module, len(data.X)),
        "set of initial weights": training.digest_of(module.parameters()),
        "checkpoint": found and found.epoch,
    }


def _gist(profiles, scaler) -> np.ndarray:
    """Statistics of genes, and some samples: profiles that differ hardly have all in common."""
    rows = (0, len(profiles) // 2, len(profiles) - 1)
    some = [np.asarray(profiles[row : row + 1]) for row in rows]
    return np.concatenate([scaler.offset[None], scaler.scale[None], *some]).astype(np.float64)
