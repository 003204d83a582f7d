"""Do two ranks of one thread learn what one process of two threads learns, and as quickly?

    python benchmarks/scale/ranks.py [--quick] [--only SUBSTRING]

Equality: fits of 50 steps with all defaults (dropout, mixup, averaged members) but for early
stopping, by one process and by torchrun with two or three ranks; the figure is the norm of the
difference of all weights by the norm of the weights. Cost: seconds of a step, the median over
epochs but the first, of one process with two threads and of two ranks with one thread each, in turn
and in rounds; the ratio is the median over rounds. The data are of the size of a D-GEX network's,
942 landmarks and 4,759 targets, but random. Results go to results/ranks.json beside this script.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path
from statistics import median

import numpy as np

sys.path += [str(Path(__file__).resolve().parents[1] / name) for name in ("paper", "speed")]
from _machine import describe
from _results import Results

from sklearn_dgex import DGEXRegressor

RESULTS = Path(__file__).parent / "results"
N_LANDMARKS, N_TARGETS = 942, 4759
CASES = tuple(product((1000, 3000), (200, 1024, 4096)))  # widths, and samples of a global batch
STEPS_AN_EPOCH = {200: 8, 1024: 3, 4096: 2}
EQUAL, DEARER = 1e-5, 0.10  # what must be reached


def make_data(n_samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Targets that follow a landmark each, but for noise."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_samples, N_LANDMARKS), dtype=np.float32)
    y = np.ascontiguousarray(X[:, rng.integers(N_LANDMARKS, size=N_TARGETS)])
    y += rng.standard_normal(y.shape, dtype=np.float32)
    return X, y


def network(**parameters) -> DGEXRegressor:
    return DGEXRegressor(device="cpu", random_state=0, **parameters)


def time_steps(width: int, batch_size: int, n_epochs: int, precision: str) -> dict:
    """In this process, or with the other ranks: seconds of a step."""
    n_steps = STEPS_AN_EPOCH[batch_size]
    X, y = make_data(n_steps * batch_size)
    model = network(
        width=width,
        n_members=1,
        batch_size=batch_size,
        max_iter=n_epochs + 1,
        precision=precision,
        early_stopping=False,
        validation_fraction=0,
    ).fit(X, y)
    return {
        "seconds": median(model.net_.history[1:, "dur"]) / n_steps,
        "n_parameters": model.n_parameters_,
    }


def learn_weights(n_members: int, folder: str) -> dict:
    """In this process, or with the other ranks: 50 steps; write the weights after the last one."""
    X, y = make_data(110)  # of which 99 are learnt from
    settings = {"width": 300, "batch_size": 20, "max_iter": 10, "early_stopping": False}
    model = network(n_members=n_members, **settings).fit(X, y)
    weights = [w.detach().numpy().ravel() for w in model.net_.module_.parameters()]
    np.save(Path(folder) / f"{os.environ.get('RANK', 'alone')}.npy", np.concatenate(weights))
    return {"n_steps": 5 * model.n_iter_, "mmae": model.validation_scores_[-1]}


WORK = {"time": time_steps, "learn": learn_weights}


def run(n_ranks: int, n_threads: int, what: str, *arguments) -> dict:
    """What the first rank of a work returns."""
    launcher = [sys.executable]
    if n_ranks > 1:
        launcher += ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={n_ranks}"]
    command = [*launcher, __file__, "--work", json.dumps([what, *arguments])]
    environment = os.environ | {"OMP_NUM_THREADS": str(n_threads)}
    printed = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env=environment
    ).stdout
    return json.loads(printed.splitlines()[-1])


def cost(width: int, batch_size: int, precision: str, n_rounds: int, n_epochs: int) -> dict:
    rounds = []
    for _ in range(n_rounds):
        arguments = "time", width, batch_size, n_epochs, precision
        rounds.append([run(1, 2, *arguments), run(2, 1, *arguments)])
    ratios = sorted(two["seconds"] / one["seconds"] for one, two in rounds)
    one, two = (median(answers[i]["seconds"] for answers in rounds) for i in range(2))
    return {
        "width": width,
        "batch_size": batch_size,
        "precision": precision,
        "n_parameters": rounds[0][0]["n_parameters"],
        "seconds_one_process": one,
        "seconds_two_ranks": two,
        "ratio": median(ratios),
        "range": [ratios[0], ratios[-1]],
        "within": median(ratios) <= 1 + DEARER,
    }


def equality(n_members: int, n_ranks: int) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        alone = run(1, 1, "learn", n_members, folder)
        together = run(n_ranks, 1, "learn", n_members, folder)
        expected = np.load(Path(folder) / "alone.npy")
        ranks = [np.load(Path(folder) / f"{rank}.npy") for rank in range(n_ranks)]
    difference = np.linalg.norm(ranks[0] - expected) / np.linalg.norm(expected)
    return {
        "n_ranks": n_ranks,
        "n_members": n_members,
        "n_steps": alone["n_steps"],
        "difference": float(difference),
        "within": bool(difference <= EQUAL),
        "mmae": [alone["mmae"], together["mmae"]],
        "ranks_are_identical": all(np.array_equal(ranks[0], other) for other in ranks[1:]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one round of few epochs")
    parser.add_argument("--only", default="", metavar="SUBSTRING", help="cases that are named so")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        what, *arguments = json.loads(options.work)
        answer = WORK[what](*arguments)
        if os.environ.get("RANK", "0") == "0":
            print(json.dumps(answer), flush=True)
        return
    results = Results("ranks", RESULTS / "quick" if options.quick else RESULTS)
    results.add("machine", describe())
    n_rounds, n_epochs = (1, 3) if options.quick else (5, 7)
    for n_members, n_ranks in ((1, 2), (8, 2), (2, 3)):
        key = f"equality/{n_members} member{'s' * (n_members > 1)}/{n_ranks} ranks"
        if options.only in key:
            results.add(key, equality(n_members, n_ranks))
            print(f"{key}: weights differ by {results[key]['difference']:.1e}", flush=True)
    for (width, batch_size), precision in product(CASES, ("float32", "bfloat16")):
        key = f"cost/width {width:,}/batch {batch_size:,}/{precision}"
        if options.only in key:
            results.add(key, cost(width, batch_size, precision, n_rounds, n_epochs))
            print(f"{key}: two ranks take {results[key]['ratio']:.2f} x the time", flush=True)


if __name__ == "__main__":
    main()
