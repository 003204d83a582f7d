"""Measured against inferred expression, as a density of all genes and samples."""

from __future__ import annotations

from typing import Self

import numpy as np

from sklearn_dgex.metrics import mmae, per_gene_correlation
from sklearn_dgex.plotting._axes import draw_diagonal, get_axes

EXPRESSION_LABEL = "expression (standard deviations)"


class InferenceDisplay:
    """Measured against inferred expression of every gene in every sample.

    Use :meth:`from_estimator` or :meth:`from_predictions` to create one.

    Parameters
    ----------
    y_true, y_pred : ndarray of shape (n_values,)
        Measured and inferred values, of all samples and genes.
    mmae : float
        Mean absolute error, see :func:`sklearn_dgex.metrics.mmae`.
    correlation : float
        Pearson correlation over all values.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    hexbin_ : matplotlib PolyCollection
    diagonal_ : matplotlib Line2D
        Where inferred equals measured.
    text_ : matplotlib Text
        Error and correlation, in the corner.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn_dgex.datasets import make_expression
    >>> from sklearn_dgex.plotting import InferenceDisplay
    >>> X, y = make_expression(200, 20, 50, random_state=0)
    >>> display = InferenceDisplay.from_estimator(Ridge().fit(X[:100], y[:100]), X[100:], y[100:])
    >>> display.ax_.get_xlabel()
    'measured expression (standard deviations)'
    """

    def __init__(self, *, y_true, y_pred, mmae, correlation) -> None:
        self.y_true = y_true
        self.y_pred = y_pred
        self.mmae = mmae
        self.correlation = correlation

    @classmethod
    def from_estimator(cls, estimator, X, y, **kwargs) -> Self:
        """Draw the predictions of a fitted estimator.

        Parameters
        ----------
        estimator : estimator with ``predict``
            Fitted.
        X : array-like or frame of shape (n_samples, n_landmarks)
            Landmarks of the samples, to predict from.
        y : array-like or frame of shape (n_samples, n_targets)
            Measured expression.
        **kwargs : dict
            Passed to :meth:`from_predictions`.

        Returns
        -------
        InferenceDisplay
            The display, drawn.
        """
        return cls.from_predictions(y, estimator.predict(X), **kwargs)

    @classmethod
    def from_predictions(cls, y_true, y_pred, *, ax=None, label=EXPRESSION_LABEL, **kwargs) -> Self:
        """Draw given predictions.

        Parameters
        ----------
        y_true, y_pred : array-like or frame of shape (n_samples, n_genes) or (n_samples,)
            Measured and inferred expression; two frames are matched by gene name.
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.
        label : str, default="expression (standard deviations)"
            The quantity and its unit, completed to "measured ..." and "inferred ...".
        **kwargs : dict
            Passed to matplotlib's ``hexbin``.

        Returns
        -------
        InferenceDisplay
            The display, drawn.

        Raises
        ------
        GeneMismatchError
            If both are frames and their genes differ.
        ValueError
            If shapes differ or a value is not finite.
        ImportError
            If matplotlib is not installed.
        """
        error = mmae(y_true, y_pred)
        if hasattr(y_true, "columns") and hasattr(y_pred, "columns"):
            y_pred = y_pred[list(y_true.columns)]  # mmae has checked the names
        true, pred = np.ravel(y_true), np.ravel(y_pred)
        correlation = float(np.ravel(per_gene_correlation(true, pred))[0])
        display = cls(y_true=true, y_pred=pred, mmae=error, correlation=correlation)
        return display.plot(ax=ax, label=label, **kwargs)

    def plot(self, *, ax=None, label=EXPRESSION_LABEL, **kwargs) -> Self:
        """Draw the display.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.
        label : str, default="expression (standard deviations)"
            The quantity and its unit, completed to "measured ..." and "inferred ...".
        **kwargs : dict
            Passed to matplotlib's ``hexbin``.

        Returns
        -------
        InferenceDisplay
            This display.
        """
        self.ax_ = ax = get_axes(ax)
        self.figure_ = ax.figure
        low, high = self._limits()
        from matplotlib.colors import LinearSegmentedColormap

        # Grey alone: darkness is count, in print as on the screen, and one value is no white on
        # white. Log counts, since a few bins about zero hold most values.
        style = {
            "gridsize": 70,
            "bins": "log",
            "mincnt": 1,
            "cmap": LinearSegmentedColormap.from_list("ink", ["0.88", "0.0"]),
            "linewidths": 0.1,
            "extent": (low, high, low, high),
        }
        self.hexbin_ = ax.hexbin(self.y_true, self.y_pred, **(style | kwargs))
        self.diagonal_ = draw_diagonal(ax, low, high)
        ax.set(xlim=(low, high), ylim=(low, high), aspect="equal")
        ax.locator_params(nbins=6)  # the same ticks on both axes
        ax.set(xlabel=f"measured {label}", ylabel=f"inferred {label}")
        self.figure_.colorbar(self.hexbin_, ax=ax, label="values per bin", shrink=0.8)
        self.text_ = ax.text(
            0.04,
            0.96,
            f"MMAE {self.mmae:.3f}\nr {self.correlation:.3f}",
            transform=ax.transAxes,
            va="top",
        )
        return self

    def _limits(self) -> tuple[float, float]:
        """Range of all values, with a margin: one for both axes, so the diagonal is diagonal."""
        low = min(self.y_true.min(), self.y_pred.min())
        high = max(self.y_true.max(), self.y_pred.max())
        margin = 0.03 * (high - low) or 0.5
        return low - margin, high + margin
