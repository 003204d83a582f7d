"""The steps of a fit, as functions of the estimator: start, scale, train, report."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sklearn_dgex import training
from sklearn_dgex._dgex import defaults
from sklearn_dgex._dgex.building import build_module
from sklearn_dgex._dgex.data import TrainingData
from sklearn_dgex.exceptions import ConstantGeneWarning
from sklearn_dgex.nn.sizing import count_neurons
from sklearn_dgex.utils.scaling import GeneScaler
from sklearn_dgex.utils.user_warnings import warn_user

if TYPE_CHECKING:
    import torch


def start_module(estimator, data: TrainingData, rng: np.random.RandomState) -> torch.nn.Module:
    """Fix scaling and sizes by the first training samples, and build the network."""
    n_samples, n_genes = len(data.X), data.X.shape[1] + data.y.shape[1]
    estimator.feature_scaler_ = GeneScaler.fit(data.X, "standard", data.weight)
    estimator.target_scaler_ = GeneScaler.fit(data.y, estimator.target_scaling, data.weight)
    _warn_constant_genes(estimator)
    estimator.n_members_ = defaults.resolve_n_members(estimator.n_members, n_samples)
    estimator.batch_size_ = defaults.resolve_batch_size(estimator.batch_size, n_samples)
    return build_module(
        estimator,
        width=defaults.resolve_width(estimator.width, n_samples, n_genes),
        linear_path=defaults.resolve_linear_path(estimator.linear_path, n_samples),
        n_members=estimator.n_members_,
        n_features_in=data.X.shape[1],
        n_targets=data.y.shape[1],
        generator=training.make_generator(rng),
    )


def resumed_module(estimator, data: TrainingData, rng: np.random.RandomState) -> torch.nn.Module:
    """Copy the network of the last fit, to train it further."""
    estimator.batch_size_ = defaults.resolve_batch_size(estimator.batch_size, len(data.X))
    # A new network's seed, unused: so the draws that follow, of the samples to hold out, are those
    # of the last fit, and no member is judged by samples that it has learnt from.
    training.make_generator(rng)
    return copy.deepcopy(estimator.net_.module_)


def scaled_profiles(
    estimator,
    data: TrainingData,
    module: torch.nn.Module,
    validation_fraction: float,
    rng: np.random.RandomState,
) -> training.Profiles | training.ProfileStream:
    """Scale the training data, move them to the device and share them out to the members."""
    if data.streamed:
        return _profile_stream(estimator, data, validation_fraction, rng)
    return training.make_profiles(
        estimator.feature_scaler_.transform(data.X),
        estimator.target_scaler_.transform(data.y),
        y_scale=estimator.target_scaler_.scale,
        weight=data.weight,
        n_members=estimator.n_members_,
        validation_fraction=validation_fraction,
        rng=rng,
        device=training_device(estimator),
        n_parameters=n_numbers(module),
    )


def _profile_stream(
    estimator, data: TrainingData, validation_fraction: float, rng: np.random.RandomState
) -> training.ProfileStream:
    """Scale the training data as they are read, and share them out to the members."""
    features, targets = estimator.feature_scaler_, estimator.target_scaler_

    def read(rows: slice, x: np.ndarray, y: np.ndarray) -> None:
        features.transform(data.X[rows], out=x)
        targets.transform(data.y[rows], out=y)

    (n_samples, n_features), n_targets = data.X.shape, data.y.shape[1]
    return training.ProfileStream(
        read,
        training.Blocks(
            n_samples,
            sample_bytes=4 * (n_features + n_targets),
            n_together=max(data.X.n_together, data.y.n_together),
            shuffle_buffer=estimator.shuffle_buffer,
        ),
        n_features=n_features,
        y_scale=targets.scale,
        weight=data.weight,
        n_members=estimator.n_members_,
        validation_fraction=validation_fraction,
        rng=rng,
        device=training_device(estimator),
    )


def training_device(estimator) -> torch.device:
    """Return the device to train on; of several ranks on one host each has a GPU of its own."""
    return training.resolve_device(training.local_device(estimator.device, estimator.distributed))


def training_precision(estimator, module: torch.nn.Module, n_samples: int) -> str:
    """Return the arithmetic of the products that ``module`` is to be trained by."""
    n_products = n_numbers(module) * min(n_samples, estimator.batch_size_)
    return training.resolve_precision(estimator.precision, training_device(estimator), n_products)


def n_numbers(module: torch.nn.Module) -> int:
    """Count the parameters of all members."""
    return sum(parameter.numel() for parameter in module.parameters())


def training_net(
    estimator,
    module: torch.nn.Module,
    n_samples: int,
    rng: np.random.RandomState,
    *,
    schedule: str,
    ranks: training.Alone,
) -> training.ProfileNet:
    """Build the net that will train ``module`` as the estimator's parameters say."""
    device = training_device(estimator)
    patience = None
    if estimator.early_stopping and hasattr(estimator, "max_iter_"):
        patience = defaults.resolve_patience(estimator.n_iter_no_change, estimator.max_iter_)
    return training.make_net(
        module,
        rng=rng,
        device=device,
        precision=training_precision(estimator, module, n_samples),
        loss=estimator.loss,
        solver=estimator.solver,
        momentum=estimator.momentum,
        schedule_decay=estimator.schedule_decay,
        schedule=schedule,
        lr=estimator.learning_rate_init,
        mixup=estimator.mixup,
        batch_size=estimator.batch_size_,
        patience=patience,
        tol=estimator.tol,
        keep_best=estimator.early_stopping,
        callbacks=estimator.callbacks,
        compile=estimator.compile,
        verbose=int(estimator.verbose) if ranks.leads else 0,
        description=type(estimator).__name__,
        ranks=ranks,
    )


