"""From an estimator's parameters to the module they describe."""

from __future__ import annotations

import copy

import numpy as np

from sklearn_dgex import nn
from sklearn_dgex.nn.sizing import tower_width


def build_module(
    estimator,
    *,
    width: int,
    linear_path: float,
    n_members: int,
    n_features_in: int,
    n_targets: int,
    generator=None,
) -> nn.TowerNetwork | nn.TargetParts:
    """Build the untrained network of a DGEXRegressor, in parts where ``n_networks`` > 1."""
    if estimator.n_networks > n_targets:
        raise ValueError(
            f"The 'n_networks' parameter must be at most the number of targets, {n_targets}. "
            f"Got {estimator.n_networks} instead."
        )
    parts = [len(part) for part in np.array_split(np.arange(n_targets), estimator.n_networks)]
    sizes = {"n_features_in": n_features_in, "n_hidden_layers": estimator.n_hidden_layers}
    # Every part has the first, and largest, one's width.
    w = estimator.tower_width or tower_width(
        width, estimator.n_towers, n_targets=parts[0], taaf=estimator.taaf, **sizes
    )
    networks = [
        nn.TowerNetwork(
            n_targets=part,
            tower_width=w,
            n_towers=estimator.n_towers,
            n_folds=estimator.n_folds if estimator.architecture == "checkerboard" else 1,
            reconnection=estimator.reconnection,
            skip_connection=estimator.skip_connection,
            # Copies: a module of the user's is a parameter, which no fit may change.
            activation=copy.deepcopy(estimator.activation),
            output_activation=copy.deepcopy(estimator.output_activation),
            taaf=estimator.taaf,
            dropout=layer_dropout(estimator),
            input_dropout=estimator.input_dropout,
            linear_path=linear_path,
            n_members=n_members,
            generator=generator,
            **sizes,
        )
        for part in parts
    ]
    return networks[0] if len(networks) == 1 else nn.TargetParts(networks)


def layer_dropout(estimator) -> list[float]:
    """One rate a hidden layer; the papers' checkerboards have none after the first."""
    n_layers = estimator.n_hidden_layers
    if np.ndim(estimator.dropout):
        return np.asarray(estimator.dropout).tolist()
    first = estimator.first_layer_dropout
    if first is None:
        first = 0.0 if estimator.architecture == "checkerboard" else estimator.dropout
    return [first] + [estimator.dropout] * (n_layers - 1)
