"""Who takes part in the race of training steps: this package, loops by hand, peers.

Each has a name, a number of parameters, and ``run(n_epochs)``, which trains for so many epochs and
returns the seconds of a step in each. What is done once a fit does not count.
"""

from __future__ import annotations

import contextlib
import copy
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from _by_hand import HandWrittenNetwork, PerTowerNetwork
from _keras_net import KerasChild, backends
from sklearn.neural_network import MLPRegressor
from torch import Tensor, nn

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.nn import TowerNetwork
from sklearn_dgex.training import resolve_precision

OURS, AUTO = "this package", "this package, precision auto"
LOGISTIC = "this package, logistic network"
LOOP, BY_HAND = "hand-written loop", "hand-written network and loop"
PER_TOWER, MLP = "per-tower loop", "MLPRegressor"
RATE = 5e-4  # the papers'

# As the papers train, but for the schedule of the rate, which costs nothing.
PAPER = {
    "dropout": 0.25,
    "input_dropout": 0,
    "linear_path": 0,
    "mixup": 0,
    "n_members": 1,
    "learning_rate": "constant",
    "learning_rate_init": RATE,
    "target_scaling": "standard",
}
# No samples are held out: a step is all that is measured.
ALWAYS = {"early_stopping": False, "validation_fraction": 0, "device": "cpu", "random_state": 0}
DENSE = {"n_towers": 1, "architecture": "tower", "skip_connection": False}


class Ours:
    """The loop of a fit: seconds are those that the history gives, its first epoch left out."""

    def __init__(self, name: str, x: np.ndarray, y: np.ndarray, **parameters):
        self.name, self.x, self.y = name, x, y
        self.parameters = parameters | ALWAYS
        first = self.fit(1)  # also warms up
        self.n_members, self.batch_size = first.n_members_, first.batch_size_
        self.n_parameters = first.n_members_ * first.n_parameters_
        self.network = first.networks_[0].arguments()
        self.precision = first.net_.precision
        self.n_steps = max(1, round(len(x) / first.batch_size_))

    def fit(self, n_epochs: int) -> DGEXRegressor:
        return DGEXRegressor(**self.parameters, max_iter=n_epochs).fit(self.x, self.y)

    def run(self, n_epochs: int) -> list[float]:
        history = self.fit(n_epochs + 1).net_.history
        return [seconds / self.n_steps for seconds in history[1:, "dur"]]


