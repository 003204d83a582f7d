"""Agreement of differentially expressed genes, by the size of the data set."""

from __future__ import annotations

from typing import Self

import numpy as np
import pandas as pd

from sklearn_dgex.plotting._axes import get_axes, legend_above
from sklearn_dgex.utils.genes import listed

SCORE_LABELS = {
    "f0.5": "F0.5 score",
    "f1": "F1 score",
    "f2": "F2 score",
    "accuracy": "accuracy",
    "mcc": "Matthews correlation",
}
# As matplotlib's bxp names them: the papers' whiskers hold 80 % of the draws
QUANTILES = {"whislo": 0.1, "q1": 0.25, "med": 0.5, "q3": 0.75, "whishi": 0.9}
GROUP = 0.8  # width of all boxes of a size together; sizes are 1 apart
DARKEST = 0.3  # fill on which a white median still shows


class DEAgreementDisplay:
    r"""Boxes of the agreement of called genes, by the number of samples they were called from.

    Use :meth:`from_study` to create one. A box spans the quartiles, its whiskers the 10th to the
    90th percentile, as in the paper; its line is the median.

    Parameters
    ----------
    values : DataFrame of shape (n_sizes * n_repeats, n_boxes)
        A score of each draw, indexed by ``sample_size`` and ``repeat``; one column a model, or the
        only column a paired difference of two.
    label : str
        The quantity, for the vertical axis.
    is_difference : bool, default=False
        Whether to draw a line at zero.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    boxes_ : dict of str to dict
        Artists of each column, as matplotlib's ``bxp`` returns them: "boxes", "medians",
        "whiskers", "caps", each a list from the smallest size to the largest.
    statistics_ : DataFrame of shape (n_boxes * n_sizes, 5)
        What is drawn: quantiles "10%", "25%", "50%", "75%" and "90%", by column and size.
    zero_ : matplotlib Line2D or None
        Where two models agree equally well.
    legend_ : matplotlib Legend or None
        Of the models, where several are drawn.

    References
    ----------
    Kunc & Kléma (2020), "Practical impact on differential gene expression analysis", Figures 7-10.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_dgex.differential_expression import DEAgreementStudy
    >>> from sklearn_dgex.plotting import DEAgreementDisplay
    >>> rng = np.random.default_rng(0)
    >>> group = np.repeat([0, 1], 40)
    >>> y = rng.normal(size=(80, 200)) + 2 * np.outer(group, rng.random(200) < 0.2)
    >>> models = {"good": y + 0.2 * rng.normal(size=y.shape), "poor": y + rng.normal(size=y.shape)}
    >>> study = DEAgreementStudy((12, 40), n_repeats=50, random_state=0).fit(y, models)
    >>> display = DEAgreementDisplay.from_study(study, difference=("good", "poor"))
    >>> display.ax_.get_ylabel()
    'F1 score,\ngood minus poor'
    """

    def __init__(self, *, values, label, is_difference=False) -> None:
        self.values = values
        self.label = label
        self.is_difference = is_difference

    @classmethod
    def from_study(cls, study, *, score="f1", models=None, difference=None, **kwargs) -> Self:
        """Draw the scores of a fitted study.

        Parameters
        ----------
        study : DEAgreementStudy
            Fitted, or anything with its ``scores_`` and ``models_``.
        score : str, default="f1"
            Column of ``scores_``: "f0.5", "f1", "f2", "accuracy", "mcc" or a count. The paper
            draws "f1" and "mcc".
        models : sequence of str, default=None
            Models to draw side by side, from left to right. None draws all.
        difference : tuple of two str, default=None
            Model and baseline. Draws the score of the first minus that of the second in the same
            draw, which shows small gains that the spread over draws would hide.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        DEAgreementDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the score or a model is unknown, or both ``models`` and ``difference`` are given.
        ImportError
            If matplotlib is not installed.
        """
        if score not in study.scores_:
            raise ValueError(
                f"score must be one of the study's columns, {', '.join(study.scores_)}. "
                f"Got {score!r} instead."
            )
        if difference is not None and (models is not None or len(difference) != 2):
            raise ValueError(
                "difference must be a model and a baseline, given without models. "
                f"Got {difference!r} and models={models!r}; draw one of the two."
            )
        names = list(difference or (study.models_ if models is None else models))
        unknown = [name for name in names if name not in study.models_]
        if unknown or not names or len(set(names)) < len(names):
            raise ValueError(
                f"Models must be different ones of {listed(study.models_)}. Got {names!r} instead."
            )
        values = study.scores_[score].astype(float).unstack("model")[names]
        label = SCORE_LABELS.get(score, score.replace("_", " "))
        if difference is not None:
            model, baseline = names
            label = f"{label},\n{model} minus {baseline}"
            values = (values[model] - values[baseline]).to_frame(f"{model} minus {baseline}")
        return cls(values=values, label=label, is_difference=difference is not None).plot(**kwargs)

    def plot(self, *, ax=None, label=None) -> Self:
        """Draw the display.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes a new figure. The legend stands above them, inside a layout
            that makes room, such as ``layout="constrained"``.
        label : str, default=None
            Label of the vertical axis; None is the display's own. The scores have no unit.

        Returns
        -------
        DEAgreementDisplay
            This display.
        """
        sizes = sorted(self.values.index.unique("sample_size"))
        names = list(self.values)
        width = max(4.8, 1.6 + 0.35 * len(sizes) * len(names))
        self.ax_ = ax = get_axes(ax, figsize=(min(width, 12.0), 4.2))
        self.figure_ = ax.figure
        by_size = self.values.groupby(level="sample_size")
        quantiles = by_size.quantile(list(QUANTILES.values())).stack().unstack(1)
        quantiles.columns = [f"{share:.0%}" for share in quantiles.columns]
        self.statistics_ = quantiles.swaplevel().loc[names].rename_axis(["name", "sample_size"])
        self.zero_ = None
        if self.is_difference:
            self.zero_ = ax.axhline(0.0, color="black", ls="--", lw=1.0, zorder=0)
        shades = np.linspace(1.0, DARKEST, len(names)) if len(names) > 2 else [1.0, 0.6]
        self.boxes_ = {}
        for i, (name, shade) in enumerate(zip(names, shades, strict=False)):
            places = np.arange(len(sizes)) + ((i + 0.5) / len(names) - 0.5) * GROUP
            self.boxes_[name] = self._draw_boxes(self.statistics_.loc[name], places, shade)
        ax.set_xticks(range(len(sizes)), [str(size) for size in sizes])
        ax.set(xlabel="samples, both groups together", ylabel=label or self.label)
        ax.set_xlim(-0.6, len(sizes) - 0.4)
        self.legend_ = None
        if len(names) > 1:
            boxes = [self.boxes_[name]["boxes"][0] for name in names]
            self.legend_ = legend_above(ax, handles=boxes, labels=names, ncols=3)
        return self

    def _draw_boxes(self, quantiles: pd.DataFrame, places: np.ndarray, shade: float) -> dict:
        boxes = [dict(zip(QUANTILES, row, strict=True)) for row in quantiles.to_numpy()]
        ink = {"color": "black", "lw": 0.9}
        return self.ax_.bxp(
            boxes,
            positions=places,
            widths=0.85 * GROUP / self.values.shape[1],
            showfliers=False,
            patch_artist=True,
            manage_ticks=False,
            boxprops={"facecolor": str(shade), "edgecolor": "black", "lw": 0.9},
            medianprops={"color": "black" if shade > 0.5 else "white", "lw": 1.6},
            whiskerprops=ink,
            capprops=ink,
        )
