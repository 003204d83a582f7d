"""One checkpoint as a file: written whole, and checked as a whole when it is read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np
import torch
from skorch import NeuralNet

from sklearn_dgex import __version__
from sklearn_dgex.exceptions import CheckpointFileError
from sklearn_dgex.training import compiled
from sklearn_dgex.training.checkpoints.content import TrainingState, taken
from sklearn_dgex.utils.container import DAMAGE, Container

KEY_WORDS = 624  # of numpy's Mersenne Twister


class UnknownCheckpointError(CheckpointFileError):
    """A checkpoint is whole, but of a version of this package that this one does not know."""


CHECKPOINT_FILE = Container(
    format="sklearn_dgex checkpoint",
    version=1,
    noun="checkpoint",
    wrote="a fit with checkpoint_dir",
    error=CheckpointFileError,
    newer=UnknownCheckpointError,
)


@dataclass(eq=False)
class Start:
    """State of numpy's generator as a fit begins, which knows of no other than the legacy one."""

    figures: list
    key: np.ndarray

    @classmethod
    def of(cls, rng: np.random.RandomState) -> Start:
        """Take the state of a generator."""
        state = rng.get_state(legacy=False)
        name, inner = state["bit_generator"], state["state"]
        if name != "MT19937":
            raise ValueError(
                "With 'checkpoint_dir', the 'random_state' parameter must be an int, None or a "
                f"RandomState of MT19937, numpy's usual one. Got one of {name} instead."
            )
        figures = [name, int(inner["pos"]), int(state["has_gauss"]), float(state["gauss"])]
        return cls(figures, inner["key"])

    def generator(self) -> np.random.RandomState:
        """Return a generator in this state."""
        name, position, *gaussian = self.figures
        # numpy takes the position as it is, and reads there
        if name != "MT19937" or self.key.shape != (KEY_WORDS,) or not 0 <= position <= KEY_WORDS:
            raise ValueError("a random state that is none")
        rng = np.random.RandomState()
        rng.set_state((name, self.key, position, *gaussian))
        return rng

    def is_like(self, other: Start) -> bool:
        """Whether the two draw the same."""
        return self.figures == other.figures and np.array_equal(self.key, other.key)


@dataclass
class Checkpoint:
    """A checkpoint that was read.

    Attributes
    ----------
    path : Path
    epoch : int
        Epochs that were run until then.
    finished : bool
        Whether the fit ended with it.
    fingerprint, versions : dict
    start : Start
    state : TrainingState
    """

    path: Path
    epoch: int
    finished: bool
    fingerprint: dict
    versions: dict
    start: Start
    state: TrainingState

    @classmethod
    def read(cls, path: Path) -> Checkpoint:
        """Open a file and check all that is in it.

        Raises
        ------
        OSError
            If it can't be read.
        UnknownCheckpointError
            If another version wrote it.
        CheckpointFileError
            If it is no whole checkpoint.
        """
        description, arrays, versions = CHECKPOINT_FILE.read(path)
        try:
            record = json.loads(arrays["record"].tobytes())
            start = Start(record["start"], arrays["start"])
            start.generator()
            if description["epoch"] != len(record["history"]):
                raise ValueError("another number of epochs than it says")
            content = cls(
                path,
                epoch=description["epoch"],
                finished=description["finished"] is True,
                fingerprint=dict(record["fingerprint"]),
                versions=versions,
                start=start,
                state=TrainingState(record, arrays),
            )
        except DAMAGE as error:
            raise UnknownCheckpointError(  # its checksum is right
                f"The checkpoint {str(path)!r} must hold what this version knows. Got one that "
                f"does not ({error!s:.200}); go on with the version that wrote it."
            ) from error
        return content


def write_checkpoint(
    path: Path, net: NeuralNet, *, finished: bool, fingerprint: dict, start: Start, versions: dict
) -> None:
    """Write the state of a net between two epochs.

    Raises
    ------
    OSError
        If it can't be written; an older file of that name is then as it was.
    """
    record, arrays = taken(net)
    record |= {"start": start.figures, "fingerprint": fingerprint}
    # As an array: histories grow longer than a header may be.
    arrays["record"] = np.frombuffer(json.dumps(record).encode(), np.uint8)
    arrays["start"] = start.key
    description = {"epoch": len(net.history), "finished": finished}
    CHECKPOINT_FILE.write(path, description, arrays, versions)


def versions_here() -> dict[str, str | None]:
    """Return what the last bits of a fit depend on, beside data and parameters."""
    numba = None if compiled.obstacle() else metadata.version("numba")
    return {
        "sklearn_dgex": __version__,
        "numpy": np.__version__,
        "torch": str(torch.__version__),
        "numba": numba,
        "processor": torch.backends.cpu.get_cpu_capability(),
    }
