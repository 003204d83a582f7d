"""What happens at the end of an epoch: keep the best weights, stop in time, show progress."""

from __future__ import annotations

import copy
import math

import torch
from skorch.callbacks import Callback

from sklearn_dgex.exceptions import DivergedError
from sklearn_dgex.utils.progress import ProgressBar


def check_callbacks(callbacks: list | None) -> None:
    """Check what a user wants to be called.

    Parameters
    ----------
    callbacks : list or None
        As of :class:`~sklearn_dgex.DGEXRegressor`.

    Raises
    ------
    ValueError
        If an entry is no skorch callback, callback class, or pair of a name and one of these.

    Examples
    --------
    >>> from skorch.callbacks import EarlyStopping
    >>> from sklearn_dgex.training import check_callbacks
    >>> check_callbacks([EarlyStopping, ("second", EarlyStopping(patience=3))])
    """
    for number, entry in enumerate(callbacks or []):
        is_named = isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[0], str)
        callback = entry[1] if is_named else entry
        is_class = isinstance(callback, type) and issubclass(callback, Callback)
        if not (is_class or isinstance(callback, Callback)):
            raise ValueError(
                "The 'callbacks' parameter must be a list of skorch callbacks, or pairs of a name "
                f"and one. Got {entry!r} in place {number}; derive its class from "
                "skorch.callbacks.Callback."
            )


class BestWeights(Callback):
    """Remember the weights of the epoch with the lowest validation MMAE.

    Parameters
    ----------
    patience : int or None
        Epochs without an improvement after which the net is asked to stop; None never asks.
    tol : float
        What counts as an improvement when patience is counted, as a share of the best MMAE.
    """

    def __init__(self, patience: int | None, tol: float = 0.0):
        self.patience = patience
        self.tol = tol

    def on_train_begin(self, net, **kwargs):
        self.best_ = math.inf
        self.epoch_ = None
        self.state_ = None
        self._milestone, self._n_waited = math.inf, 0

    def on_epoch_end(self, net, **kwargs):
        mmae = net.history[-1].get("valid_mmae")
        if mmae is None:
            return
        improved = mmae < self.best_
        net.history.record("valid_loss_best", improved)
        if improved:
            self.best_, self.epoch_ = mmae, len(net.history)
            self._keep(net.module_.state_dict())
        if mmae < self._milestone * (1 - self.tol):
            self._milestone, self._n_waited = mmae, 0
        else:
            self._n_waited += 1
        if self.patience is not None and self._n_waited >= self.patience:
            net.stop_training_ = True

    def figures(self) -> list:
        """Return what there is to remember beside the weights."""
        return [self.best_, self.epoch_, self._milestone, self._n_waited]

    def go_on(self, figures: list, state: dict | None) -> None:
        """Remember what another one did, by its figures and its best weights."""
        self.best_, self.epoch_, self._milestone, self._n_waited = figures
        self.state_ = state

    def _keep(self, state: dict) -> None:
        if self.state_ is None:
            self.state_ = copy.deepcopy(state)
        else:  # in place: there is never a third copy
            for name, value in state.items():
                if torch.is_tensor(value):
                    self.state_[name].copy_(value)
                else:  # what a module of the user's adds to its state
                    self.state_[name] = copy.deepcopy(value)

    def restore(self, net) -> None:
        """Give the net back its best weights, if a validation part told which those are."""
        if self.state_ is not None:
            net.module_.load_state_dict(self.state_)
            self.state_ = None


class DivergenceGuard(Callback):
    """Raise :class:`DivergedError` as soon as an epoch's loss or MMAE is not a finite number."""

    def on_epoch_end(self, net, **kwargs):
        epoch = net.history[-1]
        # The last step of a fit may be the one that diverges: only the held-out samples tell.
        for what, value in (
            ("training loss", epoch["train_loss"]),
            ("validation MMAE", epoch.get("valid_mmae", 0.0)),
        ):
            if not math.isfinite(value):
                raise diverged(what, value, len(net.history), epoch["learning_rate"])


def diverged(what: str, value: float, epoch: int, learning_rate: float) -> DivergedError:
    """Return the error that says what diverged where, and what to do.

    Parameters
    ----------
    what : str
        Name of the number: "training loss", "validation MMAE".
    value : float
        What it became.
    epoch : int
        In which epoch, counted from 1.
    learning_rate : float
        Rate of that epoch.

    Returns
    -------
    DivergedError
        To be raised.

    Examples
    --------
    >>> from sklearn_dgex.training import diverged
    >>> raise diverged("training loss", float("nan"), 3, 0.1)
    Traceback (most recent call last):
    sklearn_dgex.exceptions.DivergedError: The training loss became nan in epoch 3 at ...
    """
    return DivergedError(
        f"The {what} became {value} in epoch {epoch} at a learning rate of {learning_rate:.3g}; "
        "lower 'learning_rate_init' (a tenth is a good next try), or look for extreme values among "
        "the inputs or targets."
    )


class ProgressLine(Callback):
    """One line with a bar, the validation MMAE and the time left, on terminals and in notebooks.

    ``n_done`` epochs of the fit were run before, by a process that was ended.
    """

    def __init__(self, n_epochs: int, description: str, n_done: int = 0):
        self.n_epochs = n_epochs
        self.description = description
        self.n_done = n_done
        self._bar = None  # another callback may fail before it is there

    def on_train_begin(self, net, **kwargs):
        self._bar = ProgressBar(self.n_epochs, self.description, "epoch", self.n_done)

    def on_epoch_end(self, net, **kwargs):
        epoch = net.history[-1]
        mmae = epoch.get("valid_mmae")
        shown = f"loss {epoch['train_loss']:#.4g}" if mmae is None else f"MMAE {mmae:#.4g}"
        self._bar.advance(1, shown)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class LogLines(Callback):
    """A plain line for every tenth of the epochs and for the last, for log files.

    ``n_done`` epochs of the fit were run before, by a process that was ended.
    """

    def __init__(self, n_epochs: int, description: str, n_done: int = 0):
        self.n_epochs = n_epochs
        self.description = description
        self.n_done = n_done
        self._unsaid = None

    def on_train_begin(self, net, **kwargs):
        self._n_before = len(net.history) - self.n_done
        if self.n_done:
            self._say(f"goes on from epoch {self.n_done}/{self.n_epochs}")

    def on_epoch_end(self, net, **kwargs):
        n_done, every = len(net.history) - self._n_before, max(1, self.n_epochs // 10)
        epoch = net.history[-1]
        mmae = f", validation MMAE {epoch['valid_mmae']:#.4g}" if "valid_mmae" in epoch else ""
        self._unsaid = (
            f"epoch {n_done}/{self.n_epochs}, training loss {epoch['train_loss']:#.4g}{mmae}"
        )
        if n_done % every == 0:
            self.close()

    def close(self) -> None:
        """Say how far it is, if that is not said yet: a fit may stop early."""
        if self._unsaid is not None:
            self._say(self._unsaid)
        self._unsaid = None

    def _say(self, what: str) -> None:
        print(f"{self.description}: {what}", flush=True)  # a log is read while it grows
