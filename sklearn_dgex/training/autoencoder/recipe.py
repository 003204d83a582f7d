"""How an autoencoder is trained, in words and numbers that both engines read alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LOSSES = ("cross_entropy", "squared_error")
N_KEYS = 4  # two for the noise of an epoch, two for its order


@dataclass(frozen=True)
class Recipe:
    """Network, noise, loss and solver of one training.

    Attributes
    ----------
    activation, output_activation : {"sigmoid", "tanh", "relu", "identity"}
        Of the hidden units, and of the regenerated input.
    loss : {"cross_entropy", "squared_error"}
        Summed over features, averaged over a batch. Cross-entropy takes a sigmoid output.
    noise : {"masking", "gaussian", "salt_and_pepper"}
    corruption_level : float in [0, 1)
    low, high : float
        What salt and pepper are.
    solver : {"sgd", "nadam"}
    learning_rate, momentum, schedule_decay : float
        The momentum is SGD's, the decay of its schedule Nadam's.
    batch_size : int
        Samples of an epoch are spread evenly over its batches, of this size or nearly.
    """

    activation: str
    output_activation: str
    loss: str
    noise: str
    corruption_level: float
    low: float
    high: float
    solver: str
    learning_rate: float
    momentum: float
    schedule_decay: float
    batch_size: int

    def n_batches(self, n_samples: int) -> int:
        """Batches in an epoch."""
        # NOTE[DIFF] even-batches: the paper does not say what becomes of a last, smaller batch.
        return max(1, round(n_samples / self.batch_size))


def epoch_keys(n_epochs: int, rng: np.random.RandomState) -> np.ndarray:
    """Draw all the randomness of so many epochs: an array of shape (n_epochs, 4), uint32.

    Noise and order follow from these keys, in either engine and on any device. An epoch's order
    also depends on the one before it in the same training.
    """
    return rng.randint(0, 2**32, size=(n_epochs, N_KEYS), dtype=np.uint32)
