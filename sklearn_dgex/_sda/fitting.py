"""The steps of a fit, as functions of the estimator: layer by layer, then the whole."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from sklearn_dgex import training
from sklearn_dgex._sda import defaults
from sklearn_dgex._sda.data import fit_scaler
from sklearn_dgex._sda.engines import train
from sklearn_dgex.exceptions import OvercompleteWarning
from sklearn_dgex.training.autoencoder import ACTIVATIONS, AutoencoderWeights, Recipe, epoch_keys
from sklearn_dgex.utils.user_warnings import warn_user

RANGES = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}


def start_network(estimator, X: np.ndarray, rng: np.random.RandomState) -> None:
    """Fix sizes and scaling by the first training profiles, and draw the weights."""
    sizes = [X.shape[1], *defaults.resolve_hidden_layer_sizes(estimator.hidden_layer_sizes)]
    _warn_overcomplete(sizes)
    output = defaults.resolve_output_activation(estimator.output_activation, estimator.loss)
    estimator.scaling_ = estimator.scaling
    estimator.scaler_ = fit_scaler(X, estimator.scaling, output)
    estimator.weights_ = AutoencoderWeights.draw(
        sizes, activation=estimator.activation, tied=bool(estimator.tied_weights), rng=rng
    )
    estimator.loss_curve_, estimator.finetune_loss_curve_ = [[] for _ in sizes[1:]], []


def check_same_network(estimator) -> None:
    """Raise a ValueError if parameters ask for another network than the one that is fitted."""
    weights, recipe = estimator.weights_, estimator.recipe_
    fitted = {
        "hidden_layer_sizes": weights.sizes[1:],
        "tied_weights": weights.tied,
        "activation": recipe.activation,
        "output_activation": recipe.output_activation,
        "scaling": estimator.scaling_,
    }
    wanted = {name: getattr(estimator, name) for name in fitted} | {
        "hidden_layer_sizes": defaults.resolve_hidden_layer_sizes(estimator.hidden_layer_sizes),
        "output_activation": defaults.resolve_output_activation(
            estimator.output_activation, estimator.loss
        ),
    }
    for name, value in fitted.items():
        if wanted[name] != value:
            raise ValueError(
                f"The '{name}' parameter of SDATransformer must come to {value!r}, as in the last "
                f"fit, for training to go on. Got {wanted[name]!r} instead; fit with "
                "warm_start=False to begin anew."
            )


def make_recipe(estimator, x: np.ndarray, depth: int, level: float) -> Recipe:
    """Say how the layer at ``depth``, whose input is ``x``, is trained; the whole is as layer 0."""
    output = defaults.resolve_output_activation(estimator.output_activation, estimator.loss)
    loss = estimator.loss
    if depth:
        # NOTE[DIFF] code-loss: the paper trains one layer; its loss is one of inputs in [0, 1].
        output = estimator.activation
        loss = loss if output == "sigmoid" else "squared_error"
    low, high = RANGES.get(output) or (float(x.min()), float(x.max()))
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
    estimator, x: np.ndarray, n_epochs: int, n_finetune_epochs: int, rng: np.random.RandomState
) -> None:
    """Train every layer on the codes of the one below it, then the whole encoder and decoder.

    Sets the estimator's weights, its recipe, and its loss curves, which go on. Ctrl-C ends the
    training; the weights are then as it left them.
    """
    training.resolve_device(estimator.device)  # a wrong name is an error with either engine
    weights, curves = estimator.weights_, [list(curve) for curve in estimator.loss_curve_]
    n_layers = len(curves)
    levels = defaults.resolve_corruption_levels(estimator.corruption_level, n_layers)
    estimator.recipe_, estimator.loss_curve_ = make_recipe(estimator, x, 0, levels[0]), curves
    codes = x
    for depth, level in enumerate(levels):
        recipe = make_recipe(estimator, codes, depth, level)
        title = f"layer {depth + 1} of {n_layers}" if n_layers > 1 else ""
        layer = weights.layers(depth, depth + 1)
        keys = epoch_keys(n_epochs, rng)
        layer, losses, interrupted = train(estimator, layer, codes, recipe, keys, title)
        estimator.weights_ = weights = weights.with_layer(depth, layer)
        curves[depth] += losses
        if interrupted:
            return
        if depth + 1 < n_layers:
            codes = _codes(layer, codes, estimator.activation)
    if n_finetune_epochs:
        keys, recipe = epoch_keys(n_finetune_epochs, rng), estimator.recipe_
        estimator.weights_, losses, _ = train(estimator, weights, x, recipe, keys, "fine-tuning")
        estimator.finetune_loss_curve_ = [*estimator.finetune_loss_curve_, *losses]


def _codes(layer: AutoencoderWeights, x: np.ndarray, activation: str) -> np.ndarray:
    # Not a BLAS product: its rounding would depend on the number of threads.
    return ACTIVATIONS[activation](np.einsum("nd,dh->nh", x, layer.encoder[0]) + layer.bias[0])


def _warn_overcomplete(sizes: list[int]) -> None:
    for lower, upper in pairwise(sizes):
        if upper > lower:
            warn_user(
                f"A hidden layer has {upper} units on {lower} below it, which it may learn to "
                "copy; take fewer than there are features, as the paper advises.",
                OvercompleteWarning,
            )
