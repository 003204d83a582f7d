"""Checkpoints of a fit: when they are written, where, and which of them is gone on from."""

from __future__ import annotations

import os
import re
import secrets
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
from skorch import NeuralNet

from sklearn_dgex.exceptions import CheckpointFileError, CheckpointMismatchError, CheckpointWarning
from sklearn_dgex.training.checkpoints.differences import differences
from sklearn_dgex.training.checkpoints.file import (
    Checkpoint,
    Start,
    UnknownCheckpointError,
    versions_here,
    write_checkpoint,
)
from sklearn_dgex.utils.files import remove_leftovers
from sklearn_dgex.utils.user_warnings import warn_user

NAME = re.compile(r"checkpoint-(\d{6,})\.safetensors")
UNITS = {"s": 1, "min": 60, "h": 3600}
SHARE = 0.05  # of a fit's time that goes into writing, at most, where "every" is a time


def parse_every(every: int | str) -> tuple[float, float]:
    """Return epochs and seconds between two checkpoints; the one that does not count is infinite.

    >>> parse_every(5), parse_every("1 min"), parse_every("0.5h")
    ((5, inf), (inf, 60.0), (inf, 1800.0))
    """
    if not isinstance(every, str):
        return int(every), float("inf")
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|min|h)\s*", every)
    seconds = float(match[1]) * UNITS[match[2]] if match else 0.0
    if seconds <= 0:
        raise ValueError(
            "The 'checkpoint_every' parameter must be a number of epochs, or a time such as "
            f"'30 s', '1 min' or '2 h'. Got {every!r} instead."
        )
    return float("inf"), seconds


