"""Draw Figures 2, 3 and 4 of Gupta et al. (2015) from results/gene_clustering.json.

    python benchmarks/paper/draw_gene_clustering.py [--quick]

writes docs/pictures/gene_clustering_384.png and gene_clustering_237.png, or of a quick run both
into results/quick.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from _command import options
from _pictures import plt, save

sys.path.append(str(Path(__file__).parents[1]))  # where the tables read the same cells
from _cells import cells
from _clustering_tables import ALGORITHMS, CORRUPTION, HIDDEN, grid

from sklearn_dgex.plotting import HiddenNodesDisplay


def draw_hidden(ax, measured: dict, n_genes: str, algorithm: str) -> None:
    """ARI of regenerated profiles against hidden units, one line a corruption level."""
    values = grid(measured, n_genes, algorithm).mean(axis=1)  # (n_seeds, n_hidden, n_corruption)
    runs = pd.DataFrame(
        [
            {"hidden": hidden, "corruption": float(level), "score": seed[i, j]}
            for seed in values
            for i, hidden in enumerate(HIDDEN)
            for j, level in enumerate(CORRUPTION)
        ]
    )
    raw = measured[f"{n_genes}/raw"][algorithm]
    HiddenNodesDisplay.from_scores(runs, raw=raw, ax=ax).legend_.remove()  # one for all panels
    ax.set(title=f"regenerated, {ALGORITHMS[algorithm]}", ylabel="")


def draw_components(ax, measured: dict, n_genes: str, algorithm: str) -> None:
    """ARI of the first k principal components, and of random choices of k."""
    ks = range(2, 18)
    draw_raw(ax, measured, n_genes, algorithm)
    for choice, style in (("first", "-"), ("random", "--")):
        runs = [measured[f"{n_genes}/{choice}/{k}"][algorithm] for k in ks]
        mean, deviation = np.mean(runs, axis=1), np.std(runs, axis=1, ddof=1)
        ax.fill_between(ks, mean - deviation, mean + deviation, color="0.4", alpha=0.12)
        ax.plot(ks, mean, style, color="0.25", label=f"{choice} k components")
    ax.set(
        xlabel="principal components", title=f"components, {ALGORITHMS[algorithm]}", xlim=(2, 17)
    )


def draw_raw(ax, measured: dict, n_genes: str, algorithm: str) -> None:
    raw = np.mean(measured[f"{n_genes}/raw"][algorithm])
    ax.axhline(raw, color="black", linestyle="--", lw=1.2)


def draw(measured: dict, n_genes: str, quick: bool) -> Path:
    figure, axes = plt.subplots(
        1, 4, figsize=(13.5, 4.2), sharey=True, layout="constrained", width_ratios=[4, 4, 2, 2]
    )
    for ax, algorithm in zip(axes[:2], ALGORITHMS, strict=True):
        draw_hidden(ax, measured, n_genes, algorithm)
    for ax, algorithm in zip(axes[2:], ALGORITHMS, strict=True):
        draw_components(ax, measured, n_genes, algorithm)
    axes[0].set_ylabel("adjusted Rand index")
    keys = [*axes[0].get_lines(), *axes[3].get_lines()[1:]]  # the first of these is raw again
    figure.legend(
        handles=keys, loc="outside lower center", ncols=len(keys), frameon=False, fontsize="small"
    )
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
    values = grid(measured, n_genes, "kmeans")
    n_trainings = f"{values.shape[1]} training{'s' * (values.shape[1] > 1)}"
    figure.suptitle(
        f"{n_genes} yeast genes: mean over {n_trainings} and {len(values)} seeds; bands: one "
        "standard deviation over seeds, or over random choices"
    )
    return save(figure, f"gene_clustering_{n_genes}", quick)


def main() -> None:
    quick = options(__doc__).quick
    measured = cells("gene_clustering", quick=quick)
    for n_genes in ("384", "237"):
        print(draw(measured, n_genes, quick))


if __name__ == "__main__":
    main()
