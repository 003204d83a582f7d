"""Figures 7 to 10 of Kunc & Kléma (2020): differential expression on inferred profiles.

    python benchmarks/paper/table2.py && python benchmarks/paper/figures7_10.py [--quick] [--jobs 2]

The profiles are GDSC's, inferred for every line by the networks of the fold where it is a test
line, as table2.py has stored them. Two clusters of lines play two phenotypes; 10,000 data sets of
each size are drawn from them. Results go to results/figures7_10.json: quantiles of every score and
of the paired differences, with tests.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from _command import options
from _networks import load, lost_predictions
from _pictures import draw_differential_expression
from _results import Results, results_folder
from _table2 import PAPERS_PAIR
from table2 import DE_MODELS, tasks_of

from sklearn_dgex.differential_expression import DEAgreementStudy

DATA = "GDSC"
NAMES = {"CR-D-GEX/5": "CR-D-GEX, 5 towers", "D-GEX with TAAFs": "D-GEX with TAAFs", "LR": "LR"}
QUANTILES = [0.1, 0.25, 0.5, 0.75, 0.9]


def inferred_profiles(quick: bool) -> tuple:
    """Measured profiles, and those that each model inferred, of the lines that were test lines."""
    kept = [task for task in tasks_of(DATA, quick) if task.keep]
    _, y, _, splits = load(DATA, kept[0].n_targets)
    tests = [splits[fold][1] for fold in sorted({task.fold for task in kept})]
    inferred = {}
    missing = [task.key for task in kept if lost_predictions(task)]
    if missing:
        sys.exit(f"Run table2.py first: predictions of {len(missing)} networks are not there.")
    for name in DE_MODELS:
        parts = [np.load(task.path) for task in kept if task.name == name]
        inferred[NAMES[name]] = np.concatenate(parts)
    return y.iloc[np.concatenate(tests)].to_numpy(), inferred


def record(results: Results, study: DEAgreementStudy, seconds: float) -> None:
    """Store what the figures show, and more of it than they show."""
    for (size, model), scores in study.scores_.groupby(level=["sample_size", "model"]):
        table = scores.quantile(QUANTILES)
        cell = {name: table[name].tolist() for name in table}
        results.add(f"scores/{size}/{model}", {"quantiles": cell, "mean": scores.mean().to_dict()})
    for baseline in study.models_[1:]:
        differences = study.differences(study.models_[0], baseline)
        for size in differences.index.unique("sample_size"):
            table = differences.loc[size]
            key = f"differences/{size}/{study.models_[0]}/{baseline}"
            results.add(key, {name: table.loc[name].to_dict() for name in table.index})
    sizes = [len(rows) for rows in study.clusters_]
    cell = {"clusters": sizes, "n_repeats": study.n_repeats, "seconds": seconds}
    results.add("study", cell | {"random_state": study.random_state})


def main() -> None:
    given = options(__doc__)
    y, inferred = inferred_profiles(given.quick)
    sizes = {"sample_sizes": (12, 20, 40)} if given.quick else {}
    study = DEAgreementStudy(
        **sizes,
        n_repeats=500 if given.quick else 10_000,
        random_state=0,
        n_jobs=given.jobs,
        verbose=1,
    )
    start = time.perf_counter()
    study.fit(y, inferred)
    seconds = round(time.perf_counter() - start, 1)
    record(Results("figures7_10", results_folder(given.quick)), study, seconds)
    means = study.differences(*PAPERS_PAIR).xs("mean", level="statistic")
    print(f"\n{' minus '.join(PAPERS_PAIR)}, mean over draws:\n{means.round(4)}")
    print(draw_differential_expression(study, PAPERS_PAIR, given.quick))


if __name__ == "__main__":
    main()
