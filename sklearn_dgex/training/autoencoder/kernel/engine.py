"""From weights and a recipe to trained weights, by the compiled kernel."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from sklearn_dgex.training.autoencoder.kernel import epochs, noise
from sklearn_dgex.training.autoencoder.kernel.arithmetic import (
    IDENTITY,
    MOMENTUM,
    NADAM,
    RELU,
    SGD,
    SIGMOID,
    TANH,
    constants,
)
from sklearn_dgex.training.autoencoder.kernel.plan import (
    BIAS,
    DECODER,
    DECODER_BIAS,
    ENCODER,
    WIDTH,
    make_plan,
    masks,
    n_values,
)
from sklearn_dgex.training.autoencoder.recipe import Recipe
from sklearn_dgex.training.autoencoder.weights import AutoencoderWeights

ACTIVATION_KINDS = {"identity": IDENTITY, "sigmoid": SIGMOID, "tanh": TANH, "relu": RELU}
NOISE_KINDS = {
    "masking": noise.MASKING,
    "gaussian": noise.GAUSSIAN,
    "salt_and_pepper": noise.SALT_AND_PEPPER,
}
LOSS_KINDS = {"cross_entropy": epochs.CROSS_ENTROPY, "squared_error": epochs.SQUARED_ERROR}
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-7  # Nadam's: Keras' values
SECONDS_A_CALL = 0.2  # between which a Ctrl-C is heard and progress shown


def train_with_kernel(
    weights: AutoencoderWeights,
    x: np.ndarray,
    recipe: Recipe,
    keys: np.ndarray,
    report: Callable[[np.ndarray], None],
) -> AutoencoderWeights:
    """Train for an epoch with each row of ``keys``; the weights given stay as they are.

    Parameters
    ----------
    weights : AutoencoderWeights
    x : ndarray of shape (n, d)
        Scaled profiles; the arithmetic is in their precision.
    recipe : Recipe
    keys : ndarray of shape (n_epochs, 4), uint32
    report : callable
        Called every moment with the losses of the epochs since. If it, or a Ctrl-C, raises a
        KeyboardInterrupt, training ends there.
    """
    n_samples, n_batches = len(x), recipe.n_batches(len(x))
    n_rows = -(-n_samples // n_batches)
    plan, n_parameters = make_plan(weights.sizes, weights.tied, n_rows)
    flat = pack(weights, plan, n_parameters, x.dtype)
    moments = np.zeros((2, 1 if solver_kind(recipe) == SGD else n_parameters), x.dtype)
    arguments = (
        padded_rows(x, plan[WIDTH, 0]),
        plan,
        flat,
        *moments,
        masks(plan, x.dtype),
        constants(x.dtype),
        kinds(recipe),
        course(recipe),
        np.array([0.0, 1.0]),
        np.array([recipe.low, recipe.high]),
    )
    order, values = np.arange(n_samples), n_values(plan, n_rows)
    buffers = [np.zeros(size, x.dtype) for size in (values, values, values)]
    done, n_epochs = 0, 1
    try:
        while done < len(keys):
            losses, start = np.zeros(min(n_epochs, len(keys) - done)), time.perf_counter()
            epochs.train(
                *arguments, keys[done : done + len(losses)], order, n_batches, *buffers, losses
            )
            done += len(losses)
            report(losses)
            seconds = max(time.perf_counter() - start, 1e-6)
            n_epochs = max(1, int(len(losses) * min(10, SECONDS_A_CALL / seconds)))
    except KeyboardInterrupt:
        pass
    return unpack(flat, weights, plan)


def solver_kind(recipe: Recipe) -> int:
    """Which of the kernel's three solvers a recipe wants."""
    if recipe.solver == "nadam":
        return NADAM
    return MOMENTUM if recipe.momentum else SGD


def kinds(recipe: Recipe) -> np.ndarray:
    """Say in the kernel's numbers what the network is."""
    return np.array(
        [
            ACTIVATION_KINDS[recipe.activation],
            ACTIVATION_KINDS[recipe.output_activation],
            LOSS_KINDS[recipe.loss],
            NOISE_KINDS[recipe.noise],
            solver_kind(recipe),
        ]
    )


def course(recipe: Recipe) -> np.ndarray:
    """Say in the kernel's numbers how it learns."""
    first_decay = BETA1 if recipe.solver == "nadam" else recipe.momentum
    return np.array(
        [
            recipe.learning_rate,
            first_decay,
            BETA2,
            EPSILON,
            recipe.schedule_decay,
            recipe.corruption_level,
        ]
    )


def padded_rows(x: np.ndarray, width: int) -> np.ndarray:
    """Rows of ``x`` with zeros up to ``width``, one after the other."""
    return np.pad(x, ((0, 0), (0, width - x.shape[1]))).ravel()


def pack(weights: AutoencoderWeights, plan: np.ndarray, n_parameters: int, dtype) -> np.ndarray:
    """Lay the weights out as the plan says."""
    flat = np.zeros(n_parameters, dtype)
    for places, arrays in _places(weights):
        for level, array in enumerate(arrays):
            width = plan[WIDTH, level] if places == DECODER_BIAS else plan[WIDTH, level + 1]
            rows = padded_rows(np.atleast_2d(array).astype(dtype), width)
            flat[plan[places, level] :][: len(rows)] = rows
    return flat


def unpack(flat: np.ndarray, like: AutoencoderWeights, plan: np.ndarray) -> AutoencoderWeights:
    """Read weights of the shapes of ``like`` from where the plan says they are."""

    def array_of(places: int, level: int, old: np.ndarray) -> np.ndarray:
        width = plan[WIDTH, level] if places == DECODER_BIAS else plan[WIDTH, level + 1]
        n_rows = len(old) if old.ndim == 2 else 1
        rows = flat[plan[places, level] :][: n_rows * width].reshape(n_rows, width)
        return rows[:, : old.shape[-1]].reshape(old.shape).copy()

    lists = {
        places: [array_of(places, level, old) for level, old in enumerate(arrays)]
        for places, arrays in _places(like)
    }
    return AutoencoderWeights(
        encoder=lists[ENCODER],
        bias=lists[BIAS],
        decoder_bias=lists[DECODER_BIAS],
        own_decoder=None if like.tied else lists[DECODER],
    )


def _places(weights: AutoencoderWeights):
    return (
        (ENCODER, weights.encoder),
        (BIAS, weights.bias),
        (DECODER, weights.decoder),
        (DECODER_BIAS, weights.decoder_bias),
    )
