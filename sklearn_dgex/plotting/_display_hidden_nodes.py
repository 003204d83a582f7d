"""Agreement of clusters with known classes, by hidden nodes and corruption."""

from __future__ import annotations

from typing import Self

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score

from sklearn_dgex.plotting._axes import get_axes, legend_above
from sklearn_dgex.plotting._search import searched_parameters, split_scores

SCORE_LABEL = "adjusted Rand index"
COLUMNS = ["hidden", "corruption", "score"]
MARKERS = "osD^vP"
PALEST = 0.72  # shade of the least corruption that a line still has on white paper


class HiddenNodesDisplay:
    """Adjusted Rand index against the number of hidden nodes, one line a level of corruption.

    Use :meth:`from_estimator`, :meth:`from_scores` or :meth:`from_labels` to create one. It is the
    picture by which Gupta et al. (2015) ask whether profiles that a denoising autoencoder
    regenerates are easier to cluster than the measured ones.

    Parameters
    ----------
    means : DataFrame of shape (n_sizes, n_levels)
        Mean score, by number of hidden nodes (index) and corruption level (columns).
    spread : DataFrame of the shape of means, default=None
        Standard deviation over runs, NaN for a single run; None draws no bands.
    raw : float, default=None
        Score of the profiles as measured; None draws no reference.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : dict of float to matplotlib Line2D
        By corruption level.
    bands_ : dict of float to matplotlib FillBetweenPolyCollection
        One standard deviation to either side, of levels with several runs.
    raw_ : matplotlib Line2D or None
    legend_ : matplotlib Legend

    References
    ----------
    Gupta, A., Wang, H. & Ganapathiraju, M. (2015). Learning structure in gene expression data using
    deep architectures, with an application to gene clustering. IEEE BIBM; Figures 2 and 3.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_dgex.plotting import HiddenNodesDisplay
    >>> runs = [(4, 0.0, 0.30), (4, 0.0, 0.34), (8, 0.0, 0.41), (8, 0.0, 0.43)]
    >>> scores = pd.DataFrame(runs, columns=["hidden", "corruption", "score"])
    >>> display = HiddenNodesDisplay.from_scores(scores, raw=0.36)
    >>> display.means[0.0].tolist()
    [0.32, 0.42]
    """

    def __init__(self, *, means, spread=None, raw=None) -> None:
        self.means = means
        self.spread = spread
        self.raw = raw

    @classmethod
    def from_estimator(cls, search, *, raw=None, **kwargs) -> Self:
        """Draw the scores of a fitted grid search.

        Parameters
        ----------
        search : GridSearchCV
            Fitted, over ``hidden_layer_sizes`` of one layer and ``corruption_level`` of an
            SDATransformer, alone or in a Pipeline. Of several scores, "adjusted_rand" is drawn.
            If ``random_state`` is in the grid, the bands are the spread over it; folds and all
            other parameters are averaged over.
        raw : float or array-like of float, default=None
            Score of the profiles as measured; of several runs, their mean.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        HiddenNodesDisplay
            The display, drawn.

        Raises
        ------
        NotFittedError
            If the search is not fitted.
        ValueError
            If it has several scores but no "adjusted_rand", a fit failed, or a network has
            several hidden layers.
        ImportError
            If matplotlib is not installed.
        """
        names = ["hidden_layer_sizes", "corruption_level", "random_state"]
        grid = searched_parameters(search, names)
        runs = pd.DataFrame(
            {
                "hidden": [_only(value, names[0]) for value in grid[names[0]]],
                "corruption": [_only(value, names[1]) for value in grid[names[1]]],
                "seed": grid["random_state"].map(repr),  # None and tuples make groups like ints
                "score": split_scores(search, "adjusted_rand").mean(axis=1),
            }
        )
        by_seed = runs.groupby(["hidden", "corruption", "seed"], as_index=False)["score"].mean()
        return cls.from_scores(by_seed, raw=raw, **kwargs)

    @classmethod
    def from_scores(cls, scores, *, raw=None, **kwargs) -> Self:
        """Draw given scores.

        Parameters
        ----------
        scores : DataFrame of shape (n_runs, 3 or more)
            One row a run, with columns ``hidden`` (number of hidden nodes), ``corruption`` (level)
            and ``score``.
        raw : float or array-like of float, default=None
            Score of the profiles as measured; of several runs, their mean.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        HiddenNodesDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If a column is missing, there is no row, or a value is not finite.
        ImportError
            If matplotlib is not installed.
        """
        missing = [name for name in COLUMNS if name not in scores]
        if missing or not len(scores):
            raise ValueError(
                "scores must have the columns 'hidden', 'corruption' and 'score', and a row for "
                f"each run. Got {len(scores)} rows and the columns {list(scores)} instead."
            )
        values = scores[COLUMNS].astype(float)
        n_bad = int((~np.isfinite(values)).any(axis=1).sum())
        if n_bad:
            raise ValueError(
                f"scores must be finite. Got NaN or infinite values in {n_bad} of {len(values)} "
                "rows; drop the runs that failed."
            )
        cells = values.groupby(["hidden", "corruption"])["score"]
        means, spread = (part.unstack("corruption") for part in (cells.mean(), cells.std(ddof=1)))
        raw = None if raw is None else float(np.mean(raw))
        return cls(means=means, spread=spread, raw=raw).plot(**kwargs)

    @classmethod
    def from_labels(cls, y_true, labels, *, raw=None, **kwargs) -> Self:
        """Draw the agreement of given clusters with known classes.

        Parameters
        ----------
        y_true : array-like of shape (n_genes,)
            Known classes.
        labels : dict of tuple (int, float) to array-like of shape (n_genes,) or list of such
            Clusters found with this number of hidden nodes and this corruption level; of several
            runs, a list.
        raw : array-like of shape (n_genes,) or list of such, default=None
            Clusters of the profiles as measured.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        HiddenNodesDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If there are no labels, or their number differs from that of the classes.
        ImportError
            If matplotlib is not installed.
        """
        rows = [
            (hidden, corruption, score)
            for (hidden, corruption), runs in labels.items()
            for score in _agreement(y_true, runs)
        ]
        raw = None if raw is None else _agreement(y_true, raw)
        return cls.from_scores(pd.DataFrame(rows, columns=COLUMNS), raw=raw, **kwargs)

    def plot(self, *, ax=None, label=SCORE_LABEL) -> Self:
        """Draw the display.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure. The legend stands above them, inside a layout
            that makes room, such as ``layout="constrained"``.
        label : str, default="adjusted Rand index"
            Label of the vertical axis. The index has no unit: 1 is the same partition, 0 chance.

        Returns
        -------
        HiddenNodesDisplay
            This display.
        """
        self.ax_ = ax = get_axes(ax, figsize=(5.4, 4.2))
        self.figure_ = ax.figure
        levels = self.means.columns
        shades = np.linspace(PALEST, 0.0, len(levels)) if len(levels) > 1 else [0.0]
        self.lines_, self.bands_ = {}, {}
        for i, (level, shade) in enumerate(zip(levels, shades, strict=True)):
            self._draw_level(level, shade, MARKERS[i % len(MARKERS)])
        self.raw_ = None
        if self.raw is not None:
            self.raw_ = ax.axhline(self.raw, color="black", ls="--", lw=1.2, label="raw profiles")
        ax.set(xlabel="hidden nodes", ylabel=label)
        ax.set_xticks(self.means.index, [f"{hidden:g}" for hidden in self.means.index])
        self.legend_ = legend_above(ax, ncols=3)
        return self

    def _draw_level(self, level: float, shade: float, marker: str) -> None:
        means = self.means[level].dropna()
        (self.lines_[level],) = self.ax_.plot(
            means.index, means, color=str(shade), marker=marker, ms=5, label=f"corruption {level:g}"
        )
        spread = None if self.spread is None else self.spread[level].reindex(means.index)
        if spread is not None and spread.notna().any():
            low, high = means - spread, means + spread
            self.bands_[level] = self.ax_.fill_between(
                means.index, low, high, color=str(shade), alpha=0.13 + 0.2 * shade, lw=0
            )


def _only(value, name: str) -> float:
    """Return a network's one value: settings of one layer are numbers or sequences of one."""
    values = np.ravel(value)
    if value is None or len(values) != 1:
        raise ValueError(
            f"The {name} of search must be those of networks with one hidden layer. "
            f"Got {value!r} instead; draw other networks with from_scores."
        )
    return float(values[0])


def _agreement(y_true, runs) -> list[float]:
    """Score one set of labels, or each of several, by the adjusted Rand index."""
    runs = [runs] if np.ndim(next(iter(runs), None)) == 0 else runs
    return [float(adjusted_rand_score(y_true, labels)) for labels in runs]
