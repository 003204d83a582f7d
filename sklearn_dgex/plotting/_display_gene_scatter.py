"""The error of every gene, by one model and by another."""

from __future__ import annotations

from typing import Self

import numpy as np

from sklearn_dgex.metrics import per_gene_mae
from sklearn_dgex.plotting._axes import draw_diagonal, get_axes
from sklearn_dgex.plotting._display_gene_error import ERROR_LABEL

MOST_POINTS = 500  # beyond, points lie on one another, and bins count them
NAMES = ("model", "baseline")


class GeneScatterDisplay:
    """Mean absolute error of each gene by one model, against that by another.

    Use :meth:`from_estimator` or :meth:`from_predictions` to create one. A gene below the diagonal
    is inferred better by the model, one above it by the baseline.

    Parameters
    ----------
    errors, baseline_errors : ndarray of shape (n_genes,)
        Errors of the model and of the baseline, gene by gene.
    names : tuple of two str, default=("model", "baseline")
        Names of the two.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    points_ : matplotlib PathCollection or None
        Of up to 500 genes, one point each.
    hexbin_ : matplotlib PolyCollection or None
        Of more genes, counted in bins.
    diagonal_ : matplotlib Line2D
        Where both are equally good.
    text_ : matplotlib Text
        For how many genes the model is better, above the axes.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn_dgex.datasets import make_expression
    >>> from sklearn_dgex.plotting import GeneScatterDisplay
    >>> X, y = make_expression(200, 20, 50, random_state=0)
    >>> mean = np.tile(y[:100].mean(axis=0), (100, 1))
    >>> model = Ridge().fit(X[:100], y[:100])
    >>> display = GeneScatterDisplay.from_estimator(model, X[100:], y[100:], baseline=mean)
    >>> display.text_.get_text()
    'Ridge better for 50 of 50 genes (100.0 %)'
    """

    def __init__(self, *, errors, baseline_errors, names=NAMES) -> None:
        self.errors = errors
        self.baseline_errors = baseline_errors
        self.names = names

    @classmethod
    def from_estimator(cls, estimator, X, y, *, baseline, names=None, **kwargs) -> Self:
        """Draw the errors of a fitted estimator against those of a baseline.

        Parameters
        ----------
        estimator : estimator with ``predict``
            Fitted.
        X : array-like or frame of shape (n_samples, n_landmarks)
            Landmarks of the samples, to predict from.
        y : array-like or frame of shape (n_samples, n_targets)
            Measured expression.
        baseline : estimator with ``predict``, or array-like or frame of the shape of y
            Another fitted estimator, or its predictions for the same samples.
        names : tuple of two str, default=None
            Names of model and baseline; None takes the estimators' classes.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        GeneScatterDisplay
            The display, drawn.

        Raises
        ------
        GeneMismatchError
            If two are frames and their genes differ.
        ValueError
            If shapes differ, a value is not finite, or the names are equal.
        ImportError
            If matplotlib is not installed.
        """
        fitted = hasattr(baseline, "predict")
        if names is None:
            name = type(estimator).__name__
            other = type(baseline).__name__ if fitted else "baseline"
            names = (name, other if other != name else f"{name} (baseline)")
        y_baseline = baseline.predict(X) if fitted else baseline
        return cls.from_predictions(y, estimator.predict(X), y_baseline, names=names, **kwargs)

    @classmethod
    def from_predictions(cls, y_true, y_pred, y_baseline, *, names=NAMES, **kwargs) -> Self:
        """Draw the errors of given predictions.

        Parameters
        ----------
        y_true : array-like or frame of shape (n_samples, n_genes) or (n_samples,)
            Measured expression.
        y_pred, y_baseline : array-like or frame of the shape of y_true
            What the model and the baseline inferred; two frames are matched by gene name.
        names : tuple of two str, default=("model", "baseline")
            Their names.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        GeneScatterDisplay
            The display, drawn.

        Raises
        ------
        GeneMismatchError
            If two are frames and their genes differ.
        ValueError
            If shapes differ, a value is not finite, or the names are equal.
        ImportError
            If matplotlib is not installed.
        """
        if isinstance(names, str) or len(names) != 2 or names[0] == names[1]:
            raise ValueError(
                "names must be two different names, of the model and of the baseline. "
                f"Got {names!r} instead."
            )
        errors, others = (np.asarray(per_gene_mae(y_true, p)) for p in (y_pred, y_baseline))
        return cls(errors=errors, baseline_errors=others, names=tuple(names)).plot(**kwargs)

    def plot(self, *, ax=None, label=ERROR_LABEL, most_points=MOST_POINTS) -> Self:
        """Draw the display.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.
        label : str, default="MAE per gene (units of y)"
            The quantity and its unit; the axes put the names before it.
        most_points : int, default=500
            Number of genes up to which each is a point. More would cover one another, so they are
            counted in hexagonal bins, the darker the more genes.

        Returns
        -------
        GeneScatterDisplay
            This display.
        """
        self.ax_ = ax = get_axes(ax)
        self.figure_ = ax.figure
        both = np.concatenate([self.errors, self.baseline_errors])
        margin = 0.04 * np.ptp(both) or 0.05 * both.max() or 0.5
        low, high = max(0.0, both.min() - margin), both.max() + margin
        self.points_ = self.hexbin_ = None
        if len(self.errors) <= most_points:
            self.points_ = ax.scatter(
                self.baseline_errors, self.errors, s=16, color="black", alpha=0.45, lw=0
            )
        else:
            self._draw_bins(low, high)
        self.diagonal_ = draw_diagonal(ax, low, high)
        ax.set(xlim=(low, high), ylim=(low, high), aspect="equal")
        ax.locator_params(nbins=6)  # the same ticks on both axes
        name, baseline = self.names
        ax.set(xlabel=f"{baseline}:\n{label}", ylabel=f"{name}:\n{label}")
        # above the axes: no corner is free where one model fails on some genes
        self.text_ = ax.set_title(self._summary(), loc="left", fontsize="small")
        return self

    def _draw_bins(self, low: float, high: float) -> None:
        from matplotlib.colors import LinearSegmentedColormap

        # Log counts: most genes lie close to the diagonal, and the few far ones matter
        self.hexbin_ = self.ax_.hexbin(
            self.baseline_errors,
            self.errors,
            gridsize=60,
            bins="log",
            mincnt=1,
            cmap=LinearSegmentedColormap.from_list("ink", ["0.85", "0.0"]),
            linewidths=0.1,
            extent=(low, high, low, high),
        )
        self.figure_.colorbar(self.hexbin_, ax=self.ax_, label="genes per bin", shrink=0.8)

    def _summary(self) -> str:
        n, n_better = len(self.errors), int((self.errors < self.baseline_errors).sum())
        n_equal = int((self.errors == self.baseline_errors).sum())
        text = f"{self.names[0]} better for {n_better:,} of {n:,} genes ({n_better / n:.1%})"
        text = text.replace("%", " %")
        return text + (f"\nequal for {n_equal:,}" if n_equal else "")
