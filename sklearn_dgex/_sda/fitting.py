"""The steps of a fit, as functions of the estimator: layer by layer, then the whole."""

from __future__ import annotations

import warnings

import numpy as np
import torch

from sklearn_dgex._sda import defaults
from sklearn_dgex._sda.modules import build_module, read_weights
from sklearn_dgex.exceptions import InterruptedFitWarning, OvercompleteWarning
from sklearn_dgex.training import resolve_device
from sklearn_dgex.training.autoencoder import (
    AutoencoderWeights,
    Recipe,
    epoch_keys,
    pick_engine,
    train_with_torch,
)
from sklearn_dgex.training.autoencoder.progress import EpochReport


class Interrupted(Exception):
    """Ctrl-C ended a training early; the weights are as it left them."""


def start_weights(estimator, n_features: int, rng: np.random.RandomState) -> AutoencoderWeights:
    """Draw the weights of a first fit."""
    sizes = defaults.resolve_hidden_layer_sizes(estimator.hidden_layer_sizes)
    for lower, upper in zip([n_features, *sizes], sizes, strict=False):
        if upper > lower:
            warnings.warn(
                f"A hidden layer has {upper} units on {lower} below it, which it may learn to "
                "copy; take fewer than there are features, as the paper advises.",
                OvercompleteWarning,
                stacklevel=4,
            )
    return AutoencoderWeights.draw(
        [n_features, *sizes],
        activation=estimator.activation,
        tied=estimator.tied_weights,
        rng=rng,
    )


def check_same_network(estimator, weights: AutoencoderWeights) -> None:
    """Raise a ValueError if parameters ask for another network than the one that is fitted."""
    wanted = defaults.resolve_hidden_layer_sizes(estimator.hidden_layer_sizes)
    if wanted != weights.sizes[1:] or estimator.tied_weights != weights.tied:
        raise ValueError(
            "The 'hidden_layer_sizes' and 'tied_weights' parameters of SDATransformer must stay "
            f"those of the first fit, {tuple(weights.sizes[1:])} and {weights.tied}. Got "
            f"{estimator.hidden_layer_sizes} and {estimator.tied_weights} instead; fit anew with "
            "warm_start=False."
        )


def make_recipe(estimator, x: np.ndarray, depth: int, level: float) -> Recipe:
    """Say how the layer at ``depth``, whose input is ``x``, is trained; the whole is as layer 0."""
    output = defaults.resolve_output_activation(estimator.output_activation, estimator.loss)
    loss = estimator.loss
    if depth:
        # NOTE[DIFF] code-loss: the paper trains one layer; its loss is one of inputs in [0, 1].
        output = estimator.activation
        loss = loss if output == "sigmoid" else "squared_error"
    scaled = depth == 0 and estimator.scaling != "none"
    ranges = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}
    if scaled:
        low, high = ranges.get(output, (0.0, 1.0))
    elif depth and output in ranges:
        low, high = ranges[output]
    else:
        low, high = float(x.min()), float(x.max())
    return Recipe(
        activation=estimator.activation,
        output_activation=output,
        loss=loss,
        noise=estimator.noise,
        corruption_level=level,
        low=low,
        high=high,
        solver=estimator.solver,
        learning_rate=defaults.resolve_learning_rate(
            estimator.learning_rate_init, estimator.solver
        ),
        momentum=estimator.momentum,
        schedule_decay=estimator.schedule_decay,
        batch_size=estimator.batch_size_,
    )


def train_stack(
    estimator,
    weights: AutoencoderWeights,
    x: np.ndarray,
    n_epochs: int,
    n_finetune_epochs: int,
    rng: np.random.RandomState,
) -> tuple[AutoencoderWeights, list[list[float]], list[float]]:
    """Train every layer on the codes of the one below it, then the whole encoder and decoder.

    Returns
    -------
    weights : AutoencoderWeights
        Trained; those given stay as they are.
    loss_curves : list of list of float
        Loss of each epoch, layer by layer.
    finetune_loss_curve : list of float
    """
    n_layers = len(weights.bias)
    levels = defaults.resolve_corruption_levels(estimator.corruption_level, n_layers)
    curves, finetuning, values = [[] for _ in range(n_layers)], [], x
    try:
        for depth in range(n_layers):
            recipe = make_recipe(estimator, values, depth, levels[depth])
            title = f"layer {depth + 1} of {n_layers}" if n_layers > 1 else ""
            layer = weights.layers(depth, depth + 1)
            layer = _train(estimator, layer, values, recipe, n_epochs, rng, title, curves[depth])
            weights = weights.with_layer(depth, layer)
            _stop_if_interrupted(curves[depth], n_epochs)
            values = layer.encode(values, estimator.activation)
        if n_finetune_epochs:
            recipe = make_recipe(estimator, x, 0, levels[0])
            weights = _train(
                estimator, weights, x, recipe, n_finetune_epochs, rng, "fine-tuning", finetuning
            )
            _stop_if_interrupted(finetuning, n_finetune_epochs)
    except Interrupted:
        pass
    return weights, curves, finetuning


def _train(
    estimator, weights, x, recipe, n_epochs, rng, title, losses: list[float]
) -> AutoencoderWeights:
    """Train by the engine that fits, and append each epoch's loss to ``losses``."""
    estimator.engine_ = pick_engine(
        estimator.engine,
        device=estimator.device,
        sizes=weights.sizes,
        batch_size=estimator.batch_size_,
        callbacks=estimator.callbacks,
    )
    keys = epoch_keys(n_epochs, rng)
    description = f"{type(estimator).__name__} {title}".strip()
    if estimator.engine_ == "kernel":
        from sklearn_dgex.training.autoencoder.kernel.engine import train_with_kernel

        resolve_device(estimator.device)  # a wrong name is an error here, too
        rate = recipe.learning_rate
        report = EpochReport(n_epochs, rate, description, estimator.verbose)
        try:
            weights = train_with_kernel(weights, x, recipe, keys, report)
        finally:
            report.close()
            losses += report.losses
        if len(losses) < n_epochs:
            warnings.warn(
                f"The fit was interrupted in epoch {len(losses) + 1} of {n_epochs} ({title}); the "
                "estimator keeps the weights as they were then.",
                InterruptedFitWarning,
                stacklevel=5,
            )
        return weights
    device = resolve_device(estimator.device)
    module = build_module(weights, recipe).to(device)
    losses += train_with_torch(
        module,
        torch.from_numpy(x).to(device),
        recipe,
        keys,
        callbacks=estimator.callbacks,
        verbose=int(estimator.verbose),
        description=description,
    )
    return read_weights(module)


def _stop_if_interrupted(losses: list[float], n_epochs: int) -> None:
    if len(losses) < n_epochs:
        raise Interrupted
