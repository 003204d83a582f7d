"""Genes chosen one by one, each the one that explains most of what is left of all genes."""

from __future__ import annotations

import numpy as np
from sklearn.utils import gen_batches

BLOCK_VALUES = 2**17  # a block of genes stays in the cache while it is multiplied twice
EXPLAINED = 1e-8  # of a gene's variance: less than this left, and nothing is
REFRESH = 1e-3  # of the variance left at the last look: rounding has grown by its inverse
TIED = 1e-9  # relative: gains that differ by less are equal, and the first gene wins


def forward_selection(
    vectors: np.ndarray, n_steps: int, allowed: np.ndarray
) -> tuple[list[int], list[float]]:
    """Choose genes whose linear combinations explain the most variance of all genes.

    Parameters
    ----------
    vectors : ndarray of shape (n_genes, n_dimensions), float64
        Each gene's deviations from its mean; overwritten.
    n_steps : int
    allowed : ndarray of bool of shape (n_genes,)
        Which genes may be chosen.

    Returns
    -------
    chosen : list of int
        In order; fewer than ``n_steps`` where those chosen explain all that others would.
    explained : list of float
        Share of the variance of all genes that the chosen ones explain so far.
    """
    residuals = _Residuals(vectors, n_steps)
    chosen, explained = [], []
    for _ in range(n_steps):
        gene = residuals.best(allowed)
        if gene is None:
            break
        chosen.append(gene)
        explained.append(residuals.explain(gene))
    return chosen, explained


class _Residuals:
    """What the chosen genes leave of every gene, by its lengths and products alone.

    With residual vectors r, a gene's gain is sum_i (r_i · r_j)² / |r_j|². Numerator and
    denominator are updated as a gene is chosen, without writing the residuals: the cost of a step
    is that of two passes over the vectors.
    """

    def __init__(self, vectors: np.ndarray, n_steps: int):
        self.vectors = vectors
        self.basis = np.empty((n_steps, vectors.shape[1]))  # orthonormal, of the chosen genes
        self.start = _squares(vectors)
        self._look()

    def _look(self) -> None:
        """Compute afresh what is updated otherwise."""
        self.n_basis = 0
        self.squares, self.products = _squares(self.vectors), _product_squares(self.vectors)
        self.seen = self.squares.sum()

    def best(self, allowed: np.ndarray) -> int | None:
        left = allowed & (self.squares > EXPLAINED * self.start)
        if not left.any():
            return None
        gains = np.divide(self.products, self.squares, out=np.full(len(left), -np.inf), where=left)
        return int(np.argmax(gains >= gains.max() * (1 - TIED)))

    def explain(self, gene: int) -> float:
        """Take a gene's direction out of all residuals; return the share explained so far."""
        direction = self._outside(self._outside(self.vectors[gene]))
        direction /= np.sqrt(direction @ direction)
        along, mixed = np.empty(len(self.vectors)), np.zeros(self.vectors.shape[1])
        for genes in self._blocks():
            block = self.vectors[genes]
            along[genes] = block @ direction
            mixed += along[genes] @ block
        mixed = self._outside(mixed)
        self.products += along * ((along @ along) * along - 2 * (self.vectors @ mixed))
        self.squares -= np.square(along)
        self.squares[gene] = self.products[gene] = 0.0
        np.maximum(self.products, 0.0, out=self.products)
        np.maximum(self.squares, 0.0, out=self.squares)
        self.basis[self.n_basis] = direction
        self.n_basis += 1
        left = self.squares.sum()
        if left < REFRESH * self.seen:
            self._refresh()
        return float(1 - left / self.start.sum())

    def _outside(self, vector: np.ndarray) -> np.ndarray:
        """Part of a vector that is orthogonal to the genes chosen since the last look."""
        basis = self.basis[: self.n_basis]
        return vector - (basis @ vector) @ basis

    def _refresh(self) -> None:
        """Write the residuals out and look at them anew, before rounding outgrows them."""
        basis = self.basis[: self.n_basis]
        for genes in self._blocks():
            for _ in range(2):  # the second time for what rounding has left
                self.vectors[genes] -= (self.vectors[genes] @ basis.T) @ basis
        self._look()

    def _blocks(self):
        n_genes, n_dimensions = self.vectors.shape
        return gen_batches(n_genes, max(1, BLOCK_VALUES // n_dimensions))


def _squares(vectors: np.ndarray) -> np.ndarray:
    return np.einsum("gd,gd->g", vectors, vectors)


def _product_squares(vectors: np.ndarray) -> np.ndarray:
    """Sum over all genes i of (r_i · r_j)² for each gene j, by the cheaper of two ways."""
    n_genes, n_dimensions = vectors.shape
    total = np.zeros(n_genes)
    if n_genes <= 2 * n_dimensions:
        for genes in gen_batches(n_genes, 256):
            total += np.square(vectors[genes] @ vectors.T).sum(axis=0)
        return total
    for dimensions in gen_batches(n_dimensions, 256):
        part = vectors[:, dimensions]
        total += np.einsum("gd,gd->g", vectors @ (vectors.T @ part), part)
    return total
