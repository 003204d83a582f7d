"""Search all 840 settings of Gupta et al. (2015), Table I, with scikit-learn's own GridSearchCV.

    SKLEARN_DGEX_DATA=... python benchmarks/paper/gene_clustering_search.py [--genes 384] [--jobs 2]

Without the variable the genes are downloaded. The report shows what labels would choose, as the
paper does, beside what is chosen without them. Results go to results/gene_clustering_search.json.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np
from _results import Results
from _yeast import GRID, SETS, genes, pipeline
from sklearn.model_selection import GridSearchCV, ParameterGrid

from sklearn_dgex.model_selection import AllSamplesSplit, clustering_report, clustering_scorers


def search(n_genes: int, n_jobs: int) -> tuple[GridSearchCV, float]:
    X, y = genes(n_genes)
    grid = GridSearchCV(
        pipeline(len(np.unique(y)), seed=0),
        GRID,
        scoring=clustering_scorers(stability=False, reconstruction=False),
        cv=AllSamplesSplit(),
        refit=False,
        n_jobs=n_jobs,
    )
    show_progress(grid)
    start = time.perf_counter()
    grid.fit(X, y)
    return grid, time.perf_counter() - start


def show_progress(grid: GridSearchCV) -> None:
    try:
        from sklearn.callback import ProgressBar

        grid.set_callbacks(ProgressBar(max_propagation_depth=0))
    except ImportError:
        print("A progress bar needs scikit-learn 1.9 and rich.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--genes", type=int, choices=SETS, default=384)
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes")
    options = parser.parse_args()
    print(f"{options.genes} genes, {len(ParameterGrid(GRID))} settings, {options.jobs} processes")
    grid, seconds = search(options.genes, options.jobs)
    report = clustering_report(grid)
    report = report.rename(columns=lambda name: name.removeprefix("sda__"))
    print(f"\n{seconds / 60:.1f} minutes\n\n{report.to_string(float_format='{:.3f}'.format)}")
    cell = {
        "minutes": seconds / 60,
        "settings": len(grid.cv_results_["params"]),
        "n_jobs": options.jobs,
        "fit_seconds": float(np.sum(grid.cv_results_["mean_fit_time"])),
        "report": json.loads(report.astype(str).to_json(orient="index")),
    }
    Results("gene_clustering_search").add(str(options.genes), cell)


if __name__ == "__main__":
    main()
