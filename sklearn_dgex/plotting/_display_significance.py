"""Which of several models are significantly better than which others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import pandas as pd

from sklearn_dgex.metrics import compare_models, per_sample_mae
from sklearn_dgex.plotting._axes import get_panels, legend_of_panels
from sklearn_dgex.utils.genes import listed

ALPHA = 1e-4
SIGNS = {"better": 1.0, "no difference": 0.0, "worse": -1.0}
# The paper's: black is better. Lines between cells are seen on black, grey and white.
SHADES = {-1.0: "1.0", 0.0: "0.75", 1.0: "0.0"}
KEY = {
    1.0: "row better than column",
    0.0: "no significant difference",
    -1.0: "row worse than column",
}
LINE = "0.5"
LEAST_WIDTH, KEY_WIDTH = 3.0, 5.4  # inches that the key needs, as a column and as a row
TITLE = 0.3  # inches of a panel's height
MOST_COLUMNS = 5  # of panels; a wider figure does not fit a page


class SignificanceDisplay:
    """Matrix of pairwise tests between models: black better, grey undecided, white worse.

    Use :meth:`from_estimator`, :meth:`from_predictions` or :meth:`from_comparison` to create one.
    The cell of a row and a column is black where the model of the row is significantly better than
    that of the column. Several comparisons are panels of one figure.

    Parameters
    ----------
    verdicts : dict of str to DataFrame of shape (n_models, n_models)
        By title: 1 where the model of the row is better than that of the column, -1 where it is
        worse, and 0 where there is no significant difference.
    alpha : float, default=None
        Level of the tests, for the key.

    Attributes
    ----------
    axes_ : list of matplotlib Axes
        One a comparison.
    figure_ : matplotlib Figure
    meshes_ : dict of str to matplotlib QuadMesh
        Cells, by title.
    legend_ : matplotlib Legend
        What black, grey and white mean.

    See Also
    --------
    sklearn_dgex.metrics.compare_models : The tests.

    References
    ----------
    Kunc & Kléma (2020), Figures 5 and 6.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_dgex.plotting import SignificanceDisplay
    >>> rng = np.random.default_rng(0)
    >>> y = rng.normal(size=(100, 30))
    >>> noise = {"good": 0.1, "poor": 0.5}
    >>> inferred = {name: y + s * rng.normal(size=y.shape) for name, s in noise.items()}
    >>> display = SignificanceDisplay.from_predictions(y, inferred)
    >>> display.verdicts[""].loc["good", "poor"]
    np.float64(1.0)
    """

    def __init__(self, *, verdicts, alpha=None) -> None:
        self.verdicts = verdicts
        self.alpha = alpha

    @classmethod
    def from_estimator(cls, estimators, X, y, *, alpha=ALPHA, order=None, **kwargs) -> Self:
        """Compare fitted estimators on the same samples, and draw the tests.

        Parameters
        ----------
        estimators : dict of str to estimator with ``predict``
            Fitted, by name; at least two.
        X : array-like or frame of shape (n_samples, n_landmarks)
            Landmarks of the samples, to predict from.
        y : array-like or frame of shape (n_samples, n_targets)
            Measured expression, of samples that no estimator has learned from.
        alpha : float in (0, 1), default=1e-4
            Level of the tests; the paper's.
        order : sequence of str, default=None
            Models from top to bottom. None keeps theirs.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        SignificanceDisplay
            The display, drawn.

        Raises
        ------
        GeneMismatchError, ValueError, ImportError
            As :meth:`from_predictions` does.
        """
        predictions = {name: model.predict(X) for name, model in estimators.items()}
        return cls.from_predictions(y, predictions, alpha=alpha, order=order, **kwargs)

    @classmethod
    def from_predictions(cls, y_true, predictions, *, alpha=ALPHA, order=None, **kwargs) -> Self:
        """Compare predictions by the errors of their samples, and draw the tests.

        Parameters
        ----------
        y_true : array-like or frame of shape (n_samples, n_genes) or (n_samples,)
            Measured expression.
        predictions : dict of str to array-like or frame of the shape of y_true
            What each model inferred, by its name; at least two. Frames are matched by gene name.
        alpha : float in (0, 1), default=1e-4
            Level of the tests; the paper's.
        order : sequence of str, default=None
            Models from top to bottom. None keeps theirs.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        SignificanceDisplay
            The display, drawn.

        Raises
        ------
        GeneMismatchError
            If two are frames and their genes differ.
        ValueError
            If shapes differ, a value is not finite, there are fewer than two models, or the order
            leaves one out.
        ImportError
            If matplotlib is not installed.
        """
        errors = {name: per_sample_mae(y_true, y) for name, y in predictions.items()}
        comparison = compare_models(errors, alpha=alpha)
        return cls.from_comparison(comparison, order=order, **kwargs)

    @classmethod
    def from_comparison(cls, comparison, *, order=None, alpha=None, **kwargs) -> Self:
        """Draw comparisons as :func:`sklearn_dgex.metrics.compare_models` returns them.

        Parameters
        ----------
        comparison : DataFrame, or dict of str to DataFrame
            One row for each pair, indexed by ``model`` and ``baseline``, with the column
            ``verdict``: "better", "worse" or "no difference". Several are panels, by title.
        order : sequence, default=None
            All models of all comparisons, from top to bottom. None keeps the order in which each
            comparison names them.
        alpha : float, default=None
            Level of the tests, for the key; None is what the comparison says of itself.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        SignificanceDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If there is no comparison, a pair is missing or stands twice, a verdict is unknown, or
            the order leaves a model out.
        ImportError
            If matplotlib is not installed.
        """
        comparisons = comparison if isinstance(comparison, Mapping) else {"": comparison}
        if not comparisons:
            raise ValueError(
                "comparison must be a frame of compare_models, or a dict of at least one. Got an "
                "empty dict instead."
            )
        verdicts = {str(title): _matrix(frame, order) for title, frame in comparisons.items()}
        if alpha is None:
            alpha = next(iter(comparisons.values())).attrs.get("alpha")
        return cls(verdicts=verdicts, alpha=alpha).plot(**kwargs)

    def plot(self, *, axes=None, label="model") -> Self:
        """Draw the display.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            One axes a comparison; None makes a new figure of up to five panels a row.
        label : str, default="model"
            What the names are, for the axes, such as "number of towers".

        Returns
        -------
        SignificanceDisplay
            This display.

        Raises
        ------
        ValueError
            If the number of ``axes`` is not that of the comparisons.
        """
        n_panels, new = len(self.verdicts), axes is None
        n_columns = min(n_panels, MOST_COLUMNS)
        size = self._figure_size(n_columns)
        self.axes_ = axes = get_panels(axes, n_panels, n_columns=n_columns, figsize=size)
        self.figure_ = axes[0].figure
        self.meshes_ = {}
        for i, (ax, (title, matrix)) in enumerate(zip(axes, self.verdicts.items(), strict=True)):
            self.meshes_[title] = _draw_cells(ax, matrix)
            ax.set_title(title, fontsize="medium")
            if i + n_columns >= n_panels:  # the lowest of its column
                ax.set_xlabel(f"{label} (column)")
            if i % n_columns == 0:
                ax.set_ylabel(f"{label} (row)")
        self.legend_ = self._draw_key(new)
        return self

    def _figure_size(self, n_columns: int) -> tuple[float, float]:
        """Inches that give each cell a quarter, and the names and the key their room."""
        names = [str(name) for matrix in self.verdicts.values() for name in matrix.index]
        side = 0.25 * max(map(len, self.verdicts.values())) + 0.08 * max(map(len, names)) + 0.5
        side = max(side, LEAST_WIDTH / n_columns)
        n_rows = -(-len(self.verdicts) // n_columns)
        return side * n_columns + 0.4, (side + TITLE) * n_rows + 0.8

    def _draw_key(self, new: bool):
        from matplotlib.patches import Patch

        cells = [Patch(facecolor=SHADES[sign], edgecolor=LINE, label=KEY[sign]) for sign in KEY]
        title = None if self.alpha is None else f"significance level {self.alpha:g}"
        return legend_of_panels(
            self.axes_,
            new=new,
            ncols=3 if self.figure_.get_figwidth() > KEY_WIDTH else 1,
            handles=cells,
            title=title,
            handlelength=1.0,
            handleheight=1.0,
        )


def _draw_cells(ax, matrix: pd.DataFrame):
    from matplotlib.colors import ListedColormap

    n = len(matrix)
    mesh = ax.pcolormesh(
        np.arange(n + 1) - 0.5,
        np.arange(n + 1) - 0.5,
        matrix.to_numpy(dtype=float),
        cmap=ListedColormap([SHADES[sign] for sign in sorted(SHADES)]),
        vmin=-1.5,
        vmax=1.5,
        edgecolors=LINE,
        linewidth=0.6,
        clip_on=False,  # the outer lines, too
    )
    names = [str(name) for name in matrix.index]
    ax.set_xticks(range(n), names, rotation=90 if max(map(len, names)) > 2 else 0)
    ax.set_yticks(range(n), names)
    ax.tick_params(length=0, labelsize="small")
    ax.spines[:].set_visible(False)
    ax.set(aspect="equal", ylim=(n - 0.5, -0.5))  # the first row on top, as in a table
    return mesh


def _matrix(comparison: pd.DataFrame, order: Sequence | None) -> pd.DataFrame:
    """Verdict of each model of a row against that of a column, as -1, 0 or 1."""
    pairs = list(comparison.index)
    names = list(dict.fromkeys(name for position in zip(*pairs, strict=True) for name in position))
    if order is not None:
        left_out = [name for name in names if name not in list(order)]
        if left_out or len(set(order)) < len(list(order)):
            raise ValueError(
                f"order must name each of the models once. Got {list(order)!r} instead, which "
                f"leaves out {len(left_out)} ({listed(left_out)})."
            )
        names = [name for name in order if name in names]
    unknown = sorted(set(comparison["verdict"]) - set(SIGNS), key=str)
    distinct = {frozenset(pair) for pair in pairs if pair[0] != pair[1]}
    n_pairs = len(names) * (len(names) - 1) // 2
    if unknown or len(pairs) != n_pairs or len(distinct) != n_pairs:
        raise ValueError(
            "comparison must hold each pair of models once, with the verdict 'better', 'worse' or "
            f"'no difference'. Got {len(pairs)} rows for the {n_pairs} pairs of {len(names)} "
            f"models, and {len(unknown)} other verdicts ({listed(unknown)}); use compare_models."
        )
    matrix = pd.DataFrame(0.0, index=names, columns=names)  # a model does not differ from itself
    for (model, baseline), verdict in zip(pairs, comparison["verdict"], strict=True):
        matrix.loc[model, baseline] = SIGNS[verdict]
        matrix.loc[baseline, model] = -SIGNS[verdict]
    return matrix