def epoch_net(
    estimator,
    module: torch.nn.Module | None,
    n_samples: int,
    rng: np.random.RandomState,
    ranks: training.Alone,
) -> training.ProfileNet:
    """Return the net for an epoch at a constant rate: around a new ``module``, or with None on.

    The net that trained last goes on; one that can't leaves its module and history to a new one.
    """
    if module is not None:
        return training_net(estimator, module, n_samples, rng, schedule="constant", ranks=ranks)
    estimator.batch_size_ = defaults.resolve_batch_size(estimator.batch_size, n_samples)
    last = estimator.net_
    if last.can_continue(training_device(estimator)):
        last.ranks = ranks
        return last
    # Shards are made in place, and the estimator is to keep its network if this fit fails.
    module = copy.deepcopy(last.module_) if ranks.shards else last.module_
    net = training_net(estimator, module, n_samples, rng, schedule="constant", ranks=ranks)
    return net.take_history(last.history)


def report_training(estimator, net: training.ProfileNet) -> None:
    """Set the fitted attributes that the trained net and its history give."""
    module, history = net.module_, net.history
    estimator.net_ = net
    networks = estimator.networks_
    estimator.n_towers_ = networks[0].n_towers
    estimator.tower_width_ = networks[0].tower_width
    estimator.n_parameters_ = n_numbers(module) // module.n_members
    estimator.n_neurons_ = sum(
        count_neurons(
            network.tower_width,
            network.n_towers,
            n_targets=network.output_weight.shape[2],
            n_hidden_layers=len(network.activations),
        )
        for network in networks
    )
    estimator.n_iter_ = len(history)
    estimator.loss_curve_ = [float(epoch["train_loss"]) for epoch in history]


def report_held_out(estimator, profiles: training.Profiles | training.ProfileStream) -> None:
    """Set the fitted attributes that the samples held out from each member give."""
    profiles = profiles.held_out
    scores = [float(e["valid_mmae"]) for e in estimator.net_.history if "valid_mmae" in e]
    estimator.validation_scores_ = scores or None
    estimator.best_validation_score_ = min(scores, default=None)
    n_targets = profiles.y.shape[1]
    if profiles.valid_index.shape[1]:
        quality = training.held_out_quality(
            estimator.net_.module_, profiles, precision=estimator.net_.precision
        )
    else:
        quality = dict.fromkeys(("correlation", "mae"), np.full(n_targets, np.nan))
    genes = pd.Index(getattr(estimator, "target_names_in_", range(n_targets)), name="gene")
    estimator.per_gene_quality_ = pd.DataFrame(quality, index=genes)


def _warn_constant_genes(estimator) -> None:
    for what, scaler in (
        ("landmark", estimator.feature_scaler_),
        ("target", estimator.target_scaler_),
    ):
        n_constant = int(scaler.constant.sum())
        if n_constant:
            name = "feature_names_in_" if what == "landmark" else "target_names_in_"
            names = getattr(estimator, name, range(len(scaler.scale)))
            first = names[int(scaler.constant.argmax())]
            fate = "are ignored" if what == "landmark" else "are inferred as that one value"
            if scaler.scale.all():  # left unscaled, they are inferred like the others
                fate = "teach the network nothing"
            warn_user(
                f"{n_constant} of {len(scaler.scale)} {what} genes do not vary in the training "
                f"samples (the first is {first!r}) and {fate}.",
                ConstantGeneWarning,
            )
