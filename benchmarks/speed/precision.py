"""Do products of bfloat16 factors cost accuracy, and what do they save?

One network of the default DGEXRegressor (its fellow members would take eight times as long) infers
the GDSC cell lines' 3,377 other genes of D-GEX from 467 landmarks, with float32 products and with
each other precision that this machine's device has, on random splits (80 % to learn from, 20 % to
test) with the same seeds: initial weights, batches, dropout and mixup are those of float32. Another
seed, in float32, shows how much of a difference is chance.

    SKLEARN_DGEX_DATA=… python benchmarks/speed/precision.py [--quick] [--splits N]

Results go to results/precision.json beside this script.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import torch

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.datasets import fetch_gdsc_cell_lines
from sklearn_dgex.metrics import mmae

sys.path.append(str(Path(__file__).resolve().parents[1] / "paper"))  # where Results is at home
from _results import Results

RESULTS = Path(__file__).parent / "results"


def contestants() -> dict[str, dict]:
    """Parameters of the networks that are compared."""
    names = ["bfloat16", *(["tf32"] if torch.cuda.is_available() else [])]
    return {
        "float32": {"precision": "float32"},
        **{name: {"precision": name} for name in names},
        "float32, another seed": {"precision": "float32", "random_state": 1000},
    }


def fit_and_test(X, y, seed: int, parameters: dict) -> dict:
    order = np.random.default_rng(seed).permutation(len(X))
    test, training = np.split(order, [len(X) // 5])
    model = DGEXRegressor(**{"n_members": 1, "random_state": seed, **parameters})
    started = time.perf_counter()
    model.fit(X[training], y[training])
    return {
        "mmae": float(mmae(y[test], model.predict(X[test]))),
        "seconds": time.perf_counter() - started,
        "n_iter": model.n_iter_,
        "device": str(next(model.net_.module_.parameters()).device),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two splits, 3 epochs")
    parser.add_argument("--splits", type=int, default=5)
    options = parser.parse_args()
    quick = options.quick
    results = Results("precision", RESULTS / "quick" if quick else RESULTS)
    X, y = fetch_gdsc_cell_lines(return_X_y=True, as_frame=False)
    runs = {name: [] for name in contestants()}
    for seed in range(2 if quick else options.splits):
        for name, parameters in contestants().items():
            extra = {"max_iter": 3} if quick else {}
            runs[name].append(fit_and_test(X, y, seed, parameters | extra))
            print(seed, name, runs[name][-1], flush=True)
    for name, cells in runs.items():
        ratios = [a["mmae"] / b["mmae"] for a, b in zip(cells, runs["float32"], strict=True)]
        faster = [b["seconds"] / a["seconds"] for a, b in zip(cells, runs["float32"], strict=True)]
        cell = {
            "runs": cells,
            "mmae": statistics.mean(run["mmae"] for run in cells),
            "mmae_ratio": statistics.mean(ratios),
            "mmae_ratios": ratios,
            "times_as_fast": statistics.median(faster),
            "quick": quick,
        }
        results.add(name, cell)
        print(f"{name}: MMAE {cell['mmae']:.4f}, {cell['mmae_ratio']:.4f} of float32's")


if __name__ == "__main__":
    main()
