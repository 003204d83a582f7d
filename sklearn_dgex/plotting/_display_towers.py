"""Error against the number of towers, one line an architecture."""

from __future__ import annotations

from typing import Self

import numpy as np
import pandas as pd

from sklearn_dgex.metrics import mmae
from sklearn_dgex.plotting._axes import LINES, apart, get_panels, legend_of_panels
from sklearn_dgex.plotting._search import searched_parameters, split_scores

ERROR_LABEL = "MMAE (units of y)"
SHADE_LABEL = "a tower as wide as the output"
METRIC = "neg_mean_absolute_error"
PREFIXES = {"tower": "T", "checkerboard": "C"}
FARTHEST = 1.0  # ranges of the curves that a reference may lie beyond them before it squashes them
LINE_HEIGHT = 0.05  # of a reference's name, as a share of the panel


class TowersDisplay:
    """MMAE against the number of towers, one line an architecture.

    Use :meth:`from_estimator` or :meth:`from_predictions` to create one, or the constructor for
    any numbers. Panels stand side by side with scales of their own, so that measured curves can be
    set beside published ones on other data. The lowest point of each line is filled.

    Parameters
    ----------
    panels : dict of str to DataFrame of shape (n_tower_numbers, n_architectures)
        MMAE by title of the panel: the index holds numbers of towers, the columns are
        architectures, such as "CR-D-GEX". NaN is left out.
    spread : dict of str to DataFrame, default=None
        Half the length of error bars, by title; of the panel's shape.
    references : dict of str to dict of str to float, default=None
        Errors of other models, by title and name, as thin lines. One that lies farther from the
        curves than they span would squash them; it is named at the edge with its value instead.
    shaded : dict of str to tuple (float, float), default=None
        Numbers of towers from which to which a tower is about as wide as the output layer, by
        title; the paper expects the lowest errors there.

    Attributes
    ----------
    axes_ : list of matplotlib Axes
        One a panel.
    figure_ : matplotlib Figure
    lines_ : dict of str to dict of str to matplotlib Line2D
        By title and architecture.
    lowest_ : dict of str to dict of str to matplotlib Line2D
        The filled markers.
    bars_ : dict of str to dict of str to matplotlib LineCollection
        Error bars, of the panels that have any.
    references_ : dict of str to dict of str to matplotlib Line2D
        Of those near enough.
    names_ : dict of str to dict of str to matplotlib Text
        Names of all references, at the right of the panel.
    shades_ : dict of str to matplotlib Patch
    legend_ : matplotlib Legend

    References
    ----------
    Kunc & Kléma (2020), Figure 4.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_dgex.plotting import TowersDisplay
    >>> curves = {"T-D-GEX": [0.131, 0.130, 0.131], "CR-D-GEX": [0.129, 0.128, 0.129]}
    >>> frame = pd.DataFrame(curves, index=[1, 5, 12])
    >>> display = TowersDisplay(panels={"published": frame}).plot()
    >>> display.lowest_["published"]["CR-D-GEX"].get_xdata()
    array([5])
    """

    def __init__(self, *, panels, spread=None, references=None, shaded=None) -> None:
        self.panels = panels
        self.spread = spread
        self.references = references
        self.shaded = shaded

    @classmethod
    def from_estimator(
        cls, search, *, published=None, references=None, shaded=None, title="measured", **kwargs
    ) -> Self:
        """Draw the errors of a fitted grid search.

        Parameters
        ----------
        search : GridSearchCV
            Fitted, with scoring="neg_mean_absolute_error", over ``n_towers`` of a DGEXRegressor,
            alone or in a Pipeline, and perhaps over ``architecture`` and ``skip_connection``. All
            other parameters are averaged over. Bars are standard deviations over folds.
        published : DataFrame, default=None
            Errors as in ``panels``, for a second panel titled "published".
        references, shaded : dict, default=None
            As in the constructor.
        title : str, default="measured"
            Title of the first panel.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        TowersDisplay
            The display, drawn.

        Raises
        ------
        NotFittedError
            If the search is not fitted.
        ValueError
            If it has another scoring, a fit failed, or no parameter is called ``n_towers``.
        ImportError
            If matplotlib is not installed.
        """
        grid = searched_parameters(search, ["n_towers", "architecture", "skip_connection"])
        if grid[["n_towers", "architecture"]].isna().any(axis=None):
            raise ValueError(
                "search must be over n_towers of a DGEXRegressor. "
                f"Got the parameters {sorted(search.cv_results_['params'][0])} instead."
            )
        scores = split_scores(search, METRIC)
        # a callable or several scores are judged by their sign alone; None is R2
        named = search.scoring is None or isinstance(search.scoring, str)
        if (named and search.scoring != METRIC) or (scores > 0).any():
            raise ValueError(
                f"search must be scored by {METRIC!r}, which is the MMAE below zero. "
                f"Got {search.scoring!r} and scores up to {scores.max():.3g} instead."
            )
        kinds, skips = grid["architecture"].map(PREFIXES), grid["skip_connection"].astype(bool)
        names = kinds + np.where(skips, "R-D-GEX", "-D-GEX")
        folds = pd.DataFrame(-scores).groupby([grid["n_towers"].astype(int), names]).mean()
        order = list(names.unique())
        means = folds.mean(axis=1).unstack()[order]
        spread = None
        if scores.shape[1] > 1:
            spread = {title: folds.std(axis=1, ddof=0).unstack()[order]}
        panels = {title: means} | ({} if published is None else {"published": published})
        display = cls(panels=panels, spread=spread, references=references, shaded=shaded)
        return display.plot(**kwargs)

    @classmethod
    def from_predictions(
        cls,
        y_true,
        predictions,
        *,
        published=None,
        references=None,
        shaded=None,
        title="measured",
        **kwargs,
    ) -> Self:
        """Draw the errors of given predictions.

        Parameters
        ----------
        y_true : array-like or frame of shape (n_samples, n_genes) or (n_samples,)
            Measured expression.
        predictions : dict of tuple (str, int) to array-like or frame of the shape of y_true
            What was inferred, by architecture and number of towers. No bars are drawn: samples
            differ far more than models do. SignificanceDisplay shows tests of paired samples.
        published : DataFrame, default=None
            Errors as in ``panels``, for a second panel titled "published".
        references, shaded : dict, default=None
            As in the constructor.
        title : str, default="measured"
            Title of the first panel.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        TowersDisplay
            The display, drawn.

        Raises
        ------
        GeneMismatchError
            If two are frames and their genes differ.
        ValueError
            If shapes differ, a value is not finite, or there are no predictions.
        ImportError
            If matplotlib is not installed.
        """
        curves: dict[str, dict[int, float]] = {}
        for (architecture, n_towers), y_pred in predictions.items():
            curves.setdefault(architecture, {})[n_towers] = mmae(y_true, y_pred)
        panels = {title: pd.DataFrame(curves)}
        if published is not None:
            panels["published"] = published
        return cls(panels=panels, references=references, shaded=shaded).plot(**kwargs)

    def plot(self, *, axes=None, label=ERROR_LABEL, bars=True, n_columns=None) -> Self:
        """Draw the display.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            One axes a panel; None makes a new figure with all side by side.
        label : str or dict of str to str, default="MMAE (units of y)"
            Label of the vertical axis with its unit, for all panels or by title.
        bars : bool, default=True
            Whether to draw the spread. Folds often differ more than architectures do; their bars
            then flatten the curves.
        n_columns : int, default=None
            Panels a row of a new figure; None puts all side by side.

        Returns
        -------
        TowersDisplay
            This display.

        Raises
        ------
        ValueError
            If a panel holds no errors, its index is not numbers of towers, a title is unknown, or
            the number of ``axes`` is not that of the panels.
        """
        panels = self._checked_panels()
        new = axes is None
        n_columns = min(n_columns or len(panels), len(panels))
        size = (0.6 + 4.3 * n_columns, 4.2 * -(-len(panels) // n_columns))
        self.axes_ = get_panels(axes, len(panels), figsize=size, n_columns=n_columns)
        self.figure_ = self.axes_[0].figure
        self.lines_, self.lowest_, self.bars_ = {}, {}, {}
        self.references_, self.names_, self.shades_ = {}, {}, {}
        names = list(dict.fromkeys(name for frame in panels.values() for name in frame))
        styles = {name: LINES[i % len(LINES)] for i, name in enumerate(names)}
        for ax, (title, frame) in zip(self.axes_, panels.items(), strict=True):
            self._draw_curves(ax, title, frame, styles, bars=bars)
            self._draw_references(ax, title, frame)
            ax.set_title(title, fontsize="medium")
            ax.set_xticks(frame.index)
            units = label if isinstance(label, str) else label.get(title, ERROR_LABEL)
            ax.set(xlabel="number of towers", ylabel=units)
        self.legend_ = self._draw_legend(new, n_columns)
        return self

    def _draw_curves(self, ax, title: str, frame: pd.DataFrame, styles: dict, *, bars) -> None:
        self.lines_[title], self.lowest_[title] = {}, {}
        for name in frame:
            curve = frame[name].dropna()
            line_style, marker, shade = styles[name]
            spread = (self.spread or {}).get(title) if bars else None
            if spread is not None:
                drawn = ax.errorbar(
                    curve.index, curve, spread[name].reindex(curve.index), ls="none", ecolor=shade
                )
                drawn.lines[2][0].set(lw=0.8, zorder=1)
                self.bars_.setdefault(title, {})[name] = drawn.lines[2][0]
            style = {"color": shade, "marker": marker, "ms": 5}
            (self.lines_[title][name],) = ax.plot(
                curve.index, curve, ls=line_style, lw=1.3, mfc="white", label=name, **style
            )
            best = curve.idxmin()
            style["ms"] = 7  # filled alone is not enough where lines meet
            (self.lowest_[title][name],) = ax.plot([best], [curve[best]], ls="none", **style)
        if title in (self.shaded or {}):
            self.shades_[title] = ax.axvspan(
                *self.shaded[title], color="0.9", lw=0, zorder=0, label=SHADE_LABEL
            )

    def _draw_references(self, ax, title: str, frame: pd.DataFrame) -> None:
        references = (self.references or {}).get(title, {})
        low, high = np.nanmin(frame), np.nanmax(frame)
        room = FARTHEST * (high - low) or 0.05 * high
        self.references_[title], shown = {}, {}
        for name in sorted(references, key=references.get, reverse=True):
            value = references[name]
            if low - room <= value <= high + room:
                self.references_[title][name] = ax.axhline(value, color="0.4", lw=0.8, zorder=1)
                shown[name] = name
            else:
                shown[name] = f"{name} {value:.4g} {'↑' if value > high else '↓'}"
        bottom, top = ax.get_ylim()
        ax.set_ylim(bottom, top)  # the places of the names are counted from it
        depths = [(top - references[name]) / (top - bottom) for name in shown]
        depths = apart(np.clip(depths, 0, 1), LINE_HEIGHT, 1 + LINE_HEIGHT / 2)
        self.names_[title] = {
            name: ax.annotate(
                shown[name],
                (1.0, 1.0 - depth),
                xycoords="axes fraction",
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize="small",
            )
            for name, depth in zip(shown, depths, strict=True)
        }

    def _draw_legend(self, new: bool, n_columns: int):
        handles = {}
        for ax in self.axes_:
            handles |= dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
        return legend_of_panels(
            self.axes_,
            new=new,
            ncols=2 if n_columns == 1 else min(len(handles), 3 * n_columns),
            handles=list(handles.values()),
            labels=list(handles),
        )

    def _checked_panels(self) -> dict[str, pd.DataFrame]:
        for what in ("spread", "references", "shaded"):
            unknown = set(getattr(self, what) or {}) - set(self.panels)
            if unknown:
                raise ValueError(
                    f"{what} must have titles of panels as keys, of {list(self.panels)}. "
                    f"Got {sorted(unknown)} instead."
                )
        return {title: _checked(title, frame) for title, frame in self.panels.items()}


def _checked(title: str, frame: pd.DataFrame) -> pd.DataFrame:
    towers = np.asarray(frame.index)
    numbers = towers.dtype.kind in "iu" and len(set(towers)) == len(towers)
    if not frame.size or not numbers or not np.isfinite(frame).any().all():
        raise ValueError(
            f"Panel {title!r} must be a frame of errors, indexed by different numbers of towers, "
            "with one for each architecture at least. "
            f"Got shape {frame.shape} and the index {towers.tolist()} instead."
        )
    return frame.sort_index().astype(float)
