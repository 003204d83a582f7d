"""Is the evidence right, and quick? limma's figures, coverage, seconds and memory.

    SKLEARN_DGEX_DATA=... python benchmarks/speed/evidence.py [--quick]

limma     largest relative difference from R's limma, on the frozen cases of tests/reference
coverage  how often a nominal 95 % bootstrap interval holds the mean, in simulations
speed     seconds of each function at the size it is meant for; of the study, beside the plain way

Results go to results/evidence.json beside this script.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
from scipy.stats import binom

sys.path.append(str(Path(__file__).resolve().parents[1] / "paper"))  # where Results is at home
sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "reference"))
from _results import Results
from limma_cases import CASES, STEP, read_frozen

from sklearn_dgex.baselines import LincsRegression
from sklearn_dgex.datasets import make_expression
from sklearn_dgex.differential_expression import DEAgreementStudy, moderated_t
from sklearn_dgex.metrics import bootstrap_interval

RESULTS = Path(__file__).parent / "results"
ROUNDING = 1e-12  # a log fold change below it is none, in R as here


def compare_with_limma(results: Results) -> None:
    """Largest relative difference of every statistic, over the genes that were kept."""
    frozen = read_frozen()
    for name, make in CASES.items():
        case, theirs = make(), frozen[name]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # constant genes, as limma warns of too
            ours = moderated_t(case.expression, design=case.design, contrast=case.contrast)
        cell = {"n_samples": len(case.expression), "n_genes": case.expression.shape[1]}
        cell["same_missing"] = True
        cell["n_missing"] = int(case.expression.isna().to_numpy().sum())
        theirs_of = {column: np.array(theirs[column], float) for column in ours}
        told = np.abs(theirs_of["log_fold_change"]) > ROUNDING
        for column, values in theirs_of.items():
            mine = ours[column].to_numpy()[::STEP]
            cell["same_missing"] &= bool((np.isnan(mine) == np.isnan(values)).all())
            cell[column] = float(np.nanmax(np.abs(mine[told] / values[told] - 1)))
        for prior in ("df_prior", "variance_prior"):
            mine = ours.attrs[prior]
            cell[prior] = 0.0 if mine == theirs[prior] else abs(mine / theirs[prior] - 1)
        results.add(f"limma/{name}", cell)
        print(f"limma/{name}", {k: f"{v:.1e}" for k, v in cell.items() if isinstance(v, float)})


def measure_coverage(results: Results, n_repeats: int) -> None:
    """Share of the intervals that hold the mean, and the binomial 99 % bound of 95 %."""
    bound = [float(binom.ppf(q, n_repeats, 0.95) / n_repeats) for q in (0.005, 0.995)]
    for n_samples in (50, 200, 1000):
        for method in ("percentile", "bca"):
            rng = np.random.default_rng(n_samples)
            held = 0
            for seed in range(n_repeats):
                errors = rng.gamma(9, 0.03, size=n_samples)  # the skewness of errors of samples
                interval = bootstrap_interval(
                    errors, method=method, n_resamples=5000, random_state=seed
                )
                held += interval.low <= 0.27 <= interval.high
            cell = {"coverage": held / n_repeats, "bound": bound, "n_repeats": n_repeats}
            results.add(f"coverage/{method}/{n_samples}", cell)
            print(f"coverage/{method}/{n_samples}", cell)


def seconds(function, n_times: int) -> float:
    """Median over calls, after one that warms up."""
    function()
    taken = []
    for _ in range(n_times):
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def time_moderated_t(results: Results) -> None:
    """9,518 genes of 160 samples."""
    values = np.random.default_rng(0).normal(size=(160, 9518))
    groups = np.arange(160) % 2
    cell = {"seconds": seconds(lambda: moderated_t(values, groups), 21)}
    results.add("speed/moderated_t", cell)
    print("speed/moderated_t", cell)


def time_study(results: Results, n_repeats: int) -> None:
    """Draws of one size, two models, 3,377 genes; the plain way tests each draw by itself."""
    rng = np.random.default_rng(0)
    group = np.repeat([0, 1], 300)
    y = rng.normal(size=(600, 3377)) + 0.7 * np.outer(group, rng.random(3377) < 0.3)
    models = {
        name: y + noise * rng.normal(size=y.shape) for name, noise in (("a", 0.4), ("b", 0.5))
    }
    start = time.perf_counter()
    DEAgreementStudy((160,), n_repeats=n_repeats, random_state=0, n_jobs=2).fit(y, models, group)
    cell = {"seconds": time.perf_counter() - start, "n_repeats": n_repeats, "n_jobs": 2}
    drawn = np.concatenate([rng.choice(300, 80, replace=False), 300 + rng.choice(300, 80, False)])
    plain = seconds(
        lambda: [moderated_t(profiles[drawn], group[drawn]) for profiles in (y, *models.values())],
        5,
    )
    cell["plain_seconds_one_process"] = plain * n_repeats
    results.add("speed/study", cell)
    print("speed/study", cell)


def time_bootstrap(results: Results) -> None:
    """100,000 resamples of 20,000 samples; the memory in a second run, which tracing slows."""
    errors = np.random.default_rng(0).gamma(9, 0.03, size=20_000)
    cell = {"seconds": seconds(lambda: bootstrap_interval(errors, random_state=0), 3)}
    tracemalloc.start()
    bootstrap_interval(errors, random_state=0)
    cell["megabytes"] = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    results.add("speed/bootstrap", cell)
    print("speed/bootstrap", cell)


def time_regression(results: Results, quick: bool) -> None:
    """9,518 regressions on 942 landmarks, without and with a penalty for each."""
    X, y = make_expression(1000 if quick else 5000, 942, 9518, random_state=0)
    for alpha in (0.0, "gcv"):
        start = time.perf_counter()
        LincsRegression(alpha).fit(X, y)
        cell = {"seconds": time.perf_counter() - start, "n_samples": len(X)}
        results.add(f"speed/lincs_{alpha}", cell)
        print(f"speed/lincs_{alpha}", cell)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer draws, into results/quick")
    quick = parser.parse_args().quick
    results = Results("evidence", RESULTS / "quick" if quick else RESULTS)
    compare_with_limma(results)
    time_moderated_t(results)
    time_study(results, 500 if quick else 10_000)
    time_bootstrap(results)
    time_regression(results, quick)
    measure_coverage(results, 100 if quick else 500)


if __name__ == "__main__":
    main()
