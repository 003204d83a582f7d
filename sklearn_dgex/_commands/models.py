"""What a model file can infer, whichever estimator it holds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sklearn_dgex.persistence import load


class Inference:
    """A model from landmark profiles to inferred genes, by their names.

    Parameters
    ----------
    path : str
        Model file, of a LandmarkImputer or a regressor that keeps names of genes, such as
        DGEXRegressor, or a pipeline that ends in one.
    device : str or None
        Where its network computes; None leaves it as it was saved.

    Attributes
    ----------
    landmarks, targets, genes : list of str
        What it measures, what it infers, and both in the order of the output.

    Raises
    ------
    ValueError
        If the model infers no genes, or does not know their names.
    """

    def __init__(self, path: str, device: str | None = None):
        self.model = load(path)
        self.is_imputer = hasattr(self.model, "landmarks_") and hasattr(self.model, "infer")
        last = self.model[-1] if hasattr(self.model, "steps") else self.model
        landmarks = getattr(self.model, "feature_names_in_", None)
        targets = getattr(last, "target_names_in_", None)
        if self.is_imputer and landmarks is not None:
            landmarks, targets = self.model.landmarks_, self.model.targets_
        if landmarks is None or targets is None:
            raise ValueError(
                "The model must infer genes by name: a LandmarkImputer, or a DGEXRegressor that "
                f"was fitted on frames. Got {type(last).__name__} in {path!r}; fit one by "
                "'sklearn-dgex fit'."
            )
        self.landmarks, self.targets = list(landmarks), list(targets)
        self.genes = list(dict.fromkeys([*self.landmarks, *self.targets]))
        if self.is_imputer:
            self.genes = list(self.model.get_feature_names_out())
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

    def complete(self, landmarks: pd.DataFrame) -> np.ndarray:
        """Measured landmarks and inferred targets, in the order of ``genes``."""
        if self.is_imputer:
            return np.asarray(self.model.transform(landmarks))
        inferred = pd.DataFrame(
            self.infer(landmarks), index=landmarks.index, columns=self.targets, copy=False
        )
        measured = landmarks[self.landmarks]
        return pd.concat([measured, inferred.drop(columns=measured, errors="ignore")], axis=1)[
            self.genes
        ].to_numpy()

    def training_scale(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Mean and standard deviation of each landmark in training, if the model keeps them."""
        # not behind other steps, whose output has a scale of its own
        scaler = getattr(getattr(self.model, "regressor_", self.model), "feature_scaler_", None)
        if scaler is None or len(scaler.offset) != len(self.landmarks):
            return None
        return scaler.offset, scaler.scale


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
    """Have a model's network compute on a device, where it has one."""
    regressor = regressor_of(model)
    if "device" in regressor.get_params(deep=False):
        regressor.set_params(device=device)
