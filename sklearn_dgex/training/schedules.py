"""Learning rates over the course of a fit, as factors of the initial one."""

from __future__ import annotations

import math
from collections.abc import Callable

# (share of the epochs at which it ends, factor): 400, 475, 550, 575 and 600 epochs of 600.
PAPER_STEPS = ((400 / 600, 1.0), (475 / 600, 0.1), (550 / 600, 0.01), (575 / 600, 1e-3), (1, 5e-4))
WARM_UP = 0.03


def step(progress: float) -> float:
    """Fall to a tenth at each of the paper's epochs, and by half for the last 25 of 600.

    >>> step(399 / 600), step(400 / 600), step(599 / 600)
    (1.0, 0.1, 0.0005)
    """
    return next((factor for end, factor in PAPER_STEPS if progress < end), PAPER_STEPS[-1][1])


def cosine(progress: float) -> float:
    """Rise linearly over the first 3 %, then follow half a cosine down to zero.

    >>> cosine(0.015), round(cosine(0.515), 6), round(cosine(1.0), 6)
    (0.5, 0.5, 0.0)
    """
    # NOTE[DIFF] cosine-rate: the papers' rate goes down in steps, as in `step`.
    if progress < WARM_UP:
        return progress / WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (min(progress, 1.0) - WARM_UP) / (1 - WARM_UP)))


def constant(progress: float) -> float:
    """Stay at the initial rate."""
    return 1.0


SCHEDULES: dict[str, Callable[[float], float]] = {
    "step": step,
    "cosine": cosine,
    "constant": constant,
}
