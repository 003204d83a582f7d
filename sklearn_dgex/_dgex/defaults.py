"""What "auto" means, from the numbers of samples and genes alone. Measured: docs/defaults.md."""

from __future__ import annotations

import math


def resolve_width(width: int | str, n_samples: int, n_genes: int) -> int:
    """Neurons a layer of the single-tower network: 20 √n, between 100 and 3,000.

    Beyond 100 it has no more neurons than landmarks and targets together: a handful of genes would
    only wait for them.

    >>> resolve_width("auto", 780, 3844), resolve_width("auto", 100_000, 10_460)
    (559, 3000)
    >>> resolve_width("auto", 780, 11), resolve_width(640, 780, 11)
    (100, 640)
    """
    if width != "auto":
        return width
    return max(100, min(3000, n_genes, round(20 * math.sqrt(n_samples))))


def resolve_linear_path(linear_path: float | str, n_samples: int) -> float:
    """Gain of the linear path: 170 / n, between 0.25 and 1.

    A few hundred samples offer too few steps for deep layers to learn what is linear; where there
    are more, a faster path would only learn them by heart.

    >>> resolve_linear_path("auto", 100), resolve_linear_path("auto", 340)
    (1.0, 0.5)
    >>> resolve_linear_path("auto", 682), resolve_linear_path(0, 682)
    (0.25, 0)
    """
    if linear_path != "auto":
        return linear_path
    return min(1.0, max(0.25, 170 / n_samples))


def resolve_n_members(n_members: int | str, n_samples: int) -> int:
    """Networks to average: 8 up to 2,000 samples, ever fewer beyond, one above 8,000.

    >>> [resolve_n_members("auto", n) for n in (100, 2000, 5000, 100_000)]
    [8, 8, 3, 1]
    """
    if n_members != "auto":
        return n_members
    return min(8, max(1, 16_000 // n_samples))


def resolve_batch_size(batch_size: int | str, n_samples: int) -> int:
    """Take a tenth of the samples for a step, between 32 and the original D-GEX's 200.

    >>> [resolve_batch_size("auto", n) for n in (20, 780, 100_000)]
    [32, 78, 200]
    """
    if batch_size != "auto":
        return int(batch_size)  # torch takes no integers of numpy's
    return min(200, max(32, n_samples // 10))


def resolve_max_iter(max_iter: int | str, n_samples: int, batch_size: int) -> int:
    """Epochs: as many as make 1,600 steps, between 40 and 400.

    >>> [resolve_max_iter("auto", n, b) for n, b in ((20, 32), (780, 78), (100_000, 200))]
    [400, 160, 40]
    """
    if max_iter != "auto":
        return max_iter
    steps_an_epoch = max(1, round(n_samples / batch_size))
    return min(400, max(40, math.ceil(1600 / steps_an_epoch)))


def resolve_patience(n_iter_no_change: int | str, max_iter: int) -> int:
    """Epochs without improvement before a fit stops: a quarter of all, ten at least.

    >>> resolve_patience("auto", 160), resolve_patience("auto", 20)
    (40, 10)
    """
    if n_iter_no_change != "auto":
        return n_iter_no_change
    return max(10, max_iter // 4)
