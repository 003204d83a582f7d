"""Networks as plain torch modules: integers in, tensors out, nothing about genes."""

from sklearn_dgex.nn import sizing
from sklearn_dgex.utils.lazy import lazy_names

# torch is loaded with the first name that needs it.
__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "ACTIVATIONS": "activations",
        "TAAF": "activations",
        "BiasedActivation": "activations",
        "Corruption": "corruption",
        "DenoisingAutoencoder": "autoencoders",
        "Dropout": "dropout",
        "StackedDenoisingAutoencoder": "autoencoders",
        "TargetParts": "towers",
        "TowerNetwork": "towers",
        "networks_of": "towers",
    },
)
__all__ += ["sizing"]