class Loop:
    """What a good torch user writes: no data loader, batches sliced from tensors.

    ``n_members=None`` is for modules that map (B, p) to (B, q); with a number they map (M, B, p) to
    (M, B, q), and each member draws an order of its own, as in this package. The data are kept as
    they come: they should be standardised.
    """

    def __init__(
        self, name: str, module: nn.Module, x: Tensor, y: Tensor, *, batch_size, n_members, mixup=0
    ):
        self.name, self.module, self.x, self.y = name, module.train(), x, y
        self.batch_size, self.n_members = batch_size, n_members
        self.n_steps = -(-len(x) // batch_size)
        self.blend = torch.distributions.Beta(float(mixup), float(mixup)) if mixup else None
        self.n_parameters = sum(parameter.numel() for parameter in module.parameters())
        self.optimizer = torch.optim.NAdam(
            module.parameters(), lr=RATE, eps=1e-7, momentum_decay=0.004
        )

    def run(self, n_epochs: int) -> list[float]:
        seconds = []
        for _ in range(n_epochs):
            started = time.perf_counter()
            self.train_epoch()
            seconds.append((time.perf_counter() - started) / self.n_steps)
        return seconds

    def train_epoch(self) -> None:
        total = torch.zeros(())
        for rows in self.order().split(self.batch_size, dim=-1):
            x, y = self.x[rows], self.y[rows]
            if self.blend is not None:
                x, y = self.mixed(x, y)
            self.optimizer.zero_grad(set_to_none=True)
            loss = nn.functional.l1_loss(self.module(x), y)
            loss.backward()
            self.optimizer.step()
            total += loss.detach()
        self.mean_loss = total.item() / self.n_steps

    def order(self) -> Tensor:  # (n,) or (M, n)
        if self.n_members is None:
            return torch.randperm(len(self.x))
        return torch.stack([torch.randperm(len(self.x)) for _ in range(self.n_members)])

    def mixed(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        share = self.blend.sample((*x.shape[:-1], 1))  # (M, B, 1)
        partner = torch.randperm(x.shape[-2])
        return torch.lerp(x[..., partner, :], x, share), torch.lerp(y[..., partner, :], y, share)


class Perceptron:
    """scikit-learn's dense logistic network, an epoch a call of ``partial_fit``."""

    def __init__(self, x: np.ndarray, y: np.ndarray, *, width: int, batch_size: int):
        self.name, self.x, self.y = MLP, x, y
        self.n_steps = len(x) // batch_size
        self.model = MLPRegressor(
            hidden_layer_sizes=(width,) * 3,
            activation="logistic",
            solver="adam",
            learning_rate_init=RATE,
            batch_size=batch_size,
            random_state=0,
        )
        self.model.partial_fit(x, y)
        weights = [*self.model.coefs_, *self.model.intercepts_]
        self.n_parameters = sum(weight.size for weight in weights)

    def run(self, n_epochs: int) -> list[float]:
        seconds = []
        for _ in range(n_epochs):
            started = time.perf_counter()
            self.model.partial_fit(self.x, self.y)
            seconds.append((time.perf_counter() - started) / self.n_steps)
        return seconds


def standardised(values: np.ndarray) -> np.ndarray:
    """Scale each gene to mean 0 and standard deviation 1."""
    spread = values.std(axis=0)
    return ((values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)).astype(np.float32)


@contextlib.contextmanager
def contestants(x: np.ndarray, y: np.ndarray, parameters: dict, *, peers: bool) -> Iterator[list]:
    """Yield all that can train the network of ``parameters``, this package in float32 first."""
    ours = Ours(OURS, x, y, precision="float32", **parameters)
    x_scaled, y_scaled = standardised(x), standardised(y)
    taking_part = [ours, *loops(ours, x_scaled, y_scaled)]
    n_products = ours.n_parameters * ours.batch_size
    if resolve_precision("auto", torch.device("cpu"), n_products) != "float32":
        taking_part.append(Ours(AUTO, x, y, precision="auto", **parameters))
    with contextlib.ExitStack() as stack:
        if peers:
            taking_part += perceptrons(ours, x, y)
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            for child in keras_children(ours, x_scaled, y_scaled, folder):
                taking_part.append(stack.enter_context(contextlib.closing(child)))
        yield taking_part


def loops(ours: Ours, x: np.ndarray, y: np.ndarray) -> list[Loop]:
    """Hand-written loops over the same network, and over networks written by hand."""
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    network = TowerNetwork(**ours.network)
    size = {"batch_size": ours.batch_size}
    mixup = ours.parameters.get("mixup", DGEXRegressor().mixup)
    members = {"n_members": ours.n_members, "mixup": mixup}
    made = [Loop(LOOP, copy.deepcopy(network), x, y, **size, **members)]
    if is_papers(ours):
        made.append(Loop(BY_HAND, HandWrittenNetwork(network), x, y, **size, n_members=None))
        if network.n_towers > 1:
            made.append(Loop(PER_TOWER, PerTowerNetwork(network), x, y, **size, n_members=None))
    return made


def is_papers(ours: Ours) -> bool:
    """Whether the network is one that was written by hand: without members and later additions."""
    added = ("input_dropout", "linear_path")
    return ours.n_members == 1 and not any(ours.network[name] for name in added)


def perceptrons(ours: Ours, x: np.ndarray, y: np.ndarray) -> list:
    """scikit-learn's dense network of one tower's width, and the same network of this package."""
    if ours.network["n_towers"] > 1:
        return []
    width, batch_size = ours.network["tower_width"], ours.batch_size
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has not converged
        theirs = Perceptron(standardised(x), standardised(y), width=width, batch_size=batch_size)
    same = {"taaf": False, "dropout": 0, "loss": "squared_error", "width": width, **DENSE}
    parameters = PAPER | same | {"batch_size": batch_size}
    return [theirs, Ours(LOGISTIC, x, y, precision="float32", **parameters)]


def keras_children(ours: Ours, x: np.ndarray, y: np.ndarray, folder: Path) -> Iterator[KerasChild]:
    """Yield a process for each backend of Keras that is installed."""
    case = {"network": ours.network, "batch_size": ours.batch_size, "n_steps": ours.n_steps}
    for name, values in (("x", x), ("y", y)):
        case[name] = str(folder / f"{name}.npy")
        np.save(case[name], values)
    for backend in backends():
        yield KerasChild(backend, case)
