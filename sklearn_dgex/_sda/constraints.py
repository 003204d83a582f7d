"""What each parameter of SDATransformer may be; scikit-learn makes the error messages of it."""

from __future__ import annotations

from numbers import Integral, Real

from sklearn_dgex._sda.defaults import ENGINES, OUTPUTS, SCALINGS
from sklearn_dgex.nn.names import NOISES
from sklearn_dgex.training.autoencoder import ACTIVATIONS, LOSSES
from sklearn_dgex.utils._sklearn_private import Interval, StrOptions

_AUTO = StrOptions({"auto"})
_COUNT = Interval(Integral, 1, None, closed="left")

PARAMETER_CONSTRAINTS: dict = {
    "hidden_layer_sizes": ["array-like", _COUNT],
    "corruption_level": [Interval(Real, 0, 1, closed="left"), "array-like"],
    "noise": [StrOptions(set(NOISES))],
    "activation": [StrOptions(set(ACTIVATIONS))],
    "output_activation": [StrOptions({"auto", *ACTIVATIONS})],
    "loss": [StrOptions(set(LOSSES))],
    "tied_weights": ["boolean"],
    "output": [StrOptions(set(OUTPUTS))],
    "scaling": [StrOptions(set(SCALINGS))],
    "solver": [StrOptions({"sgd", "nadam"})],
    "learning_rate_init": [_AUTO, Interval(Real, 0, None, closed="neither")],
    "momentum": [Interval(Real, 0, 1, closed="left")],
    "schedule_decay": [Interval(Real, 0, None, closed="left")],
    "batch_size": [_AUTO, _COUNT],
    "max_iter": [_AUTO, _COUNT],
    "finetune_max_iter": [_AUTO, Interval(Integral, 0, None, closed="left")],
    "warm_start": ["boolean"],
    "engine": [StrOptions(set(ENGINES))],
    "device": [str],
    "callbacks": [None, list],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
}
