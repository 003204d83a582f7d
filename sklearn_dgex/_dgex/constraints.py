"""What each parameter of DGEXRegressor may be; scikit-learn makes the error messages of it."""

from __future__ import annotations

import os
from numbers import Integral, Real

from sklearn_dgex.nn.names import ACTIVATION_NAMES, RECONNECTIONS
from sklearn_dgex.training.names import LOSS_NAMES, PRECISIONS, SOLVERS
from sklearn_dgex.training.schedules import SCHEDULES
from sklearn_dgex.utils._sklearn_private import Interval, StrOptions
from sklearn_dgex.utils.scaling import SCALINGS

_AUTO = StrOptions({"auto"})
_COUNT = Interval(Integral, 1, None, closed="left")
_RATE = Interval(Real, 0, 1, closed="left")
_POSITIVE = Interval(Real, 0, None, closed="neither")

PARAMETER_CONSTRAINTS: dict = {
    "width": [_AUTO, _COUNT],
    "n_towers": [_COUNT],
    "architecture": [StrOptions({"checkerboard", "tower"})],
    "n_hidden_layers": [_COUNT],
    "n_folds": [_COUNT],
    "reconnection": [StrOptions(set(RECONNECTIONS)), "array-like"],
    "tower_width": [None, _COUNT],
    "skip_connection": ["boolean"],
    "activation": [StrOptions(set(ACTIVATION_NAMES)), callable],
    "taaf": ["boolean"],
    "output_activation": [StrOptions(set(ACTIVATION_NAMES)), callable],
    "dropout": [_RATE, "array-like"],
    "first_layer_dropout": [None, _RATE],
    "input_dropout": [_RATE],
    "linear_path": [_AUTO, Interval(Real, 0, None, closed="left")],
    "mixup": [Interval(Real, 0, None, closed="left")],
    "n_networks": [_COUNT],
    "n_members": [_AUTO, _COUNT],
    "loss": [StrOptions(set(LOSS_NAMES))],
    "solver": [StrOptions(set(SOLVERS))],
    "learning_rate": [StrOptions(set(SCHEDULES))],
    "learning_rate_init": [_POSITIVE],
    "momentum": [_RATE],
    "schedule_decay": [Interval(Real, 0, None, closed="left")],
    "batch_size": [_AUTO, _COUNT],
    "shuffle_buffer": [_AUTO, _COUNT],
    "max_iter": [_AUTO, _COUNT],
    "early_stopping": ["boolean"],
    "validation_fraction": [_RATE],
    "n_iter_no_change": [_AUTO, _COUNT],
    "tol": [_RATE],
    "target_scaling": [StrOptions(set(SCALINGS))],
    "warm_start": ["boolean"],
    "device": [str],
    "distributed": [StrOptions({"auto", "ddp", "fsdp"}), None],
    "precision": [StrOptions(set(PRECISIONS))],
    "compile": ["boolean"],
    "callbacks": [None, list],
    "checkpoint_dir": [None, str, os.PathLike],
    "checkpoint_every": [_COUNT, str],
    "checkpoint_keep": [_COUNT],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
}
