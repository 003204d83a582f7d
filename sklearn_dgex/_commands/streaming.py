"""How long the blocks are that commands stream, and how far they have come."""

from __future__ import annotations

import sys

BLOCK_VALUES = 1 << 24  # at a time: 64 MiB of float32
MOST_SAMPLES = 10_000  # so that a few genes come in blocks, too


def block_length(*widths: int) -> int:
    """Return how many samples to handle at a time, in tables of these numbers of columns."""
    return min(MOST_SAMPLES, max(1, BLOCK_VALUES // max(1, *widths)))


def progress_bar(n_samples: int):
    """Return a bar of samples done, which shows on terminals alone."""
    from tqdm import tqdm

    return tqdm(total=n_samples, unit=" profiles", disable=not sys.stderr.isatty())
