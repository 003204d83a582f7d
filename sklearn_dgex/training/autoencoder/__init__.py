"""Training of autoencoders: a recipe, its weights, and two engines with one meaning."""

from typing import TYPE_CHECKING

from sklearn_dgex.utils.lazy import lazy_names

if TYPE_CHECKING:  # the table's names, for type checkers and editors
    from sklearn_dgex.training.autoencoder.engines import kernel_obstacle as kernel_obstacle
    from sklearn_dgex.training.autoencoder.engines import pick_engine as pick_engine
    from sklearn_dgex.training.autoencoder.kernel.engine import (
        train_with_kernel as train_with_kernel,
    )
    from sklearn_dgex.training.autoencoder.progress import EpochReport as EpochReport
    from sklearn_dgex.training.autoencoder.recipe import LOSSES as LOSSES
    from sklearn_dgex.training.autoencoder.recipe import Recipe as Recipe
    from sklearn_dgex.training.autoencoder.recipe import epoch_keys as epoch_keys
    from sklearn_dgex.training.autoencoder.torch_engine import train_with_torch as train_with_torch
    from sklearn_dgex.training.autoencoder.weights import ACTIVATIONS as ACTIVATIONS
    from sklearn_dgex.training.autoencoder.weights import AutoencoderWeights as AutoencoderWeights
    from sklearn_dgex.training.autoencoder.weights import reconstruction_loss as reconstruction_loss
else:
    # torch, skorch and numba are loaded with the first name that needs them.
    __getattr__, __dir__, __all__ = lazy_names(
        __name__,
        {
            "ACTIVATIONS": "weights",
            "LOSSES": "recipe",
            "AutoencoderWeights": "weights",
            "EpochReport": "progress",
            "Recipe": "recipe",
            "epoch_keys": "recipe",
            "kernel_obstacle": "engines",
            "pick_engine": "engines",
            "reconstruction_loss": "weights",
            "train_with_kernel": "kernel.engine",
            "train_with_torch": "torch_engine",
        },
    )
