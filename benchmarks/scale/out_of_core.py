"""What does a fit on a file larger than the memory cost, in memory and in time?

    python benchmarks/scale/out_of_core.py [--quick] [--only peak|rate] [--folder FOLDER]

"peak": one epoch on a memory map of 20 GB (478,000 profiles of 943 landmarks and 9,520 targets), in
a process of its own. Counted is the most that the process holds during `fit`, less what it holds
just before, and less the weights and the optimiser's moments: the target is at most 2 GB.

"rate": samples a second on files of 1.2 GB, in the system's cache, against arrays in memory; the
same network and settings, taking turns in one process: the target is at least 80 % for a memory
map. The other formats, of which there is one round, are there to choose by.

Files go to FOLDER, the system's temporary one by default, and are removed. Results go to
results/out_of_core.json beside this script.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path += [str(Path(__file__).resolve().parents[1] / name) for name in ("paper", "speed")]
from _machine import describe
from _memory import forget_peak, peak, resident
from _profiles_on_disk import N_GENES, as_hdf5, as_zarr, memory_map, write_profiles
from _results import Results

from sklearn_dgex import DGEXRegressor
from sklearn_dgex._dgex.data import LOADED_BYTES

RESULTS = Path(__file__).parent / "results"
LARGE, SMALL, LEAST = 20e9, 1.2e9, 1.05 * LOADED_BYTES  # bytes; the least that is not loaded
ALLOWED = 2e9
BYTES_A_WEIGHT = 12  # itself and two moments
SETTINGS = {
    "width": 1000,
    "linear_path": 0,
    "device": "cpu",
    "random_state": 0,
}
OFTEN = ("memory", "memory map")
FORMATS = {
    "memory map": None,
    "HDF5, contiguous": (as_hdf5, {}),
    "HDF5, chunks of 64 profiles": (as_hdf5, {"chunks": (64, 256)}),
    "HDF5, chunks of 64 profiles, gzip": (as_hdf5, {"chunks": (64, 256), "compression": "gzip"}),
    "zarr, chunks of 256 profiles": (as_zarr, {"chunks": (256, 512)}),
}


def measure_peak(path: Path) -> dict:
    """In this process: the most that a fit on a file adds."""
    X, y = memory_map(path)
    small = np.random.default_rng(0).standard_normal((300, 50), dtype=np.float32)
    DGEXRegressor(**SETTINGS | {"width": 50}, max_iter=1).fit(small[:, :9], small[:, 9:])
    forgot, before = forget_peak(), resident()
    model = DGEXRegressor(**SETTINGS, max_iter=1).fit(X, y)
    added = peak() - before
    weights = BYTES_A_WEIGHT * model.n_members_ * model.n_parameters_
    seconds = model.net_.history[-1]["dur"]
    return {
        "bytes": path.stat().st_size,
        "n_samples": len(X),
        "n_parameters": model.n_members_ * model.n_parameters_,
        "added": added,
        "weights_and_optimiser": weights,
        "beyond": added - weights,
        "within": added - weights <= ALLOWED,
        "seconds_an_epoch": seconds,
        "samples_a_second": len(X) / seconds,
        "precision": model.net_.precision,
        "forgot": forgot,
    }


def samples_a_second(X, y, n_epochs: int, **settings) -> float:
    model = DGEXRegressor(**SETTINGS, **settings, n_members=1, max_iter=n_epochs).fit(X, y)
    return X.shape[0] / statistics.median(e["dur"] for e in model.net_.history)


def measure_rates(path: Path, folder: Path, n_rounds: int, precisions: list[str]) -> dict:
    """Rates of arrays in memory and of files, taking turns."""
    X, y = memory_map(path)
    tables = {"memory": (np.array(X), np.array(y)), "memory map": (X, y)}
    for name, recipe in FORMATS.items():
        if recipe is not None:
            write, storage = recipe
            tables[name] = write(folder / f"copy{len(tables)}", X, y, **storage)
    cells = {}
    for precision in precisions:
        rates = {name: [] for name in tables}
        for i in range(n_rounds):
            for name, both in tables.items():
                if i and name not in OFTEN:
                    continue
                rates[name].append(samples_a_second(*both, 2, precision=precision))
                print(f"{precision}, {name}: {rates[name][-1]:,.0f} samples a second", flush=True)
        cells[precision] = {
            name: {
                "rates": values,
                "of_memory": statistics.median(
                    rate / at_memory
                    for rate, at_memory in zip(values, rates["memory"], strict=False)
                ),
            }
            for name, values in rates.items()
        }
    return cells


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="files of 1 GB and one round alone")
    parser.add_argument("--only", choices=["peak", "rate"])
    parser.add_argument("--folder", type=Path, help="where there is room for 25 GB")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure_peak(options.one)))
        return
    results = Results("out_of_core", RESULTS / "quick" if options.quick else RESULTS)
    results.add("machine", describe())
    folder = Path(tempfile.mkdtemp(dir=options.folder))
    large, small = (LEAST, LEAST) if options.quick else (LARGE, SMALL)
    try:
        if options.only != "rate":
            path = write_profiles(folder / "large", int(large / (4 * N_GENES)))
            command = [sys.executable, __file__, "--one", str(path)]
            printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            cell = json.loads(printed.splitlines()[-1])
            results.add("peak", cell)
            print(f"peak: {cell['beyond'] / 1e9:.2f} GB beyond weights and optimiser", flush=True)
            path.unlink()
        if options.only != "peak":
            path = write_profiles(folder / "small", int(small / (4 * N_GENES)))
            precisions = ["float32"] if options.quick else ["float32", "auto"]
            n_rounds = 1 if options.quick else 3
            results.add("rates", measure_rates(path, folder, n_rounds, precisions))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
