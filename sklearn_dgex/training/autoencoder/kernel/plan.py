"""Where everything of a network lies in the kernel's flat arrays."""

from __future__ import annotations

import numpy as np

from sklearn_dgex.training.compiled.lanes import LANES

ROWS = 4  # rows of a batch that share each load of a weight

# Rows of the plan; the columns are the levels, from the visible one (0) to the code (the last).
# A matrix, bias or decoder bias stands at the level below it. Units are padded to whole vectors.
N_UNITS, WIDTH, ENCODER, DECODER, BIAS, DECODER_BIAS, UP, DOWN, MASK = range(9)


def padded(n: int, step: int) -> int:
    """Smallest multiple of ``step`` that is not below ``n``."""
    return -(-n // step) * step


def make_plan(sizes: list[int], tied: bool, n_rows: int) -> tuple[np.ndarray, int]:
    """Lay out a network of ``sizes`` units a level for batches of up to ``n_rows``.

    Returns
    -------
    plan : ndarray of shape (9, n_levels), int64
    n_parameters : int
        Length of the flat array of parameters, padding included.
    """
    widths = [padded(size, LANES) for size in sizes]
    plan = np.zeros((9, len(sizes)), dtype=np.int64)
    plan[N_UNITS], plan[WIDTH] = sizes, widths
    plan[MASK] = np.cumsum([0, *widths[:-1]])
    end = 0
    for level, (size, width) in enumerate(zip(sizes[:-1], widths[1:], strict=True)):
        plan[ENCODER, level] = end
        plan[DECODER, level] = end if tied else end + size * width
        end += size * width * (1 if tied else 2)
        plan[BIAS, level], plan[DECODER_BIAS, level] = end, end + width
        end += width + widths[level]
    # Units' values of all rows: up through the encoder to the code, and down again from there.
    blocks = padded(n_rows, ROWS) * plan[WIDTH]
    plan[UP] = np.cumsum(blocks) - blocks
    plan[DOWN] = plan[UP, -1] + np.cumsum(blocks[::-1])[::-1] - blocks
    return plan, end


def n_values(plan: np.ndarray, n_rows: int) -> int:
    """Length of the flat array of the units' values, up and down."""
    return int(padded(n_rows, ROWS) * (2 * plan[WIDTH].sum() - plan[WIDTH, -1]))


def masks(plan: np.ndarray, dtype) -> np.ndarray:
    """1 for each unit and 0 for each padding, level after level."""
    return np.concatenate(
        [np.arange(width) < size for size, width in zip(plan[N_UNITS], plan[WIDTH], strict=True)]
    ).astype(dtype)
