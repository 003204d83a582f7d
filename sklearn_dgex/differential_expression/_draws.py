"""Many small comparisons at once, and the genes that each of them calls.

A comparison of two groups needs a gene's sums and sums of squares alone. Over many draws those are
products of a matrix that says who was drawn with the profiles and their squares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from sklearn_dgex.differential_expression._empirical_bayes import squeeze, variance_prior


@dataclass
class GroupProfiles:
    """Profiles of a group about their own mean, so that sums of squares lose no digits."""

    deviation: np.ndarray  # (n_samples, n_genes)
    square: np.ndarray  # (n_samples, n_genes)
    mean: np.ndarray  # (n_genes,)

    @classmethod
    def of(cls, profiles: np.ndarray) -> GroupProfiles:
        profiles = profiles.astype(np.float64)
        mean = profiles.mean(axis=0)
        deviation = profiles - mean
        return cls(deviation, np.square(deviation), mean)

    def drawn(self, members: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean and sum of squares about it of n members: (D, n_samples) to (D, n_genes) twice."""
        total = members @ self.deviation
        squares = members @ self.square
        total /= n
        squares -= n * np.square(total)
        return total, np.maximum(squares, 0.0, out=squares)


def draw_members(rng: np.random.Generator, n_draws: int, n_samples: int, n: int) -> np.ndarray:
    """Which n of the samples each draw takes, without replacement: (n_draws, n_samples) of 0, 1."""
    ranks = np.argpartition(rng.random((n_draws, n_samples)), n - 1, axis=1)
    members = np.zeros((n_draws, n_samples))
    np.put_along_axis(members, ranks[:, :n], 1.0, axis=1)
    return members


def called_genes(
    first: GroupProfiles, second: GroupProfiles, members: tuple, n: int, alpha: float
) -> np.ndarray:
    """Genes that the moderated t-test calls in each draw of n samples a group: (D, n_genes)."""
    (mean_1, squares_1), (mean_2, squares_2) = (
        group.drawn(drawn, n) for group, drawn in zip((first, second), members, strict=True)
    )
    df = 2 * n - 2
    variance = np.add(squares_1, squares_2, out=squares_1)
    variance /= df
    df_prior, prior = variance_prior(variance, df)
    variance = squeeze(variance, df, df_prior[:, None], prior[:, None])
    change = np.subtract(mean_2, mean_1, out=mean_1)
    change += second.mean - first.mean
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(change) / np.sqrt(variance * (2 / n))
    total = np.minimum(df + df_prior, df * t.shape[1])
    return benjamini_hochberg(t, total, alpha)


def benjamini_hochberg(t: np.ndarray, df: np.ndarray, alpha: float) -> np.ndarray:
    """Call genes of |t| (D, n_genes) with one df a draw, without the p-value of every gene.

    The procedure calls the k smallest p-values for the largest k with p(k) <= alpha k / n. Start
    from k = n: those beyond the threshold for k are the next k, which can only fall, down to the
    first that calls as many as it says. Each round costs one quantile a draw.
    """
    n_genes = t.shape[1]
    k = np.full(len(t), n_genes)
    while True:
        threshold = -stdtrit(df, np.maximum(k, 1) * (alpha / (2 * n_genes)))
        called = t >= threshold[:, None]
        fewer = np.count_nonzero(called, axis=1)
        if np.array_equal(fewer, k):
            return called
        k = fewer
