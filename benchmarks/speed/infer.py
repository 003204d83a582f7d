"""Does `sklearn-dgex infer` stream at the speed of the network or of the disk, and in what memory?

    python benchmarks/speed/infer.py [--quick] [--folder FOLDER]

GCTX files of 100,000 and 30,000 samples × 978 landmarks are made, and completed with 9,520 inferred
genes by two networks whose weights hold random numbers: speed does not depend on what they infer.
Beside the command's own rate, from the first block read to the file renamed, stand the two that
bound it, each measured alone and alternating with it: the network on profiles in memory, and
reading and writing the same files with nothing in between, one ahead of the other as there.

Then, how long a model of 257 million parameters takes to open, in a process of its own.

Results go to results/infer.json beside this script. Needs 10 GB of disk in FOLDER.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.utils import gen_batches

from sklearn_dgex import DGEXRegressor, LandmarkImputer
from sklearn_dgex._commands.streaming import one_ahead
from sklearn_dgex.datasets import expression_writer, open_expression
from sklearn_dgex.persistence import load, save

sys.path.append(str(Path(__file__).resolve().parents[1] / "paper"))  # where Results is at home
from _results import Results

RESULTS = Path(__file__).parent / "results"
N_LANDMARKS, N_TARGETS = 978, 9520
N_SAMPLES = {"D-GEX, width 1,000": 100_000, "CR-D-GEX, 5 towers, width 3,000": 30_000}
NETWORKS = {  # neurons a layer of the single-tower network
    "D-GEX, width 1,000": {"width": 1000, "n_towers": 1},
    "CR-D-GEX, 5 towers, width 3,000": {"width": 3000, "n_towers": 5},
}
BLOCK = 1024
RUN = """
import resource, sys, time
from sklearn_dgex.__main__ import main
started = time.perf_counter()
status = main(sys.argv[1:])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
print(status, time.perf_counter() - started, peak)
"""
OPEN = """
import sys, time
import sklearn_dgex._imputer, sklearn_dgex._dgex
from sklearn_dgex.persistence import load
started = time.perf_counter()
model = load(sys.argv[1])
print(time.perf_counter() - started)
"""


def gene_names() -> tuple[list[str], list[str]]:
    return [f"L{i}" for i in range(N_LANDMARKS)], [f"T{i}" for i in range(N_TARGETS)]


def make_landmarks(path: Path, n_samples: int) -> None:
    """Write random landmark profiles, block by block."""
    rng, (landmarks, _) = np.random.default_rng(0), gene_names()
    ids = [f"S{i}" for i in range(n_samples)]
    with expression_writer(path, samples=ids, genes=landmarks) as writer:
        for rows in gen_batches(n_samples, BLOCK):
            writer.write(rng.normal(size=(rows.stop - rows.start, N_LANDMARKS)).astype(np.float32))


def make_model(path: Path, **parameters) -> int:
    """Save a model after one step of training, and return its number of parameters."""
    rng, (landmarks, targets) = np.random.default_rng(0), gene_names()
    values = rng.normal(size=(40, N_LANDMARKS + N_TARGETS)).astype(np.float32)
    whole = pd.DataFrame(values, columns=landmarks + targets)
    network = DGEXRegressor(
        n_members=1, max_iter=1, batch_size=40, linear_path=0, random_state=0, **parameters
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LandmarkImputer(network, landmarks).fit(whole)
    save(model, path, card=False)
    return model.regressor_.n_parameters_


def network_rate(model_file: Path, n_samples: int) -> float:
    """Profiles a second of the network alone, on profiles in memory."""
    model = load(model_file).regressor_
    rng, (landmarks, _) = np.random.default_rng(0), gene_names()
    n_samples = min(n_samples, 20_000)
    X = pd.DataFrame(rng.normal(size=(n_samples, N_LANDMARKS)).astype("f4"), columns=landmarks)
    model.predict(X[:BLOCK])
    started = time.perf_counter()
    for rows in gen_batches(n_samples, BLOCK):
        model.predict(X[rows])
    return n_samples / (time.perf_counter() - started)


def disk_rate(profiles: Path, folder: Path) -> float:
    """Profiles a second of reading landmarks and writing whole profiles, with no network."""
    landmarks, targets = gene_names()
    started = time.perf_counter()
    with open_expression(profiles) as source:
        inferred = np.zeros((BLOCK, N_TARGETS), np.float32)
        out = folder / "copy.gctx"
        genes = landmarks + targets
        with expression_writer(out, samples=source.samples, genes=genes) as writer:
            for measured in one_ahead(source[rows] for rows in gen_batches(len(source), BLOCK)):
                writer.write(np.hstack([measured, inferred[: len(measured)]]))
        n_samples = len(source)
    seconds = time.perf_counter() - started
    out.unlink()
    return n_samples / seconds


def command_rate(model_file: Path, profiles: Path, folder: Path, n_samples: int) -> dict:
    """Profiles a second and peak memory of the command, in a process of its own."""
    out = folder / "whole.gctx"
    command = [sys.executable, "-c", RUN, "infer", model_file, profiles, "--out", out]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    status, seconds, peak = printed.splitlines()[-1].split()
    if status != "0":
        raise SystemExit(printed)
    streaming = float(re.search(r"genes, in ([\d.]+) s", printed)[1])
    size = out.stat().st_size
    out.unlink()
    return {
        "rate": n_samples / streaming,
        "seconds_in_all": float(seconds),
        "peak_gib": float(peak),
        "written_gb": size / 1e9,
    }


def measure_network(results: Results, name: str, profiles: Path, n_samples: int, rounds: int):
    folder = profiles.parent
    model_file = folder / "model.safetensors"
    n_parameters = make_model(model_file, **NETWORKS[name])
    runs = []
    for _ in range(rounds):
        runs.append(
            {
                **command_rate(model_file, profiles, folder, n_samples),
                "network_rate": network_rate(model_file, n_samples),
                "disk_rate": disk_rate(profiles, folder),
            }
        )
        print(name, json.dumps(runs[-1]), flush=True)
    median = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    weights = 4 * n_parameters / 2**30
    slower = min(median["network_rate"], median["disk_rate"])
    results.add(
        f"stream/{name}",
        {
            **median,
            "n_samples": n_samples,
            "n_landmarks": N_LANDMARKS,
            "n_targets": N_TARGETS,
            "n_parameters": n_parameters,
            "rounds": rounds,
            "share_of_slower": median["rate"] / slower,
            "peak_beyond_weights_gib": max(run["peak_gib"] for run in runs) - weights,
        },
    )
    model_file.unlink()


def measure_opening(results: Results, folder: Path, rounds: int) -> None:
    """Seconds from the call of load to a model that can infer, from a warm disk."""
    model_file = folder / "large.safetensors"
    # three layers of one tower: the papers' largest networks have as many parameters
    n_parameters = make_model(model_file, width=9475, n_towers=1)
    command = [sys.executable, "-c", OPEN, model_file]
    seconds = [
        float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for _ in range(rounds + 1)
    ][1:]  # the first warms the disk's cache
    cell = {"n_parameters": n_parameters, "gb": model_file.stat().st_size / 1e9}
    results.add("open", {**cell, "seconds": statistics.median(seconds), "all": seconds})
    print("open", results["open"])
    model_file.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="2,000 samples, one round")
    parser.add_argument("--folder", type=Path, help="where the files go (default: a temporary one)")
    options = parser.parse_args()
    results = Results("infer", RESULTS / "quick" if options.quick else RESULTS)
    rounds = 1 if options.quick else 3
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        profiles = Path(name) / "landmarks.gctx"
        for network in NETWORKS:
            n_samples = 2000 if options.quick else N_SAMPLES[network]
            make_landmarks(profiles, n_samples)
            measure_network(results, network, profiles, n_samples, rounds)
        measure_opening(results, Path(name), 5 if not options.quick else 1)


if __name__ == "__main__":
    main()
