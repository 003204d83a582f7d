"""Training loss and validation error, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_dgex.plotting._axes import get_panels

LOSS_LABEL = "training loss"
SCALED_LOSS_LABEL = "training loss\n(on scaled targets)"
SCORE_LABEL = "validation MMAE\n(units of y)"
ONLY_CURVE = "training"


class TrainingCurveDisplay:
    """Training loss, and below it the validation error, of each epoch.

    Use :meth:`from_estimator` or :meth:`from_history` to create one. The two have different units,
    so each has its own panel, and so has each layer of a stack. The epoch with the lowest
    validation error is marked in all.

    Parameters
    ----------
    losses : dict of str to ndarray of shape (n_epochs,)
        Training loss of each epoch, by the name of what was trained: one curve, or one a layer.
    validation_scores : ndarray of shape (n_epochs,), default=None
        Validation MMAE of each epoch, in units of ``y``; None draws no second panel.

    Attributes
    ----------
    axes_ : list of matplotlib Axes
        One a loss and, where there are scores, the last for the validation error.
    figure_ : matplotlib Figure
    losses_ : dict of str to matplotlib Line2D
    validation_ : matplotlib Line2D or None
    best_ : matplotlib Line2D or None
        The marker of the best epoch.
    best_epoch_ : int or None
        Counted from 1; the first of several that are equally low.
    text_ : matplotlib Text or None
        Best epoch and its error, above the validation panel.

    Examples
    --------
    >>> from sklearn_dgex.plotting import TrainingCurveDisplay
    >>> display = TrainingCurveDisplay.from_history([0.9, 0.6, 0.5], [0.40, 0.31, 0.32])
    >>> display.text_.get_text()
    'lowest in epoch 2: 0.3100'
    """

    def __init__(self, *, losses, validation_scores=None) -> None:
        self.losses = losses
        self.validation_scores = validation_scores

    @classmethod
    def from_estimator(cls, estimator, **kwargs) -> Self:
        """Draw the training of a fitted estimator.

        Parameters
        ----------
        estimator : DGEXRegressor, SDATransformer or other estimator with ``loss_curve_``
            Fitted; of a Pipeline, the last step that has a curve. Validation errors are drawn for
            DGEXRegressor alone: elsewhere ``validation_scores_`` are other scores, of which higher
            ones are better. The layers of an SDATransformer are curves of their own, each from its
            first epoch.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        TrainingCurveDisplay
            The display, drawn.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If it keeps no ``loss_curve_``.
        ImportError
            If matplotlib is not installed.
        """
        steps = [step for _, step in getattr(estimator, "steps", [])]
        with_curve = [step for step in (estimator, *steps) if hasattr(step, "loss_curve_")]
        if not with_curve:
            check_is_fitted(estimator)
            raise ValueError(
                "estimator must have loss_curve_, the training loss of each epoch. Got a fitted "
                f"{type(estimator).__name__} without; draw its losses with from_history."
            )
        trained = with_curve[-1]
        scores = None
        if hasattr(trained, "per_gene_quality_"):  # a DGEXRegressor, without importing torch
            scores = trained.validation_scores_
            kwargs = {"loss_label": SCALED_LOSS_LABEL} | kwargs
        return cls.from_history(_curves(trained), scores, **kwargs)

    @classmethod
    def from_history(cls, loss_curve, validation_scores=None, **kwargs) -> Self:
        """Draw given losses and errors.

        Parameters
        ----------
        loss_curve : array-like of shape (n_epochs,), or dict of str to such
            Training loss of each epoch; of several trainings, by name.
        validation_scores : array-like of shape (n_epochs,), default=None
            Validation error of each epoch, lower is better. It may be shorter than the losses, as
            it is after :meth:`DGEXRegressor.partial_fit`, which holds no samples out.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        TrainingCurveDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If a curve is empty or not finite, or there is none.
        ImportError
            If matplotlib is not installed.
        """
        curves = loss_curve if isinstance(loss_curve, Mapping) else {ONLY_CURVE: loss_curve}
        if not curves:
            raise ValueError("loss_curve must hold at least one curve. Got an empty dict instead.")
        losses = {str(name): _curve(curve, "loss_curve") for name, curve in curves.items()}
        if validation_scores is not None:
            validation_scores = _curve(validation_scores, "validation_scores")
        return cls(losses=losses, validation_scores=validation_scores).plot(**kwargs)

    def plot(self, *, axes=None, loss_label=LOSS_LABEL, score_label=SCORE_LABEL) -> Self:
        r"""Draw the display.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            One axes for each loss and, where there are scores, one for the validation error; None
            makes a new figure with one panel below the other.
        loss_label : str, default="training loss"
            Label of the loss; :meth:`from_estimator` adds the unit where it knows it.
        score_label : str, default="validation MMAE\n(units of y)"
            Label of the validation error, with its unit.

        Returns
        -------
        TrainingCurveDisplay
            This display.

        Raises
        ------
        ValueError
            If the number of ``axes`` is another.
        """
        n_panels = len(self.losses) + (self.validation_scores is not None)
        height = 1.2 + n_panels * (2.0 if n_panels < 3 else 1.4)
        self.axes_ = axes = get_panels(
            axes, n_panels, n_columns=1, figsize=(5.4, height), sharex=True
        )
        self.figure_ = axes[0].figure
        self.losses_ = {}
        for ax, (name, curve) in zip(axes, self.losses.items(), strict=False):
            self.losses_[name] = _draw(ax, curve)
            ax.set_ylabel(loss_label)
            if len(self.losses) > 1:
                ax.set_title(name, loc="left", fontsize="small")
        self.validation_ = self.best_ = self.best_epoch_ = self.text_ = None
        if self.validation_scores is not None:
            self._draw_validation(axes[-1], score_label)
        axes[-1].set_xlabel("epoch")
        axes[-1].xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        return self

    def _draw_validation(self, ax, label: str) -> None:
        scores = self.validation_scores
        self.validation_ = _draw(ax, scores)
        best = int(np.argmin(scores))
        self.best_epoch_ = best + 1
        for panel in self.axes_:
            panel.axvline(best + 1, color="0.6", lw=0.8, ls="--", zorder=0)
        (self.best_,) = ax.plot([best + 1], [scores[best]], "o", color="black", ms=6)
        # above the panel, since anywhere inside it may meet the curve
        self.text_ = ax.set_title(
            f"lowest in epoch {best + 1:,}: {scores[best]:.4f}", loc="right", fontsize="small"
        )
        ax.set_ylabel(label)


def _draw(ax, curve: np.ndarray):
    epochs = np.arange(1, len(curve) + 1)
    marker = "o" if len(curve) == 1 else None  # one epoch has no line to see
    (line,) = ax.plot(epochs, curve, color="black", lw=1.3, marker=marker)
    return line


def _curves(estimator) -> dict[str, list[float]]:
    """Loss curves of an estimator by name; a stack of autoencoders has one a layer."""
    curves = estimator.loss_curve_
    if not len(curves) or np.ndim(curves[0]) == 0:
        return {ONLY_CURVE: curves}
    named = {f"layer {i}": curve for i, curve in enumerate(curves, start=1)}
    named["fine-tuning"] = getattr(estimator, "finetune_loss_curve_", [])
    return {name: curve for name, curve in named.items() if len(curve)}


def _curve(values, what: str) -> np.ndarray:
    curve = np.asarray(values, dtype=np.float64)
    if curve.ndim != 1 or not len(curve) or not np.isfinite(curve).all():
        n_bad = int((~np.isfinite(curve)).sum())
        raise ValueError(
            f"{what} must hold a finite number for each of one or more epochs. Got shape "
            f"{curve.shape} with {n_bad} NaN or infinite instead; leave out what was not measured."
        )
    return curve
