"""The picture of what is gained: errors of methods on the same lines, from the benchmark's JSON."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from style import Look

RESULTS = Path(__file__).parents[2] / "benchmarks" / "paper" / "results" / "accuracy_gdsc.json"
METHODS = {  # as measured, and as written; the others lie far to the right
    "DGEXRegressor": "DGEXRegressor",
    "kernel ridge": "kernel ridge",
    "ridge": "ridge",
    "k nearest neighbours": "k nearest neighbours",
    "MLPRegressor": "scikit-learn's MLPRegressor",
}
BEST_BASELINE = "kernel ridge"


def errors() -> dict[str, np.ndarray]:
    """MMAE of each method, one a split of the samples that all were measured on."""
    found = defaultdict(dict)
    for key, cell in json.loads(RESULTS.read_text("utf-8"))["cells"].items():
        split, method = key.split("/", 1)
        found[method][split] = cell["mmae"]
    splits = sorted(set.intersection(*(set(found[method]) for method in METHODS)))
    return {method: np.array([found[method][split] for split in splits]) for method in METHODS}


def draw(look: Look, *, tall: bool = False) -> plt.Figure:
    """One row a method: its error in each split, and their mean."""
    figure, ax = plt.subplots(figsize=(4.4, 3.7) if tall else (8.4, 3.4), layout="constrained")
    measured = errors()
    for row, (method, values) in enumerate(reversed(measured.items())):
        ours = method == "DGEXRegressor"
        colour = look.accent if ours else look.faint
        ax.plot(values, np.full(len(values), row), "o", ms=5, color=colour, alpha=0.45, mec="none")
        ax.plot(values.mean(), row, "D", ms=9, color=colour, mec=look.ground)
        ax.annotate(
            f"{values.mean():.3f}",
            (values.mean(), row),
            (0, 9),
            textcoords="offset points",
            ha="center",
            weight="bold" if ours else "normal",
            fontsize=10,
        )
    ax.axvline(measured[BEST_BASELINE].mean(), color=look.faint, lw=0.8, ls=":", zorder=0)
    ax.set_yticks(range(len(measured)), [METHODS[method] for method in reversed(measured)])
    ax.get_yticklabels()[-1].set_fontweight("bold")
    ax.set(ylim=(-0.5, len(measured) - 0.3))
    words = "mean absolute error,", "in standard deviations", "(lower is better)"
    ax.set_xlabel(("\n" if tall else " ").join(words))
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.patch.set_alpha(0)
    return figure
