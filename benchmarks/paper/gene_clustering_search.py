"""Search all 840 settings of Gupta et al. (2015), Table I, with scikit-learn's own GridSearchCV.

    SKLEARN_DGEX_DATA=... python benchmarks/paper/gene_clustering_search.py [--quick] [--jobs 2]

Without the variable the genes are downloaded. The report shows what labels would choose, as the
paper does, beside what is chosen without them. Results go to results/gene_clustering_search.json.
"""

from __future__ import annotations

import json
import time

import numpy as np
from _command import options
from _results import Results, results_folder
from _yeast import SETS, genes, grid, pipeline
from sklearn.model_selection import GridSearchCV, ParameterGrid

from sklearn_dgex.model_selection import AllSamplesSplit, clustering_report, clustering_scorers


def search(n_genes: int, quick: bool, n_jobs: int) -> tuple[GridSearchCV, float]:
    X, y = genes(n_genes)
    searched = GridSearchCV(
        pipeline(len(np.unique(y)), seed=0),
        grid(quick),
        scoring=clustering_scorers(stability=False, reconstruction=False),
        cv=AllSamplesSplit(),
        refit=False,
        n_jobs=n_jobs,
    )
    show_progress(searched)
    start = time.perf_counter()
    searched.fit(X, y)
    return searched, time.perf_counter() - start


def show_progress(searched: GridSearchCV) -> None:
    try:
        from sklearn.callback import ProgressBar

        searched.set_callbacks(ProgressBar(max_propagation_depth=0))
    except ImportError:
        print("A progress bar needs scikit-learn 1.9 and rich.")


def main() -> None:
    given = options(__doc__)
    results = Results("gene_clustering_search", results_folder(given.quick))
    for n_genes in SETS:
        if str(n_genes) in results:
            continue
        n_settings = len(ParameterGrid(grid(given.quick)))
        print(f"{n_genes} genes, {n_settings} settings, {given.jobs} processes")
        searched, seconds = search(n_genes, given.quick, given.jobs)
        report = clustering_report(searched)
        report = report.rename(columns=lambda name: name.removeprefix("sda__"))
        print(f"\n{seconds / 60:.1f} minutes\n\n{report.to_string(float_format='{:.3f}'.format)}")
        cell = {
            "minutes": seconds / 60,
            "settings": len(searched.cv_results_["params"]),
            "n_jobs": given.jobs,
            "fit_seconds": float(np.sum(searched.cv_results_["mean_fit_time"])),
            "report": json.loads(report.astype(str).to_json(orient="index")),
        }
        results.add(str(n_genes), cell)


if __name__ == "__main__":
    main()
