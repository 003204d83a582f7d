"""Training of autoencoders: a recipe, its weights, and two engines with one meaning."""

from sklearn_dgex.utils.lazy import lazy_names

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
