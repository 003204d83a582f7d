"""The papers' figures, drawn from what the scripts measured."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from _results import PICTURES, PUBLISHED, RESULTS
from _table2 import PUBLISHED_DENSE, folds_of, mmae_tables, of_folds, towers_measured

from sklearn_dgex.plotting import (
    DEAgreementDisplay,
    SignificanceDisplay,
    TowersDisplay,
)

UNITS = {
    "GDSC": "MMAE (sd of a line's expression)",
    "E. coli": "MMAE (log2(TPM + 1))",
    "synthetic": "MMAE (about one sd of a gene)",
    "published (GEO)": "MMAE (the paper's units)",
}
OUTPUT_NEURONS = 4759
FIGURE4_BAND = (4, 5)  # towers about as wide as the output layer
MARKERS = "osD^v"


def save(figure, name: str, quick: bool) -> Path:
    """Write a picture beside the docs or, of a quick run, beside its results."""
    folder = RESULTS / "quick" if quick else PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    figure.savefig(path, dpi=130)
    plt.close(figure)
    return path


def draw_table1(sizes: pd.DataFrame, quick: bool) -> Path:
    """Figures 2 and 3: neurons a tower, and in all, by the number of towers at one budget."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for ax, column, label in (
        (axes[0], "tower_width", "neurons in a layer of a tower"),
        (axes[1], "n_neurons", "neurons in all"),
    ):
        ax.plot(sizes["n_towers"], sizes[column], "o-", color="black", ms=4)
        ax.axhline(OUTPUT_NEURONS, color="0.4", ls="--", lw=1)
        ax.annotate(
            "output neurons", (12, OUTPUT_NEURONS), ha="right", va="bottom", fontsize="small"
        )
        ax.axvspan(*FIGURE4_BAND, color="0.9", lw=0)
        ax.set(xlabel="number of towers", ylabel=label, xticks=sizes["n_towers"], ylim=(0, None))
        ax.yaxis.set_major_formatter("{x:,.0f}")
        ax.spines[["top", "right"]].set_visible(False)
    return save(figure, "figures2_3", quick)


def draw_table2(cells: dict, quick: bool) -> Path:
    """Figure 4: MMAE by the number of towers, ours beside the published curves."""
    measured = [name for name in UNITS if folds_of(cells, name, "CR-D-GEX/5")]
    tables = {name: mmae_tables(cells, name) for name in measured}
    references = {
        name: {dense: of_folds(cells, name, dense).mean() for dense in PUBLISHED_DENSE}
        for name in measured
    }
    published = pd.read_csv(PUBLISHED / "table2.csv", index_col="n_towers")
    means = {name: mean for name, (mean, _) in tables.items()}
    display = TowersDisplay(
        panels=means | {"published (GEO)": published},
        spread={name: error for name, (_, error) in tables.items()},
        references=references | {"published (GEO)": PUBLISHED_DENSE},
        shaded={"published (GEO)": FIGURE4_BAND},
    )
    return save(display.plot(label=UNITS, n_columns=2).figure_, "figure4", quick)


def draw_significance(comparisons: dict[str, pd.DataFrame], name: str, quick: bool) -> Path:
    """Figures 5 and 6: which differences are significant."""
    label = "number of towers" if name == "figure5" else "architecture"
    display = SignificanceDisplay.from_comparison(comparisons, label=label)
    return save(display.figure_, name, quick)


def draw_differential_expression(study, pair: tuple[str, str], quick: bool) -> Path:
    """Figures 7 to 10: F1 and MCC by sample size, and their paired differences."""
    figure, axes = plt.subplots(2, 2, figsize=(13, 8), layout="constrained")
    for (ax, below), score in zip(axes.T, ("f1", "mcc"), strict=True):
        DEAgreementDisplay.from_study(study, score=score, ax=ax)
        DEAgreementDisplay.from_study(study, score=score, difference=pair, ax=below)
    return save(figure, "figures7_10", quick)


