"""A fit that is stopped from the keyboard: whether it was, and what is said and left of it."""

from __future__ import annotations

from skorch.history import History

from sklearn_dgex.exceptions import InterruptedFitWarning
from sklearn_dgex.training.callbacks import BestWeights
from sklearn_dgex.training.checkpoints.folder import Checkpoints
from sklearn_dgex.utils.user_warnings import warn_user


def raised_by_skorch(interrupt: KeyboardInterrupt) -> bool:
    """Whether a callback stopped the training in skorch's way, which is to raise a Ctrl-C."""
    frame = interrupt.__traceback__
    while frame.tb_next is not None:
        frame = frame.tb_next
    return frame.tb_frame.f_globals.get("__name__", "").startswith("skorch.callbacks")


def warn_interrupted(
    history: History,
    best: BestWeights,
    n_before: int,
    n_epochs: int,
    checkpoints: Checkpoints | None,
) -> None:
    """Warn the caller of the fit, and say which weights are kept."""
    kept = "the weights as they were then"
    if best.epoch_ is not None:
        epoch = best.epoch_ - n_before
        kept = f"the best weights, those of epoch {epoch} (MMAE {best.best_:.4g})"
    if checkpoints and checkpoints.last_epoch is not None:
        kept += f", and another fit goes on from the checkpoint of epoch {checkpoints.last_epoch}"
    warn_user(
        f"The fit was interrupted in epoch {len(history) - n_before} of {n_epochs}; the "
        f"estimator keeps {kept}.",
        InterruptedFitWarning,
    )


def drop_unfinished_epoch(history: History) -> None:
    """Remove the last epoch from a history, unless it has ended."""
    # What an epoch records stands there from its first end-of-epoch callback, the timer, on.
    if history and "dur" not in history[-1]:
        del history[-1]
