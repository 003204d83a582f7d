"""Networks at one parameter budget, on three data sets, one cell a network and test fold.

Every sample is a test sample once: in fold number i the network's seed is i, too, so that folds
differ by their samples and by chance. All networks are trained as DGEXRegressor trains by
default, but for 100 epochs, one member each and no linear path: the towers alone are compared.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from _results import Results
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator
from sklearn.model_selection import GroupKFold, KFold
from tqdm import tqdm

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.datasets import fetch_gdsc_cell_lines, load_ecoli_precise, make_expression
from sklearn_dgex.metrics import per_gene_correlation, per_sample_mae
from sklearn_dgex.nn.sizing import count_parameters

N_FOLDS = {"GDSC": 5, "E. coli": 5, "synthetic": 3}  # fewer of the costly ones
TOWERS = (1, 2, 3, 4, 5, 6, 8, 10, 12)  # of Table 2
WIDTHS = {"GDSC": 500, "E. coli": 250, "synthetic": 250}  # of the networks with one tower
ARCHITECTURES = {
    "T-D-GEX": {"architecture": "tower", "skip_connection": False},
    "C-D-GEX": {"architecture": "checkerboard", "skip_connection": False},
    "TR-D-GEX": {"architecture": "tower", "skip_connection": True},
    "CR-D-GEX": {"architecture": "checkerboard", "skip_connection": True},
}
ALIKE = {"n_members": 1, "linear_path": 0.0, "max_iter": 100}
QUICK = {"width": 60, "max_iter": 40}
PREDICTIONS = Path(__file__).parent / ".predictions"


class Data(NamedTuple):
    """Landmarks (n, p), targets (n, q), what each sample is a replicate of, and the folds."""

    X: pd.DataFrame
    y: pd.DataFrame
    groups: np.ndarray
    splits: list


@lru_cache(maxsize=1)
def load(name: str, n_targets: int | None = None) -> Data:
    """Read a data set and split it; replicates of a condition stay on one side."""
    if name == "E. coli":
        ecoli = load_ecoli_precise()
        X, y, groups = ecoli.data, ecoli.target, ecoli.groups
    else:
        if name == "GDSC":
            X, y = fetch_gdsc_cell_lines(return_X_y=True)
        else:
            X, y = make_expression(
                4000, 200, 500, n_modules=40, noise=0.2, as_frame=True, random_state=0
            )
        groups = np.arange(len(X))
    if n_targets is not None:
        y = y.sample(n_targets, axis=1, random_state=0)
    return Data(X, y, groups, splits_by_group(groups, N_FOLDS[name]))


def splits_by_group(groups: np.ndarray, n_folds: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs of training and test rows; samples that are their own group are split one by one."""
    replicates = len(np.unique(groups)) < len(groups)
    folds = (GroupKFold if replicates else KFold)(n_folds, shuffle=True, random_state=0)
    return list(folds.split(groups, groups=groups if replicates else None))


def widest(budget: int, at_least: int, **sizes) -> int:
    """Largest width of one tower that counts at most ``budget`` parameters."""
    width = at_least
    while count_parameters(width + 1, 1, **sizes) <= budget:
        width += 1
    return width


def sizes_of(data: Data) -> dict[str, int]:
    return {"n_features_in": data.X.shape[1], "n_targets": data.y.shape[1]}


@dataclass(frozen=True)
class Task:
    """One model on one test fold; ``keep`` stores its predictions for later figures."""

    data: str
    fold: int
    name: str
    model: BaseEstimator = field(compare=False)
    n_targets: int | None = None
    keep: bool = False

    @property
    def key(self) -> str:
        return f"{self.data}/{self.fold}/{self.name}"

    @property
    def path(self) -> Path:
        size = "all" if self.n_targets is None else self.n_targets
        return PREDICTIONS / f"{self.key.replace('/', '_').replace(' ', '_')}_{size}.npy"


def network(data: str, fold: int, quick: bool, **parameters) -> DGEXRegressor:
    """A network at the data set's budget, seeded by its fold."""
    alike = {**ALIKE, "width": WIDTHS[data], "random_state": fold, **(QUICK if quick else {})}
    return DGEXRegressor(**(alike | parameters))


def measure(task: Task) -> dict:
    """Fit on the other folds, infer this one."""
    X, y, groups, splits = load(task.data, task.n_targets)
    train, test = splits[task.fold]
    start = time.perf_counter()
    task.model.fit(X.iloc[train], y.iloc[train])
    seconds = time.perf_counter() - start
    y_test, y_pred = y.iloc[test].to_numpy(), np.asarray(task.model.predict(X.iloc[test]))
    if task.keep:
        task.path.parent.mkdir(exist_ok=True)
        partial = task.path.with_suffix(".partial.npy")
        np.save(partial, y_pred.astype(np.float32))
        partial.replace(task.path)
    errors = per_sample_mae(y_test, y_pred)
    # Replicates are no independent samples: tests and intervals are given their mean.
    of_groups = pd.Series(errors).groupby(groups[test]).mean()
    cell = {
        "mmae": float(errors.mean()),
        "median_correlation": float(np.median(per_gene_correlation(y_test, y_pred))),
        "per_sample_mae": np.round(of_groups, 6).tolist(),
        "seconds": round(seconds, 1),
        "random_state": getattr(task.model, "random_state", None),
    }
    if isinstance(task.model, DGEXRegressor):
        for name in ("tower_width_", "n_parameters_", "n_neurons_", "n_members_", "n_iter_"):
            cell[name[:-1]] = getattr(task.model, name)
    return cell


def run_tasks(results: Results, tasks: list[Task], n_jobs: int, what: str) -> None:
    """Fill the cells that are missing, in parallel; each is written as soon as it is known."""
    missing = [task for task in tasks if task.key not in results or lost_predictions(task)]
    with Parallel(n_jobs, return_as="generator_unordered") as workers:
        done = workers(delayed(key_and_cell)(task) for task in missing)
        for key, cell in tqdm(done, desc=what, total=len(tasks), initial=len(tasks) - len(missing)):
            results.add(key, cell)


def key_and_cell(task: Task) -> tuple[str, dict]:
    return task.key, measure(task)


def lost_predictions(task: Task) -> bool:
    return task.keep and not task.path.exists()
