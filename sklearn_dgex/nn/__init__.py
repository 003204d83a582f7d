"""Networks as plain torch modules: integers in, tensors out, nothing about genes."""

from typing import TYPE_CHECKING

from sklearn_dgex.nn import sizing
from sklearn_dgex.utils.lazy import lazy_names

if TYPE_CHECKING:  # the table's names, for type checkers and editors
    from sklearn_dgex.nn.activations import ACTIVATIONS as ACTIVATIONS
    from sklearn_dgex.nn.activations import TAAF as TAAF
    from sklearn_dgex.nn.activations import BiasedActivation as BiasedActivation
    from sklearn_dgex.nn.autoencoders import DenoisingAutoencoder as DenoisingAutoencoder
    from sklearn_dgex.nn.autoencoders import (
        StackedDenoisingAutoencoder as StackedDenoisingAutoencoder,
    )
    from sklearn_dgex.nn.corruption import Corruption as Corruption
    from sklearn_dgex.nn.dropout import Dropout as Dropout
    from sklearn_dgex.nn.towers import TargetParts as TargetParts
    from sklearn_dgex.nn.towers import TowerNetwork as TowerNetwork
    from sklearn_dgex.nn.towers import networks_of as networks_of
else:
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
