"""Profiles that lie near an earlier one, found without comparing all pairs."""

from __future__ import annotations

import numpy as np
from scipy.linalg import svd
from sklearn.utils import gen_batches

N_SCREENED = 16  # directions along which every profile of a window is looked at
N_DIRECTIONS = 64  # that a pair has to agree in before all genes are compared
N_SEEN = 512  # samples that the directions are learned from
BLOCK_VALUES = 2**20
ROUNDING = 1e-5  # of the longest profile's square: more than float32 can be wrong by


def nearest_earlier(profiles: np.ndarray, radius: float) -> np.ndarray:
    """Walk through the profiles and keep each that lies near no profile kept before.

    Parameters
    ----------
    profiles : ndarray of shape (n_samples, n_genes)
    radius : float
        Euclidean distance up to which profiles are near.

    Returns
    -------
    ndarray of int of shape (n_samples,)
        The first kept profile that each is near; its own place if it is kept.

    Notes
    -----
    A projection onto orthonormal directions makes no distance larger. So of all profiles sorted
    along the first direction, only a window can be near; those far apart along 16 and then 64
    directions need no further look; the last are compared by their exact distance.
    """
    points, longest = _project(profiles)
    reach = float(np.sqrt((radius / longest) ** 2 + ROUNDING))
    windows = _Windows(points, reach)
    owner = np.full(len(points), -1)
    for i in range(len(points)):
        if owner[i] < 0:
            owner[i] = i
            near = windows.near(i)
            near = near[(near > i) & (owner[near] < 0)]
            if len(near):
                near = near[_distances(points, near, i) <= reach]
                near = near[_distances(profiles, near, i) <= radius]
                owner[near] = i
    return owner


class _Windows:
    """Points sorted along their first coordinate; those that may lie within reach of one."""

    def __init__(self, points: np.ndarray, reach: float):
        self.order = np.argsort(points[:, 0], kind="stable")
        first = points[self.order, 0]
        self.starts = np.searchsorted(first, points[:, 0] - reach)
        self.stops = np.searchsorted(first, points[:, 0] + reach, side="right")
        self.place = np.argsort(self.order)
        self.sorted = points[self.order, :N_SCREENED].astype(np.float32)
        self.half_squares = np.einsum("nd,nd->n", self.sorted, self.sorted) / 2
        self.half_reach = np.float32(reach**2 / 2)

    def near(self, i: int) -> np.ndarray:
        window, own = slice(self.starts[i], self.stops[i]), self.place[i]
        products = self.sorted[window] @ self.sorted[own]
        products -= self.half_squares[window]  # now half of minus d², but for point i's square
        found = products >= self.half_squares[own] - self.half_reach
        return self.order[window][found]


def _distances(rows: np.ndarray, others: np.ndarray, i: int) -> np.ndarray:
    """Distances of row i from some others, in float64."""
    row, distances = rows[i].astype(np.float64), np.empty(len(others))
    for block in gen_batches(len(others), max(1, BLOCK_VALUES // rows.shape[1])):
        difference = rows[others[block]] - row
        distances[block] = np.sqrt(np.einsum("ng,ng->n", difference, difference))
    return distances


def _project(profiles: np.ndarray) -> tuple[np.ndarray, float]:
    """Coordinates along main directions, in units of the longest profile's length; that length."""
    n_samples = len(profiles)
    seen = np.linspace(0, n_samples - 1, min(n_samples, N_SEEN)).astype(int)
    some = profiles[seen].astype(np.float64)
    centre = some.mean(axis=0)
    directions = svd(some - centre, full_matrices=False)[2][:N_DIRECTIONS].T
    points, longest = np.empty((n_samples, directions.shape[1])), 0.0
    for rows in gen_batches(n_samples, max(1, BLOCK_VALUES // profiles.shape[1])):
        centred = profiles[rows] - centre
        points[rows] = centred @ directions
        longest = max(longest, float(np.sqrt(np.einsum("ng,ng->n", centred, centred).max())))
    longest = longest or 1.0  # where all are the same
    return points / longest, longest