class Checkpoints:
    """Write the state of a net to a folder now and then, and find the last one that was written.

    The order of use: make one, :meth:`begin`, and hand it to :meth:`ProfileNet.train`.

    Parameters
    ----------
    folder : str or path-like
        Where the files go; it is made where there is none.
    every : int or str, default="1 min"
        Epochs, or a time, between two of them. The next time is put off where writing would take
        more than a twentieth of all.
    keep : int, default=2
        How many are kept, the newest ones.
    writes : bool, default=True
        Whether this process writes. Of several that train one net, one does; all read.

    Raises
    ------
    ValueError
        If ``every`` is no time.
    OSError
        If the folder can't be made, or holds no checkpoint and can't be written to.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from sklearn_dgex.training import Checkpoints
    >>> folder = tempfile.TemporaryDirectory()
    >>> checkpoints = Checkpoints(folder.name, every="30 s")
    >>> rng = checkpoints.begin({"n_towers": 5}, np.random.RandomState(0))
    >>> checkpoints.found is None, checkpoints.finished  # nothing to go on from yet
    (True, False)
    >>> folder.cleanup()
    """

    def __init__(
        self,
        folder: str | os.PathLike,
        *,
        every: int | str = "1 min",
        keep: int = 2,
        writes: bool = True,
    ) -> None:
        self.n_epochs, self.seconds = parse_every(every)
        self.folder, self.keep, self.writes = Path(folder).expanduser().absolute(), keep, writes
        self.found: Checkpoint | None = None
        self.last_epoch: int | None = None  # of the newest one that is known to be whole
        # Files found as the fit began, or written since, and not removed; of those, the damaged
        # ones, which go with the next that is written, and those that can't be read here, which
        # are never removed.
        self._known: set[Path] = set()
        self._damaged: set[Path] = set()
        self._unread: set[Path] = set()
        self._has_failed = self._is_shared = False
        if writes and not self._files():
            self._check_writable()

    def begin(self, fingerprint: dict, rng: np.random.RandomState) -> np.random.RandomState:
        """Find the checkpoint to go on from; return the generator that the fit is to draw from.

        Parameters
        ----------
        fingerprint : dict of JSON
            What the result depends on: a checkpoint that differs in it is refused.
        rng : RandomState
            That of a new fit. A fit that goes on draws what it drew when it began: from ``rng`` if
            that is in the same state, else from a generator of its own.

        Returns
        -------
        RandomState
            ``rng``, or that generator.

        Raises
        ------
        CheckpointMismatchError
            If the newest checkpoint is of a fit with another fingerprint.
        CheckpointFileError
            If there are checkpoints and none can be read.
        OSError
            If the folder can't be written to, and the fit is not finished.

        Warns
        -----
        CheckpointWarning
            If a checkpoint that can't be read was passed over, or the fit goes on with other
            libraries.
        """
        self.fingerprint, self.versions, self.start = fingerprint, versions_here(), Start.of(rng)
        self.found = self._newest()
        if self.found is not None:
            self._refuse(differences(self.found.fingerprint, fingerprint))
            self.last_epoch = self.found.epoch
            if not self.found.start.is_like(self.start):
                self.start = self.found.start
                rng = self.start.generator()
        if self.writes and not (self.found and self.found.finished):
            self._check_writable()
            with suppress(OSError):
                remove_leftovers(self.folder, NAME.pattern)
        self._warn_other_versions()
        self._mark_time(0.0)
        return rng

    def restore(self, net: NeuralNet) -> int:
        """Put a net where the checkpoint has it, its callbacks excepted.

        Parameters
        ----------
        net : ProfileNet
            A net that has been initialised.

        Returns
        -------
        int
            Epochs that were run before; 0 where there is no checkpoint.

        Raises
        ------
        CheckpointMismatchError
            If it is the state of another network.
        """
        if self.found is None:
            return 0
        self._refuse(self.found.state.misfits(net))
        self.found.state.restore(net)
        return self.found.epoch

    def restore_best(self, net: NeuralNet) -> None:
        """Let the callbacks of the net, which has begun, know what they knew; let go of the file.

        To be called once, after :meth:`restore`.

        Parameters
        ----------
        net : ProfileNet
            The net that was restored.
        """
        if self.found is not None:
            self.found.state.restore_best(net)
            self.found.state = None  # as large as the net

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to train."""
        return self.found is not None and self.found.finished

    def after_epoch(self, net: NeuralNet) -> None:
        """Write the state of the net, if it is time.

        Parameters
        ----------
        net : ProfileNet
            The net, between two epochs.

        Warns
        -----
        CheckpointWarning
            As :meth:`write` does.
        """
        in_turn = len(net.history) % self.n_epochs == 0
        if in_turn or time.monotonic() >= self._next:
            self.write(net)

    def write(self, net: NeuralNet, *, finished: bool = False) -> None:
        """Write the state of the net between two epochs; warn once where that fails.

        Parameters
        ----------
        net : ProfileNet
            The net.
        finished : bool, default=False
            Whether there is nothing left to train.

        Warns
        -----
        CheckpointWarning
            If it could not be written, or another fit writes to the folder, the first time.
        """
        if not self.writes:
            return
        started, epoch = time.monotonic(), len(net.history)
        path = self.folder / f"checkpoint-{epoch:06d}.safetensors"
        held = {"fingerprint": self.fingerprint, "start": self.start, "versions": self.versions}
        try:
            write_checkpoint(path, net, finished=finished, **held)
        except (OSError, MemoryError) as error:
            self._warn_failed(error)
        else:
            self.last_epoch = epoch
            self._remove_older(path)
        self._mark_time(time.monotonic() - started)

    def _mark_time(self, seconds: float) -> None:
        """Set the time of the next one, after so many seconds of writing."""
        self._next = time.monotonic() + max(self.seconds, seconds * (1 / SHARE - 1))

    def _files(self) -> list[Path]:
        """Return all checkpoints, the newest first."""
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._unusable(error) from error
        found = ((int(match[1]), name) for name in names if (match := NAME.fullmatch(name)))
        return [self.folder / name for _, name in sorted(found, reverse=True)]

    def _newest(self) -> Checkpoint | None:
        """Return the newest checkpoint that opens, or None where there are none at all."""
        files, first_error = self._files(), None
        self._known.update(files)
        for path in files:
            try:
                found = Checkpoint.read(path)
            except FileNotFoundError:  # removed meanwhile, by another fit in the folder
                self._known.discard(path)
                continue
            except (OSError, CheckpointFileError) as error:
                first_error = first_error or error
                # It may be sound where more files may be open, or for a newer version.
                may_be_sound = isinstance(error, (OSError, UnknownCheckpointError))
                (self._unread if may_be_sound else self._damaged).add(path)
                continue
            if first_error is not None:
                warn_user(
                    f"The fit goes on from {found.path.name!r}, since what is newer does not open: "
                    f"{first_error}",
                    CheckpointWarning,
                )
            return found
        if first_error is not None:
            remedy = "" if self._unread else "delete them, or "
            raise CheckpointFileError(
                f"A checkpoint in {str(self.folder)!r} must open. Got {len(files)} of which none "
                f"does; {remedy}choose another 'checkpoint_dir' to train anew: {first_error}"
            ) from first_error
        return None

    def _refuse(self, differences: list[str]) -> None:
        """Raise an error that lists the differences, if there are any."""
        if differences:
            lines = "\n".join(f"  - {line}" for line in differences)
            raise CheckpointMismatchError(
                f"The checkpoints in {str(self.folder)!r} must be of a fit with the same data and "
                f"parameters. Got others, which differ in:\n{lines}\n"
                "Choose another 'checkpoint_dir' for this fit, or delete them to train anew."
            )

    def _check_writable(self) -> None:
        """Make the folder if need be, and try out whether it takes a file."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # Named as what is left over, lest it be.
            probe = self.folder / f".checkpoint-000000.safetensors.{secrets.token_hex(4)}"
            probe.write_bytes(b"")
            probe.unlink(missing_ok=True)  # another process may take it for a leftover
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> OSError:
        return type(error)(
            "The 'checkpoint_dir' parameter must be a folder that can be written to. Got "
            f"{str(self.folder)!r} ({error.strerror}); choose another folder."
        )

    def _remove_older(self, written: Path) -> None:
        """Remove what was found to be damaged, and all but the last few of this fit's own."""
        self._known.add(written)
        self._damaged.discard(written)
        self._unread.discard(written)
        try:
            files = self._files()
        except OSError:
            return
        self._warn_shared([path for path in files if path not in self._known])
        own = [path for path in files if path in self._known - self._damaged - self._unread]
        for path in [*self._damaged, *own[self.keep :]]:
            with suppress(OSError):
                path.unlink(missing_ok=True)
                self._damaged.discard(path)
                self._known.discard(path)  # one that comes back is another fit's

    def _warn_shared(self, others: list[Path]) -> None:
        if others and not self._is_shared:
            self._is_shared = True
            warn_user(
                f"Another fit writes checkpoints to {str(self.folder)!r} as well, such as "
                f"{others[0].name!r}; what is gone on from is the newest of either, so give each "
                "fit a 'checkpoint_dir' of its own.",
                CheckpointWarning,
            )

    def _warn_failed(self, error: OSError | MemoryError) -> None:
        if self._has_failed:
            return
        self._has_failed = True
        reason = getattr(error, "strerror", None) or type(error).__name__
        last = "there is none yet"
        if self.last_epoch is not None:
            last = f"the last one is of epoch {self.last_epoch}"
        warn_user(
            f"A checkpoint could not be written to {str(self.folder)!r} ({reason}), and {last}; "
            "the fit goes on, and tries again.",
            CheckpointWarning,
        )

    def _warn_other_versions(self) -> None:
        if self.found is None or self.found.finished:
            return
        changed = [
            f"{name} {self.found.versions.get(name)} there, {ours} here"
            for name, ours in self.versions.items()
            if self.found.versions.get(name) != ours
        ]
        if changed:
            warn_user(
                f"The fit goes on from {self.found.path.name!r} with other libraries "
                f"({'; '.join(changed)}): its result is as good, but not bit for bit that of a fit "
                "that was never interrupted.",
                CheckpointWarning,
            )
