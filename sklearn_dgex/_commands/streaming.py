"""How long the blocks are that commands stream."""

from __future__ import annotations

BLOCK_VALUES = 1 << 24  # at a time: 64 MiB of float32
MOST_SAMPLES = 10_000  # so that a few genes come in blocks, too


def block_length(*widths: int) -> int:
    """Return how many samples to handle at a time, in tables of these numbers of columns."""
    return min(MOST_SAMPLES, max(1, BLOCK_VALUES // max(1, *widths)))
