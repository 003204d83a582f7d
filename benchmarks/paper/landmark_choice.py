"""Which genes should an assay measure? Landmarks chosen on the GDSC cell lines, four ways.

On each of the five splits of accuracy_gdsc.py, 682 lines serve to choose landmarks and to learn,
by ridge regression with a penalty for each gene, to infer the others; the 195 test lines judge.
Genes that any method has chosen on a split, or that the L1000 assay measures, are left out of its
error, so that all are judged by the same genes.

    SKLEARN_DGEX_DATA=… python benchmarks/paper/landmark_choice.py            # some minutes
    SKLEARN_DGEX_DATA=… python benchmarks/paper/landmark_choice.py --quick    # one split, few genes

Results go to results/landmark_choice.json, split by split; a second call goes on where one was cut.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
from _command import options
from _results import Results, results_folder
from accuracy_gdsc import N_SPLITS, load, split

from sklearn_dgex.baselines import LincsRegression
from sklearn_dgex.metrics import compare_models, mmae, per_sample_mae
from sklearn_dgex.preprocessing import LandmarkSelector

L1000 = "L1000"
RIVALS = ("cluster", "random", L1000)
SIZES = (50, 100, 200, 300, 467)


def profiles(quick: bool) -> tuple[pd.DataFrame, list[str]]:
    """Whole profiles, and the landmarks of the L1000 assay among their genes."""
    landmarks, others = load(quick)
    return pd.concat([landmarks, others], axis=1), landmarks.columns.tolist()


def choose(train: pd.DataFrame, l1000: list[str], sizes: tuple[int, ...], seed: int) -> dict:
    """Landmarks by method and number; those of "greedy" and "random" begin with the fewer ones."""
    rng = np.random.default_rng(seed)
    in_order = {
        "greedy": LandmarkSelector(max(sizes)).fit(train).landmarks_,
        "greedy, not standardised": LandmarkSelector(max(sizes), standardize=False)
        .fit(train)
        .landmarks_,
        "random": rng.permutation(train.columns),
    }
    chosen = {(name, k): order[:k].tolist() for name, order in in_order.items() for k in sizes}
    for k in sizes:
        selector = LandmarkSelector(k, method="cluster", random_state=seed).fit(train)
        chosen["cluster", k] = selector.landmarks_.tolist()
    return {**chosen, (L1000, len(l1000)): l1000}


def infer(train: pd.DataFrame, test: pd.DataFrame, landmarks: list[str], genes: list[str]) -> dict:
    """Errors of a ridge regression from the landmarks to the genes."""
    start = time.perf_counter()
    model = LincsRegression("gcv").fit(train[landmarks], train[genes])
    inferred = model.predict(test[landmarks])
    return {
        "mmae": float(mmae(test[genes], inferred)),
        "per_sample_mae": per_sample_mae(test[genes], inferred).round(6).tolist(),
        "seconds": round(time.perf_counter() - start, 2),
    }


def measure(data: pd.DataFrame, l1000: list[str], sizes: tuple[int, ...], seed: int) -> dict:
    """Errors of one split by method and number, what was judged, and the paired tests."""
    rows, _, held_out = split(len(data), seed)
    train, test = data.iloc[rows], data.iloc[held_out]
    start = time.perf_counter()
    chosen = choose(train, l1000, sizes, seed)
    seconds = time.perf_counter() - start
    taken = set().union(*chosen.values())
    genes = [gene for gene in data.columns if gene not in taken]
    errors = {
        f"{name}/{k}": infer(train, test, landmarks, genes)
        for (name, k), landmarks in chosen.items()
    }
    return {
        "n_genes_judged": len(genes),
        "seconds_to_choose": round(seconds, 1),
        "errors": errors,
        "tests": tests(errors, sizes),
    }


def tests(errors: dict, sizes: tuple[int, ...]) -> dict:
    """Paired tests of the greedy choice against each other of the same size, on the test lines."""
    found = {}
    for k in sizes:
        names = [name for name in ("greedy", *RIVALS) if f"{name}/{k}" in errors]
        table = compare_models({name: errors[f"{name}/{k}"]["per_sample_mae"] for name in names})
        for rival in names[1:]:
            row = table.loc[("greedy", rival)]
            found[f"{rival}/{k}"] = {
                name: row[name] if name == "verdict" else float(row[name])
                for name in ("relative_difference", "better_on", "adjusted_p_value", "verdict")
            }
    return found


def show(results: Results, seeds: range) -> None:
    table = pd.DataFrame(
        {
            seed: {name: cell["mmae"] for name, cell in results[str(seed)]["errors"].items()}
            for seed in seeds
        }
    )
    table["mean"] = table.mean(axis=1)
    print(table.to_string(float_format="{:.4f}".format))
    for name in results["0"]["tests"]:
        rows = pd.DataFrame([results[str(seed)]["tests"][name] for seed in seeds])
        change, share = rows["relative_difference"].mean(), rows["better_on"].mean()
        p_value = rows["adjusted_p_value"].max()
        print(f"greedy against {name}: {change:+.1%}, better on {share:.0%} of lines,", end=" ")
        print(f"p at most {p_value:.0e}")


def main() -> None:
    given = options(__doc__)
    results = Results("landmark_choice", results_folder(given.quick))
    seeds, sizes = range(1 if given.quick else N_SPLITS), SIZES
    data, l1000 = profiles(given.quick)
    if given.quick:
        sizes, l1000 = (20, 50), l1000[:50]
    for seed in seeds:
        if str(seed) not in results:
            results.add(str(seed), measure(data, l1000, sizes, seed))
            print(f"split {seed}: {results[str(seed)]['n_genes_judged']} genes judged", flush=True)
    show(results, seeds)


if __name__ == "__main__":
    main()
