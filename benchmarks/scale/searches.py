"""Does a search give the same numbers on every backend, and what does each cost?

    python benchmarks/scale/searches.py [--quick] [--only SUBSTRING]

One grid over `n_towers` and `dropout`, in three folds, is searched serially, in two processes by
joblib's loky, on a local Dask cluster of one and of two workers, and on a local Ray with two, if it
is installed (`pip install ray`). Every fit has one thread, wherever it runs: a second thread would
add numbers up in another order, and the search with two workers would only share out two cores that
the serial one had already had. "serial, all threads" is what a search takes that leaves that to
torch.

Each backend first does a search that is not timed, so that its workers have started and loaded all
code; then it takes turns with the serial search. Equal means: each score of each fold, to the last
bit. Results go to results/searches.json beside this script, in three minutes.
"""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before numpy and torch are loaded; workers inherit it
os.environ["OMP_WAIT_POLICY"] = "passive"  # threads that wait let others run, should there be any

import joblib  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from sklearn.model_selection import GridSearchCV, KFold  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
sys.path += [str(ROOT / "paper"), str(ROOT / "speed")]  # where Results and describe are at home
from _machine import describe  # noqa: E402
from _results import Results  # noqa: E402

from sklearn_dgex import DGEXRegressor  # noqa: E402
from sklearn_dgex.datasets import make_expression  # noqa: E402

RESULTS = Path(__file__).parent / "results"
N_ROUNDS = 3
SIZES = {"n_samples": 600, "n_landmarks": 100, "n_targets": 800}


class Case:
    """Data, their folds and a grid: what every backend is handed."""

    def __init__(self, quick: bool):
        self.X, self.y = make_expression(**SIZES, random_state=0)
        self.splits = list(KFold(3).split(self.X))
        self.max_iter = 3 if quick else 10

    def search(self) -> GridSearchCV:
        model = DGEXRegressor(
            width=200,
            n_members=1,
            max_iter=self.max_iter,
            early_stopping=False,
            precision="float32",
            device="cpu",
            random_state=0,
        )
        grid = {"n_towers": [1, 2, 5], "dropout": [0.0, 0.1]}
        scoring = "neg_mean_absolute_error"
        return GridSearchCV(model, grid, cv=self.splits, scoring=scoring, refit=False).fit(
            self.X, self.y
        )

    @property
    def pieces(self) -> list[np.ndarray]:
        """All that a worker needs to hold, whichever fits it does."""
        return [self.X, self.y, *chain(*self.splits)]


@contextmanager
def threads(n_threads: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def all_threads(case: Case) -> Iterator[None]:
    with threads(joblib.cpu_count()):
        yield


@contextmanager
def loky(case: Case) -> Iterator[None]:
    with joblib.parallel_config("loky", n_jobs=2):
        yield


def dask(n_workers: int) -> Callable:
    @contextmanager
    def start(case: Case) -> Iterator[None]:
        from distributed import Client, LocalCluster

        with (
            LocalCluster(
                n_workers=n_workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address=":0",
                silence_logs=logging.ERROR,
            ) as cluster,
            Client(cluster) as client,
        ):
            client.amm.stop()  # each worker keeps its copy of the data
            with joblib.parallel_config("dask", scatter=case.pieces):
                yield

    return start


@contextmanager
def ray(case: Case) -> Iterator[None]:
    import ray
    from ray.util.joblib import register_ray

    register_ray()
    ray.init(num_cpus=2, include_dashboard=False, logging_level=logging.ERROR)
    try:
        with joblib.parallel_config("ray", n_jobs=2):
            yield
    finally:
        ray.shutdown()


BACKENDS = {  # name: package it needs, how it starts, workers
    "serial, all threads": ("torch", all_threads, 1),
    "loky, 2 workers": ("joblib", loky, 2),
    "Dask, 1 worker": ("distributed", dask(1), 1),
    "Dask, 2 workers": ("distributed", dask(2), 2),
    "Ray, 2 workers": ("ray", ray, 2),
}


def measure(case: Case, start: Callable, n_workers: int) -> dict:
    """Seconds of the search on a backend and of the serial one beside it, and their scores."""
    seconds, beside = [], []
    started = time.perf_counter()
    with start(case):
        case.search()
        to_start = time.perf_counter() - started
        for _ in range(N_ROUNDS):
            taken, search = timed(case)
            seconds.append(taken)
            with joblib.parallel_config("sequential"), threads(1):
                taken, reference = timed(case)
            beside.append(taken)
    return {
        "n_workers": n_workers,
        "seconds": seconds,
        "serial_seconds": beside,
        "ratio": statistics.median(b / s for b, s in zip(beside, seconds, strict=True)),
        "first_search": to_start,
        **compared(search, reference),
    }


def timed(case: Case) -> tuple[float, GridSearchCV]:
    started = time.perf_counter()
    search = case.search()
    return time.perf_counter() - started, search


def compared(search: GridSearchCV, reference: GridSearchCV) -> dict:
    """Whether every score of every fold is the same number, and how far the farthest are apart."""
    names = [f"split{fold}_test_score" for fold in range(reference.n_splits_)]
    got, expected = (
        np.array([found.cv_results_[name] for name in names]) for found in (search, reference)
    )
    return {
        "n_fits": got.size,
        "equal": bool(np.array_equal(got, expected)),
        "largest_difference": float(np.abs(got / expected - 1).max()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="three epochs, into results/quick")
    parser.add_argument(
        "--only", default="", metavar="SUBSTRING", help="backends that are named so"
    )
    options = parser.parse_args()
    results = Results("searches", RESULTS / "quick" if options.quick else RESULTS)
    results.add("machine", describe())
    case = Case(options.quick)
    for name, (package, start, n_workers) in BACKENDS.items():
        if options.only not in name:
            continue
        if importlib.util.find_spec(package) is None:
            print(f"{name}: left out, for {package} is not installed.")
            continue
        cell = measure(case, start, n_workers)
        results.add(name, cell)
        same = "equal scores" if cell["equal"] else f"apart by {cell['largest_difference']:.1e}"
        seconds = statistics.median(cell["seconds"])
        print(f"{name}: {seconds:.1f} s, {cell['ratio']:.2f} x the serial pace, {same}", flush=True)


if __name__ == "__main__":
    main()
