"""The splitter that splits nothing: clusterers are scored on the samples they were fitted on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.utils import indexable


class AllSamplesSplit:
    """One fold, in which all samples are both the training and the test samples.

    This is right for clusterers and wrong for anything else. A clusterer predicts nothing: what is
    scored is the partition of the very samples it was given, and many clusterers, such as
    ``SpectralClustering``, cannot place any other. A model that does predict, be it a regressor, a
    classifier or an autoencoder by its reconstruction, would be judged here on what it has learned
    by heart.

    See Also
    --------
    adjusted_rand_scorer : Agreement of a fitted clusterer's labels with known classes.
    HeldOutReconstructionScorer : Judges the autoencoder on held-out samples, inside this fold.

    Notes
    -----
    Successive halving draws a fold's training and test samples one by one. They are the same if
    its ``random_state`` is an int, and differ otherwise.

    Examples
    --------
    >>> from sklearn_dgex.model_selection import AllSamplesSplit
    >>> for train, test in AllSamplesSplit().split([[0.0], [1.0], [2.0]]):
    ...     print(train, test)
    [0 1 2] [0 1 2]
    """

    def split(self, X, y=None, groups=None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the one fold.

        Parameters
        ----------
        X : array-like or frame of shape (n_samples, ...)
            Only its length is read.
        y : array-like of shape (n_samples,), default=None
            Ignored but for its length.
        groups : array-like of shape (n_samples,), default=None
            Ignored but for its length.

        Yields
        ------
        train, test : ndarray of shape (n_samples,)
            The positions 0, 1, … n_samples - 1, each an array of its own.

        Raises
        ------
        ValueError
            If the lengths differ.
        """
        X, *_ = indexable(X, y, groups)
        n_samples = X.shape[0] if hasattr(X, "shape") else len(X)
        yield np.arange(n_samples), np.arange(n_samples)

    def get_n_splits(self, X=None, y=None, groups=None) -> int:
        """Return the number of folds, 1.

        Parameters
        ----------
        X, y, groups : object, default=None
            Ignored.

        Returns
        -------
        int
            Always 1.
        """
        return 1

    def __repr__(self) -> str:
        return "AllSamplesSplit()"
