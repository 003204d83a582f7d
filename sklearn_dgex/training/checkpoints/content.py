"""What a checkpoint holds: all that decides how the training of a net goes on."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from skorch import NeuralNet
from skorch.history import History
from torch import Tensor

from sklearn_dgex.training.callbacks import BestWeights
from sklearn_dgex.training.generators import generators_of, restore

PLAIN = (bool, int, float, str)


def taken(net: NeuralNet) -> tuple[dict, dict[str, np.ndarray]]:
    """Take the state of a net between two epochs, as a record in JSON and arrays.

    Arrays of weights on the CPU are views: write them before the next step is taken.
    """
    best, module = _best_of(net), net.module_.state_dict()
    optimizer = net.optimizer_.state_dict()
    tensors = {f"module/{name}": value for name, value in module.items()}
    for i, generator in enumerate(generators_of(net.module_, net.generator)):
        tensors[f"generator/{i:03d}"] = generator.get_state()
    for i, state in optimizer["state"].items():
        named = {name: value for name, value in state.items() if value is not None}
        tensors |= {f"optimizer/{i}/{name}": value for name, value in named.items()}
    best_is_last = best.state_ is not None and _are_equal(best.state_, module)
    if best.state_ is not None and not best_is_last:
        tensors |= {f"best/{name}": value for name, value in best.state_.items()}
    record = {
        "history": [_plain_epoch(epoch) for epoch in net.history],
        "groups": [_plain(group) for group in optimizer["param_groups"]],
        "best": best.figures(),
        "best_is_last": best_is_last,
        "precision": net.precision,
    }
    return record, {name: _as_array(value) for name, value in tensors.items()}


class TrainingState:
    """The state of a net that a checkpoint holds, checked as far as it can be without the net.

    Anything wrong raises one of the errors in `DAMAGE`.

    Parameters
    ----------
    record : dict
    arrays : dict of ndarray
        What :func:`taken` returned.
    """

    def __init__(self, record: dict, arrays: dict[str, np.ndarray]):
        self.history = [_checked_epoch(epoch) for epoch in record["history"]]
        self.groups = [_checked(group) for group in record["groups"]]
        self.best = _checked_figures(record["best"], len(self.history))
        self.best_is_last, self.precision = bool(record["best_is_last"]), str(record["precision"])
        self.module = dict(_under("module", arrays))
        self.best_module = dict(_under("best", arrays))
        self.generators = [value for _, value in _under("generator", arrays)]
        for state in self.generators:
            torch.Generator().set_state(state)
        self.optimizer: dict[int, dict[str, Tensor]] = {}
        for name, value in _under("optimizer", arrays):
            i, _, name = name.partition("/")
            self.optimizer.setdefault(int(i), {})[name] = value

    def misfits(self, net: NeuralNet) -> list[str]:
        """Lines on what of the state is none of the net's; nothing is changed."""
        module, parameters = net.module_.state_dict(), _parameters(net.optimizer_)
        fit = {
            "weights": _alike(self.module, module)
            and (not self.best_module or _alike(self.best_module, module)),
            "the optimiser's state": set(self.optimizer) <= set(range(len(parameters)))
            and all(
                value.shape in ((), parameters[i].shape)
                for i, state in self.optimizer.items()
                for value in state.values()
            )
            and len(self.groups) == len(net.optimizer_.param_groups),
            "random generators": len(self.generators)
            == len(generators_of(net.module_, net.generator)),
        }
        lines = [f"{what}: of another network" for what, fits in fit.items() if not fits]
        if self.precision != net.precision:
            lines.append(f"precision: {self.precision!r} there, {net.precision!r} here")
        return lines

    def restore(self, net: NeuralNet) -> None:
        """Put the net where it was; its callbacks follow in :meth:`restore_best`."""
        net.module_.load_state_dict(self.module)
        groups = net.optimizer_.state_dict()["param_groups"]
        groups = [group | saved for group, saved in zip(groups, self.groups, strict=True)]
        # Copies: nothing of a net lies in a mapped file.
        state = {
            i: {name: value.clone() for name, value in values.items()}
            for i, values in self.optimizer.items()
        }
        net.optimizer_.load_state_dict({"state": state, "param_groups": groups})
        generators = generators_of(net.module_, net.generator)
        restore(dict(zip(generators, self.generators, strict=True)))
        net.history_ = History(self.history)

    def restore_best(self, net: NeuralNet) -> None:
        """Let the net's BestWeights know what it knew, once it has begun."""
        saved = self.module if self.best_is_last else self.best_module
        own = net.module_.state_dict()
        state = {name: torch.empty_like(own[name]).copy_(value) for name, value in saved.items()}
        _best_of(net).go_on(self.best, state or None)


def _best_of(net: NeuralNet) -> BestWeights:
    return dict(net.callbacks_)["best_weights"]


def _parameters(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def _as_array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().contiguous().numpy()


def _under(prefix: str, arrays: dict[str, np.ndarray]) -> Iterator[tuple[str, Tensor]]:
    prefix += "/"
    for name, array in sorted(arrays.items()):
        if name.startswith(prefix):
            yield name.removeprefix(prefix), torch.from_numpy(array)


def _are_equal(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return all(torch.equal(first[name], value) for name, value in second.items())


def _alike(saved: dict[str, Tensor], own: dict[str, Tensor]) -> bool:
    kinds = ({n: (t.shape, t.dtype) for n, t in tensors.items()} for tensors in (saved, own))
    return next(kinds) == next(kinds)


def _plain_epoch(epoch: dict) -> dict:
    return _plain(epoch) | {"batches": [_plain(batch) for batch in epoch.get("batches", [])]}


def _plain(entries: dict) -> dict:
    """Return what JSON can hold of a record; callbacks may add what it can't."""
    values = {k: v.item() if isinstance(v, np.generic) else v for k, v in entries.items()}
    return {name: value for name, value in values.items() if value is None or type(value) in PLAIN}


def _checked_epoch(epoch: dict) -> dict:
    batches = [_checked(batch) for batch in epoch["batches"]]
    entries = _checked({name: value for name, value in epoch.items() if name != "batches"})
    if not math.isfinite(entries["train_loss"]):
        raise ValueError("an epoch whose loss is no number")
    return {"batches": batches, **entries}


def _checked_figures(figures: list, n_epochs: int) -> list:
    best, epoch, milestone, n_waited = figures
    if epoch not in (None, *range(1, n_epochs + 1)) or not 0 <= n_waited <= n_epochs:
        raise ValueError("a best epoch that was not run")
    return [float(best), epoch, float(milestone), int(n_waited)]


def _checked(entries: dict) -> dict:
    if _plain(entries) != entries:
        raise ValueError("a record of other than numbers and text")
    return entries
