"""What commands ask of values: that none is missing, and that their scale is the one expected."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

MOST_OF_LOGARITHMS = 50.0  # log2 of no count and no intensity comes near
FILL_OR_DROP = (
    "fill them by 'sklearn-dgex convert --fill-gaps', or leave such genes or samples out by its "
    "--genes or --samples"
)
FAR_OFF = 3.0  # standard deviations of a landmark in training


def check_measured(
    frame: pd.DataFrame, path: str, remedy: str | None, *, more_follow: bool = False
) -> None:
    """Raise a ValueError that says which gene and sample has the first value that is no number.

    Parameters
    ----------
    frame : frame of shape (n_samples, n_genes)
        Values of the file, or of its first samples, after which ``more_follow``.
    path : str
        The file, for the message.
    remedy : str or None
        What to do about missing values; None lets them pass.
    more_follow : bool
        Whether there may be more of them in the file than were counted.
    """
    values = frame.to_numpy()
    infinite = (np.isinf(values), "infinite", "mend them: the logarithm of 0 is one")
    missing = () if remedy is None else ((np.isnan(values), "missing", remedy),)
    for is_bad, word, what_to_do in (*missing, infinite):
        if not is_bad.any():
            continue
        row, column = np.unravel_index(is_bad.argmax(), is_bad.shape)
        raise ValueError(
            f"The file {path!r} must have a number for every gene in every sample. Got "
            f"{'at least ' if more_follow else ''}{is_bad.sum():,} {word}, the first for "
            f"{frame.columns[column]!r} in sample {frame.index[row]!r}; {what_to_do}."
        )


def log2_plus_one(values: np.ndarray, samples: pd.Index, genes: pd.Index) -> np.ndarray:
    """Return log2(x + 1) of values of shape (n_samples, n_genes), all of which must be above -1."""
    too_low = values <= -1
    if too_low.any():
        row, column = np.unravel_index(too_low.argmax(), too_low.shape)
        raise ValueError(
            "--log2 must be given values above -1, to take log2(x + 1) of them. Got "
            f"{values[row, column]:.4g} for {genes[column]!r} in sample {samples[row]!r}; leave "
            "--log2 out if they are logarithms already, or mend them."
        )
    return np.log2(values + 1)


def warn_unlogged(frame: pd.DataFrame) -> None:
    """Warn of values that are no logarithms, of which a few genes would outweigh all others.

    Standardised values may be as large, but half of them lie below 0.
    """
    values = frame.to_numpy()
    highest = np.max(values, where=np.isfinite(values), initial=-np.inf)
    if highest > MOST_OF_LOGARITHMS and (values < 0).mean() < 0.25:
        warnings.warn(
            f"The values, up to {highest:,.0f}, don't look like logarithms; take log2(x + 1) first "
            "('sklearn-dgex convert --log2').",
            stacklevel=2,
        )


def warn_other_scale(block: pd.DataFrame, model) -> None:
    """Warn of landmarks that training never saw, as of another unit or normalisation."""
    scale = model.training_scale()
    if scale is None:
        return
    scale = scale.loc[block.columns]
    far = ((block - scale["mean"]) / scale["deviation"]).abs().to_numpy()
    far = far[np.isfinite(far)]
    typical = np.median(far) if far.size else 0.0
    if typical > FAR_OFF:
        warnings.warn(
            f"The landmarks lie {typical:.0f} standard deviations from their means in training, as "
            "the median value: the file is in another unit or normalised otherwise, and what is "
            "inferred of it means little; bring it to the scale of the training profiles, or fit "
            "with --quantile.",
            stacklevel=2,
        )
