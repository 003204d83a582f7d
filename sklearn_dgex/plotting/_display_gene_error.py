"""How the error is spread over genes, for one model or several."""

from __future__ import annotations

import itertools
from typing import Self

import numpy as np

from sklearn_dgex.metrics import per_gene_mae
from sklearn_dgex.plotting._axes import get_axes

ERROR_LABEL = "MAE per gene (units of y)"
# Told apart without colour: the model itself is a filled shape, others are lines
LINE_STYLES = ["-", "--", ":", "-."]


class GeneErrorDisplay:
    """Distribution of the mean absolute error over genes.

    Use :meth:`from_estimator` or :meth:`from_predictions` to create one.

    Parameters
    ----------
    errors : dict of str to ndarray of shape (n_genes,)
        Error of each gene, by name of the model; the first is the one in question, drawn filled,
        and the others its baselines, drawn as lines.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    histograms_ : dict of str to matplotlib StepPatch
    legend_ : matplotlib Legend

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn_dgex.datasets import make_expression
    >>> from sklearn_dgex.plotting import GeneErrorDisplay
    >>> X, y = make_expression(200, 20, 50, random_state=0)
    >>> model = Ridge().fit(X[:100], y[:100])
    >>> display = GeneErrorDisplay.from_estimator(
    ...     model,
    ...     X[100:],
    ...     y[100:],
    ...     baselines={"mean of training": np.tile(y[:100].mean(0), (100, 1))},
    ... )
    >>> list(display.errors)
    ['Ridge', 'mean of training']
    """

    def __init__(self, *, errors) -> None:
        self.errors = errors

    @classmethod
    def from_estimator(cls, estimator, X, y, *, name=None, **kwargs) -> Self:
        """Draw the errors of a fitted estimator.

        Parameters
        ----------
        estimator : estimator with ``predict``
            Fitted.
        X : array-like or frame of shape (n_samples, n_landmarks)
            Landmarks of the samples, to predict from.
        y : array-like or frame of shape (n_samples, n_targets)
            Measured expression.
        name : str, default=None
            Name in the legend; None is the name of the estimator's class.
        **kwargs : dict
            Passed to :meth:`from_predictions`.

        Returns
        -------
        GeneErrorDisplay
            The display, drawn.
        """
        name = type(estimator).__name__ if name is None else name
        return cls.from_predictions(y, estimator.predict(X), name=name, **kwargs)

    @classmethod
    def from_predictions(cls, y_true, y_pred, *, name="model", baselines=None, **kwargs) -> Self:
        """Draw the errors of given predictions.

        Parameters
        ----------
        y_true, y_pred : array-like or frame of shape (n_samples, n_genes) or (n_samples,)
            Measured and inferred expression; two frames are matched by gene name.
        name : str, default="model"
            Name in the legend.
        baselines : dict of str to array-like or frame of the shape of y_true, default=None
            Predictions of other models, by name.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        GeneErrorDisplay
            The display, drawn.

        Raises
        ------
        GeneMismatchError
            If two are frames and their genes differ.
        ValueError
            If shapes differ, a value is not finite, or a baseline has the model's name.
        ImportError
            If matplotlib is not installed.
        """
        baselines = baselines or {}
        if name in baselines:
            raise ValueError(
                f"baselines must have other names than the model. Got {name!r} for both; "
                "pass another name=."
            )
        predictions = {name: y_pred} | baselines
        errors = {key: np.asarray(per_gene_mae(y_true, p)) for key, p in predictions.items()}
        return cls(errors=errors).plot(**kwargs)

    def plot(self, *, ax=None, bins=60, label=ERROR_LABEL) -> Self:
        """Draw the display.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure.
        bins : int, default=60
            Number of bins from 0 to the largest error. All models share them, and 60 still show
            the shape of some thousand genes without noise.
        label : str, default="MAE per gene (units of y)"
            Label of the horizontal axis, with the unit.

        Returns
        -------
        GeneErrorDisplay
            This display.
        """
        self.ax_ = ax = get_axes(ax)
        self.figure_ = ax.figure
        largest = max(errors.max() for errors in self.errors.values())
        edges = np.linspace(0.0, largest * 1.02 or 1.0, bins + 1)  # from 0: lengths compare
        styles = itertools.chain([None], itertools.cycle(LINE_STYLES))
        self.histograms_ = {}
        for (name, errors), line_style in zip(self.errors.items(), styles, strict=False):
            counts, _ = np.histogram(errors, edges)
            legend = f"{name} (mean {errors.mean():.3f})"
            if line_style is None:
                style = {"fill": True, "color": "0.75"}
            else:
                style = {"color": "black", "lw": 1.2, "ls": line_style}
            self.histograms_[name] = ax.stairs(counts, edges, label=legend, **style)
        ax.set(xlabel=label, ylabel="number of genes", xlim=(0, edges[-1]))
        ax.set_ylim(bottom=0)
        self.legend_ = ax.legend(frameon=False)
        return self
