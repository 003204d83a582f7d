"""Progress of a training that runs many epochs a call."""

from __future__ import annotations

import numpy as np

from sklearn_dgex.training.callbacks import diverged
from sklearn_dgex.utils.progress import ProgressBar


class EpochReport:
    """Collect the epochs' losses, stop at one that is not finite, and show how far it is.

    Parameters
    ----------
    n_epochs : int
    learning_rate : float
        For the error message.
    description : str
        What lines begin with.
    verbose : int
        0 is silent, 1 a bar on terminals and in notebooks, 2 a plain line at each tenth.
    """

    def __init__(self, n_epochs: int, learning_rate: float, description: str, verbose: int):
        self.n_epochs = n_epochs
        self.learning_rate = learning_rate
        self.description = description
        self.verbose = int(verbose)
        self.losses: list[float] = []
        self._bar = ProgressBar(n_epochs, description, "epoch", wanted=self.verbose == 1)

    def __call__(self, losses: np.ndarray) -> None:
        """Take the losses of the epochs since the last call."""
        for loss in losses.tolist():
            self.losses.append(loss)
            if not np.isfinite(loss):
                raise diverged("training loss", loss, len(self.losses), self.learning_rate)
            if self.verbose > 1 and len(self.losses) % max(1, self.n_epochs // 10) == 0:
                print(
                    f"{self.description}: epoch {len(self.losses)}/{self.n_epochs}, "
                    f"training loss {loss:#.4g}",
                    flush=True,
                )
        self._bar.advance(len(losses), f"loss {self.losses[-1]:#.4g}")

    def close(self) -> None:
        """Leave the bar as it stands."""
        self._bar.close()
