"""Why the defaults are what they are: change one at a time, and see what it costs.

On the embedded E. coli profiles (no condition in both parts) and, where SKLEARN_DGEX_DATA names the
folder of real data, on the first split of the GDSC cell lines. Two members instead of eight keep
it affordable; the last rows vary their number.

    python benchmarks/paper/default_choices.py

Results go to results/default_choices.json, cell by cell; a second call goes on where one was cut.
"""

from __future__ import annotations

import os
import time

import numpy as np
from _results import Results
from accuracy_gdsc import load, split
from sklearn.model_selection import GroupShuffleSplit

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.datasets import load_ecoli_precise
from sklearn_dgex.metrics import mmae

CHANGES = {
    "default": {},
    "linear_path=0": {"linear_path": 0.0},
    "linear_path=0.25": {"linear_path": 0.25},
    "linear_path=1": {"linear_path": 1.0},
    "mixup=0": {"mixup": 0.0},
    "input_dropout=0": {"input_dropout": 0.0},
    "default, another seed": {"random_state": 1},
    "default, a third seed": {"random_state": 2},
    "max_iter=400": {"max_iter": 400},
    "dropout=0.25": {"dropout": 0.25},
    "learning_rate_init=1e-3": {"learning_rate_init": 1e-3},
    "learning_rate='step'": {"learning_rate": "step"},
    "activation='tanh'": {"activation": "tanh"},
    "activation='silu'": {"activation": "silu"},
    "n_towers=1": {"n_towers": 1},
    "n_hidden_layers=1": {"n_hidden_layers": 1},
    "width=250": {"width": 250},
    "width=1000": {"width": 1000},
    "loss='squared_error'": {"loss": "squared_error"},
    "target_scaling='none'": {"target_scaling": "none"},
    "n_members=1": {"n_members": 1},
    "n_members=4": {"n_members": 4},
    "n_members=8": {"n_members": 8},
}


def data_sets() -> dict:
    ecoli = load_ecoli_precise()
    folds = GroupShuffleSplit(n_splits=1, test_size=0.2, random_state=0)
    train, test = next(folds.split(ecoli.data, groups=ecoli.groups))
    sets = {"E. coli": (ecoli.data, ecoli.target, train, test)}
    if os.environ.get("SKLEARN_DGEX_DATA"):
        X, y = load(quick=False)
        train, _, test = split(len(X), seed=0)
        sets["GDSC"] = (X, y, train, test)
    return sets


def main() -> None:
    results = Results("default_choices")
    sets = data_sets()
    for change, parameters in CHANGES.items():
        for data_name, (X, y, train, test) in sets.items():
            key = f"{data_name}/{change}"
            if key in results:
                continue
            model = DGEXRegressor(**({"n_members": 2, "random_state": 0} | parameters))
            start = time.perf_counter()
            model.fit(X.iloc[train], y.iloc[train])
            seconds = round(time.perf_counter() - start, 1)
            inferred = np.asarray(model.predict(X.iloc[test]))
            error = float(mmae(y.iloc[test].to_numpy(), inferred))
            results.add(key, {"mmae": error, "seconds": seconds, "n_iter": model.n_iter_})
            print(f"{key}: MMAE {error:.4f} in {seconds} s", flush=True)


if __name__ == "__main__":
    main()
