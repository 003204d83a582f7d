"""How much memory does a fit take, by the number of its parameters?

    python benchmarks/speed/memory.py [--quick] [--only SUBSTRING]

Counted is what a fit adds: the most that the process holds during `fit`, less what it holds just
before. There before are the libraries and code that a small fit has loaded, and the caller's own
arrays `X` and `y`, float32. The target is what training can't do without: 16 bytes a parameter
(itself, its gradient, two moments) and one copy of the data, scaled; 15 % more are for all the
rest, such as what each layer answers to a batch.

Every fit runs in a process of its own, in float32, three epochs of batches of 200: with
`early_stopping`, which keeps the best weights aside, without it, and without held-out samples.
Results go to results/memory.json beside this script. Width 10,000 (257 million parameters) needs
9 GB and most of the ten minutes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[1] / "paper"))  # where Results is at home
from _contestants import DENSE, PAPER
from _machine import describe
from _memory import forget_peak, peak, resident
from _results import Results

from sklearn_dgex import DGEXRegressor

RESULTS = Path(__file__).parent / "results"
N_LANDMARKS, N_TARGETS, BATCH = 942, 4759, 200
N_SAMPLES = {1000: 5000, 3000: 5000, 10_000: 1000}  # the widest take long
VARIANTS = {
    "early stopping": {"early_stopping": True},
    "no early stopping": {"early_stopping": False},
    "nothing held out": {"early_stopping": False, "validation_fraction": 0},
}
BYTES_A_PARAMETER, SLACK = 16, 0.15
ENOUGH = 9e9  # bytes that must be free for the widest


def make_data(n_samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Targets that follow a landmark each, so that the validation error falls."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_samples, N_LANDMARKS), dtype=np.float32)
    y = np.ascontiguousarray(X[:, rng.integers(N_LANDMARKS, size=N_TARGETS)])
    y += rng.standard_normal(y.shape, dtype=np.float32)
    return X, y


def regressor(width: int, n_towers: int, variant: str) -> DGEXRegressor:
    size = {"width": width, **(DENSE if n_towers == 1 else {"n_towers": n_towers})}
    return DGEXRegressor(
        **(PAPER | size),
        batch_size=BATCH,
        max_iter=3,
        **VARIANTS[variant],
        precision="float32",
        device="cpu",
        random_state=0,
    )


def measure(width: int, n_towers: int, n_samples: int, variant: str) -> dict:
    """In this process: bytes that a fit adds at its peak, and those it leaves."""
    X, y = make_data(n_samples)
    # Of the same kind, so that all its code is loaded; small, so that hardly anything else is.
    regressor(50, n_towers, variant).fit(X[:400, :50].copy(), y[:400, :50].copy())
    forgot, before = forget_peak(), resident()
    model = regressor(width, n_towers, variant).fit(X, y)
    added, left = peak() - before, resident() - before
    data = X.nbytes + y.nbytes
    needed = BYTES_A_PARAMETER * model.n_parameters_ + data
    return {
        "width": width,
        "n_towers": n_towers,
        "variant": variant,
        "n_samples": n_samples,
        "n_parameters": model.n_parameters_,
        "data": data,
        "before": before,
        "added": added,
        "left": left,
        "needed": needed,
        "ratio": added / needed,
        "within": added <= (1 + SLACK) * needed,
        "improved": [bool(best) for best in best_epochs(model)],
        "forgot": forgot,
    }


def best_epochs(model: DGEXRegressor) -> list:
    """Whether each epoch was the best so far: the second such copy of the weights counts most."""
    return [epoch.get("valid_loss_best", False) for epoch in model.net_.history]


def measure_elsewhere(*arguments: int | str) -> dict:
    command = [sys.executable, __file__, "--one", *map(str, arguments)]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(printed.splitlines()[-1])


def free_memory() -> float:
    """Bytes that can be had, where the system says so."""
    path = Path("/proc/meminfo")
    if not path.exists():
        return float("inf")
    lines = dict(line.split(":", 1) for line in path.read_text().splitlines())
    return 1024 * float(lines["MemAvailable"].split()[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="width 1,000 and 1,000 samples alone")
    parser.add_argument("--only", default="", metavar="SUBSTRING", help="cases that are named so")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        *numbers, variant = options.one
        print(json.dumps(measure(*map(int, numbers), variant)))
        return
    results = Results("memory", RESULTS / "quick" if options.quick else RESULTS)
    results.add("machine", describe())
    sizes = {1000: 1000} if options.quick else N_SAMPLES
    for width, n_towers, variant in product(sizes, (1, 5), VARIANTS):
        key = f"width {width:,}/{n_towers} tower{'s' * (n_towers > 1)}/{variant}"
        if options.only not in key:
            continue
        if width == max(N_SAMPLES) and free_memory() < ENOUGH:
            print(f"{key}: left out, for less than {ENOUGH / 1e9:.0f} GB are free.")
            continue
        cell = measure_elsewhere(width, n_towers, sizes[width], variant)
        results.add(key, cell)
        print(
            f"{key}: {cell['added'] / 1e6:,.0f} MB at the peak, {cell['ratio']:.2f} x the "
            f"{cell['needed'] / 1e6:,.0f} MB of parameters and data",
            flush=True,
        )


if __name__ == "__main__":
    main()
