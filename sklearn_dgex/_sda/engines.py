"""One training of one layer or of the whole, by the engine that fits."""

from __future__ import annotations

import numpy as np

from sklearn_dgex import training
from sklearn_dgex.exceptions import InterruptedFitWarning
from sklearn_dgex.training import autoencoder
from sklearn_dgex.training.autoencoder import AutoencoderWeights, Recipe
from sklearn_dgex.utils.user_warnings import warn_user


def train(
    estimator, weights: AutoencoderWeights, x: np.ndarray, recipe: Recipe, keys, title: str
) -> tuple[AutoencoderWeights, list[float], bool]:
    """Train for an epoch with each row of ``keys``; the weights given stay as they are.

    Returns
    -------
    weights : AutoencoderWeights
    losses : list of float
        Of each epoch: fewer than ``keys`` if the training was stopped.
    interrupted : bool
        Whether Ctrl-C stopped it, and not a callback.

    Raises
    ------
    DivergedError
        If losses or weights are not finite.
    """
    estimator.engine_ = autoencoder.pick_engine(
        estimator.engine,
        device=estimator.device,
        sizes=weights.sizes,
        batch_size=min(recipe.batch_size, len(x)),
        callbacks=estimator.callbacks,
    )
    by_engine = {"kernel": _train_by_kernel, "torch": _train_by_torch}[estimator.engine_]
    trained, losses, interrupted = by_engine(estimator, weights, x, recipe, keys, title)
    if not trained.finite:  # a loss is taken before its step: the last one's may look well
        raise training.diverged("weights", np.nan, len(losses), recipe.learning_rate)
    return trained, losses, interrupted


def _train_by_kernel(estimator, weights, x, recipe, keys, title):
    name = _description(estimator, title)
    report = autoencoder.EpochReport(len(keys), recipe.learning_rate, name, int(estimator.verbose))
    try:
        weights = autoencoder.train_with_kernel(weights, x, recipe, keys, report)
    finally:
        report.close()
    interrupted = len(report.losses) < len(keys)
    if interrupted:
        place = f"{title}, epoch" if title else "epoch"
        warn_user(
            f"The fit was interrupted in {place} {len(report.losses) + 1} of {len(keys)}; the "
            "estimator keeps the weights as they were then.",
            InterruptedFitWarning,
        )
    return weights, report.losses, interrupted


def _train_by_torch(estimator, weights, x, recipe, keys, title):
    from sklearn_dgex._sda.modules import train_as_module  # holds torch

    return train_as_module(
        weights,
        x,
        recipe,
        keys,
        device=training.resolve_device(estimator.device),
        callbacks=estimator.callbacks,
        verbose=int(estimator.verbose),
        description=_description(estimator, title),
    )


def _description(estimator, title: str) -> str:
    return f"{type(estimator).__name__} {title}".strip()
