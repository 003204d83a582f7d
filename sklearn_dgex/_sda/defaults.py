"""What "auto" comes to, and parameters that need more than one value to be checked."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real

import numpy as np

OUTPUTS = ("regenerated", "code")
ENGINES = ("auto", "kernel", "torch")
SCALINGS = ("feature", "joint", "none")
LEARNING_RATES = {"sgd": 0.1, "nadam": 2e-3}
N_PRESENTATIONS = 800_000  # of samples in a layer's training: 2,000 epochs of 400 genes


def resolve_hidden_layer_sizes(sizes: int | Sequence[int]) -> list[int]:
    """Units of each hidden layer, the code last; a number is one layer."""
    given = list(sizes) if np.iterable(sizes) else [sizes]
    if not given or not all(_is_count(size) for size in given):
        raise ValueError(
            "The 'hidden_layer_sizes' parameter of SDATransformer must be an int of at least 1, or "
            f"a sequence of them with the code's last. Got {sizes!r} instead."
        )
    return [int(size) for size in given]


def resolve_corruption_levels(level: float | Sequence[float], n_layers: int) -> list[float]:
    """Noise on the input of each layer."""
    levels = list(level) if np.iterable(level) else [level] * n_layers
    numbers = all(isinstance(one, Real) and 0 <= one < 1 for one in levels)
    if len(levels) != n_layers or not numbers:
        raise ValueError(
            "The 'corruption_level' parameter of SDATransformer must be a float in [0, 1), or one "
            f"for each of the {n_layers} hidden layers. Got {level!r} instead."
        )
    return [float(one) for one in levels]


def resolve_output_activation(output_activation: str, loss: str) -> str:
    """Activation of the regenerated profile: a sigmoid for cross-entropy, else the identity."""
    if output_activation == "auto":
        return "sigmoid" if loss == "cross_entropy" else "identity"
    if loss == "cross_entropy" and output_activation != "sigmoid":
        raise ValueError(
            "The 'output_activation' parameter of SDATransformer must be 'auto' or 'sigmoid' with "
            f"loss='cross_entropy'. Got {output_activation!r} instead; take loss='squared_error'."
        )
    return output_activation


def resolve_learning_rate(learning_rate_init: float | str, solver: str) -> float:
    """Learning rate: 0.1 for SGD, one of the paper's two; 0.002 for Nadam."""
    if learning_rate_init == "auto":
        return LEARNING_RATES[solver]
    return float(learning_rate_init)


def resolve_batch_size(batch_size: int | str, n_samples: int) -> int:
    """Size of a batch: a hundredth of the samples, from the paper's 4 up to 200."""
    # NOTE[DIFF] steps-by-samples: the paper has 4 to 12 samples a step and 2,000 or 5,000 epochs.
    if batch_size == "auto":
        return int(np.clip(n_samples // 100, 4, 200))
    return int(batch_size)


def resolve_max_iter(max_iter: int | str, n_samples: int) -> int:
    """Epochs a layer: the paper's 2,000 up to 400 samples, fewer the more there are."""
    if max_iter == "auto":
        return int(np.clip(N_PRESENTATIONS // n_samples, 20, 2000))
    return int(max_iter)


def resolve_finetune_max_iter(finetune_max_iter: int | str, max_iter: int, n_layers: int) -> int:
    """Epochs of the whole: as many as of a layer, and none if there is but one layer."""
    if finetune_max_iter == "auto":
        return 0 if n_layers == 1 else max_iter
    return int(finetune_max_iter)


def _is_count(number) -> bool:
    return isinstance(number, Integral) and not isinstance(number, bool) and number >= 1
