"""What a model file can infer, whichever estimator it holds."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from sklearn_dgex._imputer import LandmarkImputer
from sklearn_dgex.persistence import load
from sklearn_dgex.training import resolve_device


class Inference:
    """A model from landmark profiles to inferred genes, by their names.

    Parameters
    ----------
    path : str
        Model file, of a LandmarkImputer or a regressor that keeps names of genes, such as
        DGEXRegressor, or a pipeline that ends in such a regressor.
    device : str or None
        Where its network computes; None leaves it as it was saved.

    Attributes
    ----------
    landmarks, targets, genes : list of str
        What it measures, what it infers, and both in the order of the output.

    Raises
    ------
    ValueError
        If the model infers no genes or does not know their names, or this machine has no such
        device.
    """

    def __init__(self, path: str, device: str | None = None):
        model = load(path)
        is_wrapped = isinstance(model, Pipeline) and len(model.steps) == 1
        self.model = model[0] if is_wrapped else model
        self.is_imputer = isinstance(self.model, LandmarkImputer)
        self.landmarks, self.targets = _names(self.model, path)
        both = [*self.landmarks, *self.targets]
        self.genes = list(dict.fromkeys(both))
        if self.is_imputer:
            self.genes = list(self.model.feature_names_in_)
        self._order = _order(both, self.genes)
        if device is not None:
            set_device(self.model, device)

    def fill_missing(self) -> None:
        """Have missing landmarks filled from their means in training."""
        if not self.is_imputer:
            raise ValueError(
                "--fill-missing must come with a model of 'sklearn-dgex fit', which knows the "
                f"landmarks' means. Got {type(self.model).__name__}; measure all landmarks."
            )
        self.model.set_params(missing_landmarks="mean")

    def infer(self, landmarks: pd.DataFrame) -> np.ndarray:
        """Infer the targets: (n, p) to (n, q)."""
        if self.is_imputer:
            return self.model.infer(landmarks).to_numpy()
        return np.asarray(self.model.predict(landmarks)).reshape(len(landmarks), -1)

    def complete(self, landmarks: pd.DataFrame, inferred: np.ndarray) -> np.ndarray:
        """Landmarks, filled where infer fills them, and inferred targets, ordered as ``genes``."""
        measured = landmarks.reindex(columns=self.landmarks).to_numpy()
        if self.is_imputer and np.isnan(measured).any():
            means = self.model.landmark_means_.astype(measured.dtype)
            measured = np.where(np.isnan(measured), means, measured)
        both = np.concatenate([measured, inferred], axis=1)
        return both if self._order is None else np.take(both, self._order, axis=1)

    def training_scale(self) -> pd.DataFrame | None:
        """``mean`` and ``deviation`` of each landmark in training, if the model keeps them."""
        # not behind other steps, whose output has a scale of its own
        scaler = getattr(getattr(self.model, "regressor_", self.model), "feature_scaler_", None)
        if scaler is None or len(scaler.offset) != len(self.landmarks):
            return None
        return pd.DataFrame(
            {"mean": scaler.offset, "deviation": scaler.scale}, index=self.landmarks
        )


def regressor_of(model):
    """Return the estimator that does the inference, inside imputers and pipelines."""
    while True:
        if hasattr(model, "steps"):
            model = model.steps[-1][1]
        elif hasattr(model, "regressor_"):
            model = model.regressor_
        else:
            return model


def set_device(model, device: str) -> None:
    """Have a model's network compute on a device of this machine, where it has a network."""
    resolve_device(device)  # which refuses what prediction would replace by the CPU
    regressor = regressor_of(model)
    if "device" in regressor.get_params(deep=False):
        regressor.set_params(device=device)


def _names(model, path: str) -> tuple[list[str], list[str]]:
    """Landmarks and targets of a model that knows both by name."""
    last = model[-1] if isinstance(model, Pipeline) else model
    if isinstance(last, LandmarkImputer) and last is not model:
        raise ValueError(
            "The model must have no steps in front of a LandmarkImputer. Got "
            f"{len(model.steps) - 1} in {path!r}; make them steps of the imputer's regressor, as "
            "'sklearn-dgex fit --quantile' does, and fit anew."
        )
    landmarks = getattr(model, "feature_names_in_", None)
    targets = getattr(last, "target_names_in_", None)
    if isinstance(model, LandmarkImputer) and landmarks is not None:
        landmarks, targets = model.landmarks_, model.targets_
    if landmarks is None or targets is None:
        raise ValueError(
            "The model must infer genes by name: a LandmarkImputer or a DGEXRegressor, fitted on "
            f"frames. Got {type(last).__name__} in {path!r}; fit one by 'sklearn-dgex fit'."
        )
    return list(landmarks), list(targets)


def _order(given: list[str], wanted: list[str]) -> np.ndarray | None:
    """Positions in ``given`` of the wanted genes; None where they are all of it, in order."""
    if given == wanted:
        return None
    place: dict[str, int] = {}
    for i, gene in enumerate(given):
        place.setdefault(gene, i)
    return np.array([place[gene] for gene in wanted], dtype=np.intp)
