"""How do time and memory grow with samples, targets, towers and width?

    python benchmarks/scale/study.py [--quick] [--only SUBSTRING]

Each size is fitted in a process of its own. Counted are the seconds of an epoch, the median of
those after the first, and the most memory that a fit adds to what the caller holds. One size
varies at a time:

- samples: 1,000 to a million, 200 landmarks and 500 targets, width 200, from a file: a memory map,
  which is loaded up to 1 GB and read as it is learnt from beyond;
- targets: 1,000 to 20,000 from 943 landmarks, 2,000 samples, width 1,000;
- towers, at equal parameters: 1 to 12, 943 landmarks to 4,759 targets, width 1,000;
- width: 300 to 3,000, of the same.

An exponent is the slope of a straight line through logarithms, with its standard error: time or
memory grows as the size to that power. Results go to results/study.json beside this script; ranks
and workers have scripts of their own (ranks.py, searches.py).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.stats import linregress

sys.path += [str(Path(__file__).resolve().parents[1] / name) for name in ("paper", "speed")]
from _machine import Peaks, describe, summarised
from _memory import forget_peak, peak, resident
from _results import Results

from sklearn_dgex import DGEXRegressor

RESULTS = Path(__file__).parent / "results"
USUAL = {"n": 2000, "p": 943, "q": 4759, "width": 1000, "n_towers": 5}
SMALL = {"p": 200, "q": 500, "width": 200}
SIZES = {
    "samples": [SMALL | {"n": n} for n in (1_000, 10_000, 100_000, 300_000, 1_000_000)],
    "targets": [{"q": q} for q in (1_000, 2_000, 5_000, 10_000, 20_000)],
    "towers": [{"n_towers": k} for k in (1, 2, 5, 8, 12)],
    "width": [{"width": w} for w in (300, 1_000, 3_000)],
}
VARIED = {"samples": "n", "targets": "q", "towers": "n_towers", "width": "width"}
ASYMPTOTIC = {"samples": 10_000}  # below, what a fit costs in any case weighs in
QUICK = 3  # sizes of each kind
EPOCHS = 3
SETTINGS = {
    "batch_size": 200,
    "n_members": 1,
    "precision": "float32",
    "device": "cpu",
    "random_state": 0,
}


def make_file(folder: Path, n: int, p: int, q: int) -> np.memmap:
    """Profiles whose targets follow a landmark each, in a file."""
    rng = np.random.default_rng(0)
    source = rng.integers(p, size=q)
    table = np.memmap(folder / "profiles", np.float32, "w+", shape=(n, p + q))
    for start in range(0, n, 10_000):
        block = rng.standard_normal((min(10_000, n - start), p + q), dtype=np.float32)
        block[:, p:] += block[:, source]
        table[start : start + len(block)] = block
    table.flush()
    return np.memmap(folder / "profiles", np.float32, "r", shape=(n, p + q))


def measure(n: int, p: int, q: int, width: int, n_towers: int) -> dict:
    """In this process: what an epoch and a fit of these sizes cost."""
    with tempfile.TemporaryDirectory() as folder:
        table = make_file(Path(folder), n, p, q)
        warm = np.ones((60, 9), np.float32) * np.arange(60, dtype=np.float32)[:, None]
        DGEXRegressor(width=20, max_iter=1, **SETTINGS).fit(warm[:, :4], warm[:, 4:])
        forgot, before = forget_peak(), resident()
        model = DGEXRegressor(
            width=width, n_towers=n_towers, linear_path=0, max_iter=EPOCHS, **SETTINGS
        ).fit(table[:, :p], table[:, p:])
        added = peak() - before
    seconds = statistics.median(epoch["dur"] for epoch in model.net_.history[1:])
    return {
        "n": n,
        "p": p,
        "q": q,
        "width": width,
        "n_towers": n_towers,
        "n_parameters": model.n_parameters_,
        "data": 4 * n * (p + q),
        "seconds_an_epoch": seconds,
        "gflops": 6e-9 * model.n_parameters_ * 0.9 * n / seconds,  # a tenth is held out
        "added": added,
        "forgot": forgot,
    }


def exponents(kind: str, cells: list[dict]) -> dict:
    """Power of the size that time and memory grow as, and its standard error."""
    name = VARIED[kind]
    cells = [cell for cell in cells if cell[name] >= ASYMPTOTIC.get(kind, 0)]
    sizes = np.log([cell[name] for cell in cells])
    fitted = {}
    for quantity in ("seconds_an_epoch", "added"):
        line = linregress(sizes, np.log([cell[quantity] for cell in cells]))
        fitted[quantity] = {"exponent": line.slope, "standard_error": line.stderr}
    return {"from": cells[0][name], "to": cells[-1][name], **fitted}


def measure_elsewhere(sizes: dict) -> dict:
    command = [sys.executable, __file__, "--one", json.dumps(sizes)]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(printed.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the smallest sizes alone")
    parser.add_argument("--only", default="", metavar="SUBSTRING", help="kinds that are named so")
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(**options.one)))
        return
    results = Results("study", RESULTS / "quick" if options.quick else RESULTS)
    results.add("machine", describe())
    results.add("peaks", summarised([Peaks().measure()]))
    for kind, sizes in SIZES.items():
        if options.only not in kind:
            continue
        cells = []
        for size in sizes[: QUICK if options.quick else None]:
            cell = measure_elsewhere(USUAL | size)
            cells.append(cell)
            results.add(f"{kind}/{cell[VARIED[kind]]}", cell)
            print(
                f"{kind} {cell[VARIED[kind]]:,}: {cell['seconds_an_epoch']:.2f} s an epoch, "
                f"{cell['gflops']:.0f} GFLOP/s, {cell['added'] / 1e6:,.0f} MB",
                flush=True,
            )
        results.add(f"exponents/{kind}", exponents(kind, cells))


if __name__ == "__main__":
    main()
