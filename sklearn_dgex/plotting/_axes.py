"""matplotlib, imported when the first picture is drawn, and what several pictures share."""

from __future__ import annotations

import numpy as np

# Line style, marker and shade of each line: any one of them tells neighbours apart without hue.
LINES = [
    ("-", "o", "0.0"),
    ("--", "s", "0.0"),
    (":", "^", "0.45"),
    ("-.", "D", "0.45"),
    ((0, (5, 1, 1, 1, 1, 1)), "v", "0.0"),
    ((0, (8, 2)), "P", "0.45"),
]
QUIET = {"frameon": False, "fontsize": "small", "title_fontsize": "small", "alignment": "left"}


def get_axes(ax=None, *, figsize=(4.8, 4.2)):
    """Return ``ax``, or new axes of a figure that lays its labels out by itself."""
    if ax is None:
        _, ax = _pyplot().subplots(figsize=figsize, layout="constrained")
    else:
        _pyplot()  # without matplotlib, the same message
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def get_panels(axes, n_panels, *, figsize, n_columns=None, **kwargs):
    """Return ``axes`` as a list of ``n_panels``, or new ones, filled row by row."""
    plt = _pyplot()
    if axes is None:
        n_columns = min(n_panels, n_columns or n_panels)
        n_rows = -(-n_panels // n_columns)
        _, axes = plt.subplots(
            n_rows, n_columns, figsize=figsize, layout="constrained", squeeze=False, **kwargs
        )
        axes = axes.ravel().tolist()
        for ax in axes[n_panels:]:
            ax.remove()
        axes = axes[:n_panels]
    else:
        axes = np.ravel(np.asarray(axes, dtype=object)).tolist()
    if len(axes) != n_panels:
        raise ValueError(
            f"axes must be {n_panels} matplotlib Axes, one a panel. Got {len(axes)} instead; pass "
            "as many, or None for a new figure."
        )
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
    return axes


def draw_diagonal(ax, low: float, high: float):
    """Draw where both axes agree, legible on light and on dark."""
    from matplotlib.patheffects import withStroke

    (line,) = ax.plot([low, high], [low, high], color="black", lw=1, ls="--")
    line.set_path_effects([withStroke(linewidth=2.5, foreground="white")])
    return line


def legend_above(ax, **kwargs):
    """Draw a legend above the axes, where it covers no data."""
    place = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "borderpad": 0}
    return ax.legend(**(place | QUIET | kwargs))


def legend_of_panels(axes, *, new, ncols, **kwargs):
    """Draw one legend for all panels: below them in a figure of one's own, else above the first.

    Only a figure that lays itself out makes room beside its panels.
    """
    if new:
        return axes[0].figure.legend(loc="outside lower center", ncols=ncols, **(QUIET | kwargs))
    # two rows and the panel's title fit more places than one row that is wider than the panel
    return legend_above(axes[0], ncols=2, borderaxespad=2.4, **kwargs)


def apart(places: np.ndarray, least: float, height: float) -> np.ndarray:
    """Move sorted places apart, as little as possible from the top down, and within the height."""
    steps = least * np.arange(len(places))
    down = np.maximum.accumulate(places - steps) + steps
    up = height - least / 2 - steps[::-1]
    return np.minimum(down, up)


def _pyplot():
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            "Plotting needs matplotlib, which is not installed. "
            "Install it with: pip install 'sklearn_dgex[plot]'"
        ) from error
    return plt
