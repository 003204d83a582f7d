"""matplotlib, imported when the first picture is drawn."""

from __future__ import annotations


def get_axes(ax=None, *, figsize=(4.8, 4.2)):
    """Return ``ax``, or new axes of a figure that lays its labels out by itself."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            "Plotting needs matplotlib, which is not installed. "
            "Install it with: pip install sklearn_dgex[plot]"
        ) from error
    if ax is None:
        _, ax = plt.subplots(figsize=figsize, layout="constrained")
    ax.spines[["top", "right"]].set_visible(False)
    return ax