def draw_beyond(cells: dict, table2: dict, quick: bool) -> Path:
    """Folds and patterns, towers by width of the output, members against one larger network."""
    figure, axes = plt.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
    _draw_folds(axes[0], cells, table2)
    _draw_outputs(axes[1], cells, table2)
    _draw_members(axes[2], cells)
    axes[0].margins(y=0.2)  # room for the legend
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(frameon=False, fontsize="small")
    return save(figure, "beyond", quick)


def change(cells: dict, name: str, reference: np.ndarray) -> tuple[float, float]:
    """Mean relative change against paired folds, in per cent, and its standard error."""
    changes = 100 * (of_folds(cells, "GDSC", name) / reference - 1)
    return changes.mean(), changes.std(ddof=1) / np.sqrt(len(changes))


def _draw_folds(ax, cells: dict, table2: dict) -> None:
    patterns = [f"{f}/{r}" for f in (2, 3, 4) for r in ("neighbour", "spread")][1:]
    for k, marker, shift in ((5, "o", -0.08), (10, "s", 0.08)):
        if not folds_of(cells, "GDSC", f"folds/{k}/2/spread"):
            continue
        reference = of_folds(table2, "GDSC", f"CR-D-GEX/{k}")
        changes = [change(cells, f"folds/{k}/{pattern}", reference) for pattern in patterns]
        _points(ax, np.arange(len(patterns)) + shift, changes, marker, f"{k} towers")
    ax.axhline(0, color="0.4", lw=1, ls="--")
    ax.set_xticks(range(len(patterns)), [p.replace("/", " folds,\n") for p in patterns])
    ax.tick_params(axis="x", labelsize="small")
    ax.set(ylabel="change of MMAE (%)", title="against two folds joined with the neighbour")


def _draw_outputs(ax, cells: dict, table2: dict) -> None:
    names = sorted({key.split("/", 2)[2] for key in cells if "/output/" in key})
    sizes = sorted({int(name.split("/")[1]) for name in names})
    shades = np.linspace(0.65, 0.0, len(sizes) + 1)
    for n, shade, marker in zip(sizes, shades, MARKERS, strict=False):
        towers = sorted(int(name.split("/")[2]) for name in names if name.split("/")[1] == str(n))
        reference = of_folds(cells, "GDSC", f"output/{n}/1")
        changes = [change(cells, f"output/{n}/{k}", reference) for k in towers]
        _points(ax, towers, changes, marker, f"{n:,} targets", color=str(shade), ls="-")
    towers = towers_measured(table2, "GDSC")
    reference = of_folds(table2, "GDSC", "CR-D-GEX/1")
    changes = [change(table2, f"CR-D-GEX/{k}", reference) for k in towers]
    _points(ax, towers, changes, MARKERS[len(sizes)], "all targets", color="0", ls="-")
    ax.axhline(0, color="0.4", lw=1, ls="--")
    ax.set(xlabel="number of towers", ylabel="change of MMAE against one tower (%)")
    ax.set_title("towers by width of the output")


def _draw_members(ax, cells: dict) -> None:
    ms = sorted({int(key.split("/")[3]) for key in cells if "/members/" in key})
    reference = of_folds(cells, "GDSC", "members/1")
    for kind, marker, label in (
        ("members", "o", "networks averaged"),
        ("larger", "s", "one larger"),
    ):
        changes = [change(cells, f"{kind}/{m}", reference) for m in ms if m > 1]
        _points(ax, [1, *(m for m in ms if m > 1)], [(0.0, 0.0), *changes], marker, label, ls="-")
    ax.set(xlabel="times the parameters", ylabel="change of MMAE (%)", xticks=ms)
    ax.set_title("averaging against growing")


def _points(ax, x, changes, marker: str, label: str, *, color="black", ls="none") -> None:
    means, errors = np.transpose(changes)
    face = "white" if marker == "s" else color
    ax.errorbar(
        x, means, errors, marker=marker, ls=ls, color=color, mfc=face, lw=1, ms=5, label=label
    )
