"""Training data that are read as they are learnt from: more than the memory holds.

An epoch reads blocks of neighbouring samples in random order. Some of them make a window, whose
samples are shuffled and learnt from, while a thread of its own reads the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import cycle, pairwise

import numpy as np
import torch
from torch import Tensor

from sklearn_dgex.training.profiles import Profiles, ring_splits
from sklearn_dgex.utils.ahead import one_ahead

BLOCK_BYTES = 4 << 20  # that are worth a place of their own on a disk
WINDOW_BYTES = 400 << 20  # of profiles in a window, where its size is left to us

Reader = Callable[[slice, np.ndarray, np.ndarray], None]


class Blocks:
    """Cut samples into blocks of neighbours, and say how many of these make a window.

    Parameters
    ----------
    n_samples : int
        Samples to cut.
    sample_bytes : int
        Of one profile, landmarks and targets, in float32.
    n_together : int
        Samples that their file stores together. Blocks are whole multiples of it, unless it is
        more than a window: then they are windows, of parts of what is stored together.
    shuffle_buffer : int or "auto"
        Samples in a window; "auto" is 400 MB of them.

    Examples
    --------
    >>> import torch
    >>> from sklearn_dgex.training import Blocks
    >>> blocks = Blocks(100, sample_bytes=4000, n_together=10, shuffle_buffer=50)
    >>> len(blocks.slices), blocks.n_windows, blocks.most_rows
    (2, 2, 50)
    """

    def __init__(self, n_samples: int, sample_bytes: int, n_together: int, shuffle_buffer) -> None:
        if shuffle_buffer == "auto":
            shuffle_buffer = max(1, WINDOW_BYTES // sample_bytes)
        self.n_samples, self.window = n_samples, min(shuffle_buffer, n_samples)
        # A power of two, as file formats like them: so most files' blocks are those of an array.
        n_rows = 1 << (max(1, BLOCK_BYTES // sample_bytes).bit_length() - 1)
        n_together = min(n_together, self.window)
        n_rows = n_together * max(1, round(min(n_rows, self.window) / n_together))
        n_blocks = max(1, round(n_samples / n_rows))
        ends = [n_rows * (i + 1) for i in range(n_blocks - 1)]
        self.slices = [slice(*ends_of) for ends_of in pairwise([0, *ends, n_samples])]
        self.n_windows = min(n_blocks, max(1, round(n_samples / self.window)))

    def windows(self, generator: torch.Generator) -> list[list[int]]:
        """Share the blocks out among the windows of an epoch, at random.

        Parameters
        ----------
        generator : torch.Generator
            Source of the order; on the CPU.

        Returns
        -------
        list of list of int
            Numbers of each window's blocks, in the order of the file.
        """
        order = torch.randperm(len(self.slices), generator=generator)
        return [part.sort().values.tolist() for part in order.tensor_split(self.n_windows)]

    @property
    def most_rows(self) -> int:
        """Rows that a window may come to have."""
        n_blocks = -(-len(self.slices) // self.n_windows)
        return sum(sorted(map(len_of, self.slices))[-n_blocks:])


class ProfileStream:
    """Profiles in blocks, and for each member what it learns from and what is held out from it.

    Every member holds out as many samples of a block as the others, so that all learn from equally
    many of any window. What is held out stays in memory, so there is no more of it than a window
    has samples.

    Parameters
    ----------
    read : callable
        ``read(rows, x, y)`` writes scaled profiles of a slice of samples into float32 arrays.
    blocks : Blocks
        What is read at a time.
    y_scale : ndarray of shape (q,)
        Units of the targets in one unit of what ``read`` writes.
    weight : ndarray of shape (n,) or None
        Sample weights; None weighs all alike.
    n_features, n_members : int
        Landmarks p, and members M.
    validation_fraction : float in [0, 1)
        Share of the samples that each member holds out, of so many as memory has room for.
    rng : RandomState
        Source of the split.
    device : torch.device
        Where batches are to be.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from sklearn_dgex.training import Blocks, ProfileStream
    >>> table = np.arange(400, dtype=np.float32).reshape(100, 4)  # stands for one on disk
    >>> def read(rows, x, y):
    ...     x[:], y[:] = table[rows, :3], table[rows, 3:]
    >>> stream = ProfileStream(
    ...     read,
    ...     Blocks(100, sample_bytes=16, n_together=10, shuffle_buffer=50),
    ...     y_scale=np.ones(1),
    ...     weight=None,
    ...     n_features=3,
    ...     n_members=1,
    ...     validation_fraction=0.2,
    ...     rng=np.random.RandomState(0),
    ...     device=torch.device("cpu"),
    ... )
    >>> [len(window) for window, _ in stream.parts(4, torch.Generator().manual_seed(0))]
    [40, 40]
    """

    def __init__(
        self,
        read: Reader,
        blocks: Blocks,
        *,
        y_scale: np.ndarray,
        weight: np.ndarray | None,
        n_features: int,
        n_members: int,
        validation_fraction: float,
        rng: np.random.RandomState,
        device: torch.device,
    ) -> None:
        self.read, self.blocks, self.n_members = read, blocks, n_members
        self.widths = n_features, len(y_scale)
        self.y_scale = torch.from_numpy(y_scale.astype(np.float64)).to(device)
        self.weight = None if weight is None else torch.from_numpy(weight.astype(np.float32))
        n_valid = int(min(validation_fraction * blocks.n_samples, blocks.window // n_members))
        splits = [
            ring_splits(len_of(rows), n_members, n_held_out, rng)
            for rows, n_held_out in zip(blocks.slices, self._shares(n_valid), strict=True)
        ]
        self._places: list[tuple[np.ndarray, np.ndarray]] = []  # made when they are wanted
        self.train_index = [train for train, _ in splits]  # of each block: (M, n_train)
        self.held_out = self._read_held_out([valid for _, valid in splits])

    def __len__(self) -> int:
        return sum(index.shape[1] for index in self.train_index)

    @property
    def device(self) -> torch.device:
        """Where batches are to be."""
        return self.y_scale.device

    @property
    def resident(self) -> bool:
        """Whether windows, which lie on the CPU, are there."""
        return self.device.type == "cpu"

    def n_batches(self, batch_size: int) -> int:
        """Count the batches that make an epoch.

        Parameters
        ----------
        batch_size : int
            Samples a step and member, or nearly.

        Returns
        -------
        int
            At least one a window.
        """
        return max(self.blocks.n_windows, round(len(self) / batch_size))

    def parts(self, n_batches: int, generator: torch.Generator) -> Iterator[tuple[Profiles, int]]:
        """Yield the windows of an epoch, one after another.

        A window's memory is used again for the next but one.

        Parameters
        ----------
        n_batches : int
            Batches of the epoch.
        generator : torch.Generator
            Source of the windows' order; on the CPU.

        Yields
        ------
        profiles : Profiles
            A window.
        n_batches : int
            Batches to cut it into.
        """
        if not self._places:
            self._places = [self._place(self.blocks.most_rows) for _ in range(2)]
        windows = self.blocks.windows(generator)
        filled = (
            self._window(blocks, *place)
            for blocks, place in zip(windows, cycle(self._places), strict=False)
        )
        spare, n_done, n_samples = n_batches - len(windows), 0, len(self)
        with closing(one_ahead(filled)) as filled:
            for window in filled:
                n_before, n_done = n_done, n_done + len(window)
                n_more = spare * n_done // n_samples - spare * n_before // n_samples
                yield window, min(1 + n_more, len(window))

    def _shares(self, n_valid: int) -> list[int]:
        """How many of a member's held-out samples each block is to have."""
        ends = [n_valid * rows.stop // self.blocks.n_samples for rows in self.blocks.slices]
        return np.diff([0, *ends]).tolist()

    def _place(self, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
        x, y = (np.empty((n_rows, width), np.float32) for width in self.widths)
        return x, y

    def _window(self, blocks: list[int], x: np.ndarray, y: np.ndarray) -> Profiles:
        """Read blocks into a window, all of whose samples that are not held out are learnt from."""
        n_rows, index, weight = 0, [], []
        for block in blocks:
            rows = self.blocks.slices[block]
            end = n_rows + len_of(rows)
            self.read(rows, x[n_rows:end], y[n_rows:end])
            index.append(self.train_index[block] + n_rows)
            weight.append(rows)
            n_rows = end
        return self._profiles(x[:n_rows], y[:n_rows], weight, train=torch.cat(index, 1))

    def _read_held_out(self, valid_index: list[Tensor]) -> Profiles:
        """Read what any member holds out, once and for all."""
        any_member = [index.unique() for index in valid_index]  # in order
        x, y = self._place(sum(map(len, any_member)))
        scratch = self._place(max(map(len_of, self.blocks.slices)))
        n_rows, index, weight = 0, [], []
        for rows, wanted, valid in zip(self.blocks.slices, any_member, valid_index, strict=True):
            index.append(torch.searchsorted(wanted, valid) + n_rows)
            weight.append(wanted.numpy() + rows.start)
            if not len(wanted):
                continue
            block = [values[: len_of(rows)] for values in scratch]
            self.read(rows, *block)
            end = n_rows + len(wanted)
            for values, out in zip(block, (x, y), strict=True):
                np.take(values, wanted, axis=0, out=out[n_rows:end])
            n_rows = end
        return self._profiles(x, y, weight, valid=torch.cat(index, 1))

    def _profiles(self, x, y, rows: list, *, train=None, valid=None) -> Profiles:
        none = torch.empty((self.n_members, 0), dtype=torch.int64)
        weight = None
        if self.weight is not None:
            weight = torch.cat([self.weight[part] for part in rows])
        return Profiles(
            x=torch.from_numpy(x),
            y=torch.from_numpy(y),
            y_scale=self.y_scale,
            weight=weight,
            train_index=none if train is None else train,
            valid_index=none if valid is None else valid,
        )


def len_of(rows: slice) -> int:
    """Rows of a slice."""
    return rows.stop - rows.start
