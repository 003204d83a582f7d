"""What does a step of training cost: here, in loops by hand, in scikit-learn and in Keras?

    SKLEARN_DGEX_DATA=… python benchmarks/speed/train.py [--quick] [--only SUBSTRING] [--again]

All train the same network on the same samples, in turns, round after round, so that what the
machine does beside them falls on all alike; Keras does so in processes of its own, one a backend,
which wait between the rounds. In each round everyone runs whole epochs for about as long as all
others, and the machine's best is measured as well: products of large float32 (and bfloat16)
matrices, and copies of large blocks. A figure is the median of the rounds, and a ratio that of the
rounds' ratios.

A step is an epoch's time by its steps: this package's is what the history of `fit` says, without
the first epoch, which allocates what the others use again. So is Keras'. Nothing is held out.
GFLOP/s count 6 flop a parameter and sample: two for each product, forward and twice backward. That
is up to a tenth too many, for nobody computes the gradient of the landmarks: `products_flop` has
what is needed.

Keras and JAX are optional (`pip install 'sklearn_dgex[peers]'`). Without the variable that names
the folder of real data, random numbers of their shape take their place. Results go to
results/train.json beside this script, cell by cell: a second call goes on where one was cut, unless
the code has changed. Some 25 minutes on two cores, which nothing else should use meanwhile.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[1] / "paper"))  # where Results is at home
from _contestants import AUTO, DENSE, LOGISTIC, MLP, OURS, PAPER, contestants
from _keras_net import backends
from _machine import Peaks, describe, summarised
from _results import ENVIRONMENT, Results

RESULTS = Path(__file__).parent / "results"
N_LANDMARKS, N_TARGETS = 942, 4759
GDSC_SHAPE = (975, 467, 5311)  # samples, landmarks, other genes
EPOCH_FLOP = 1e11  # an epoch is to take a second or so
BYTES_A_PARAMETER = 28  # read: itself, gradient, two moments; written: itself, two moments


@dataclass(frozen=True)
class Case:
    """A network and its batches; ``parameters`` are DGEXRegressor's."""

    key: str
    parameters: dict
    gdsc: bool = False
    rounds: int = 5
    peers: bool = False
    quick: bool = True


def cases() -> Iterator[Case]:
    """From the smallest data to the widest network."""
    for k in (1, 5):
        yield Case(
            f"GDSC/width 500/{towers(k)}/batch 64",
            PAPER | network(500, k) | {"batch_size": 64},
            gdsc=True,
            peers=True,
        )
    yield Case("GDSC/the package's defaults", {}, gdsc=True)
    for width in (1000, 3000):
        for k in (1, 5, 12):
            for batch in (64, 200, 1024):
                yield Case(
                    f"width {width:,}/{towers(k)}/batch {batch:,}",
                    PAPER | network(width, k) | {"batch_size": batch},
                    rounds=5 if width < 3000 else 3,
                    peers=batch == 200,
                    quick=width < 3000 and batch < 1024,
                )


def towers(k: int) -> str:
    return "1 tower" if k == 1 else f"{k} towers"


def network(width: int, k: int) -> dict:
    """Return the papers' best with several towers, and the dense network with one."""
    return {"width": width, **(DENSE if k == 1 else {"n_towers": k})}


def samples(case: Case, quick: bool) -> tuple[np.ndarray, np.ndarray]:
    """Whole batches: of all cell lines, or so many that an epoch takes a second or so."""
    if case.gdsc:
        x, y = gdsc()
        batch = case.parameters.get("batch_size")
        most = 3 if quick and batch else len(x)
        batch = batch or len(x) // 10  # as the package does
        n = min(most, len(x) // batch) * batch
        return x[:n], y[:n]
    batch, width = case.parameters["batch_size"], case.parameters["width"]
    n_parameters = width * (N_LANDMARKS + 2 * width + N_TARGETS)
    n_steps = 3 if quick else int(np.clip(EPOCH_FLOP / (6 * n_parameters * batch), 3, 10))
    rng = np.random.default_rng(0)
    shape = (n_steps * batch, N_LANDMARKS + N_TARGETS)
    values = rng.standard_normal(shape, dtype=np.float32)
    return values[:, :N_LANDMARKS].copy(), values[:, N_LANDMARKS:].copy()


def gdsc() -> tuple[np.ndarray, np.ndarray]:
    """Landmarks and other genes of the cell lines, or random numbers of their shape."""
    if os.environ.get("SKLEARN_DGEX_DATA"):
        from accuracy_gdsc import load

        return tuple(frame.to_numpy(np.float32, copy=True) for frame in load(quick=False))
    n, p, q = GDSC_SHAPE
    values = np.random.default_rng(0).standard_normal((n, p + q), dtype=np.float32)
    return values[:, :p].copy(), values[:, p:].copy()


def measure(case: Case, *, quick: bool, budget: float) -> dict:
    """Return the cell of a case."""
    x, y = samples(case, quick)
    peaks = Peaks(1 if quick else 5)
    with contestants(x, y, case.parameters, peers=case.peers) as taking_part:
        epochs = [1 if quick else epochs_within(budget, one) for one in taking_part]
        entries = list(zip(taking_part, epochs, strict=True))
        rounds = []
        for number in range(1 if quick else case.rounds):
            first = number % len(entries)  # nobody runs always behind the same one
            rates = peaks.measure()
            seconds = {
                one.name: statistics.median(one.run(n))
                for one, n in entries[first:] + entries[:first]
            }
            rounds.append((rates, seconds))
    ours = taking_part[0]
    cell = case_facts(ours, x, y, [rates for rates, _ in rounds])
    cell["contestants"] = {one.name: contestant_facts(one, n, ours, rounds) for one, n in entries}
    return cell | {"ratios": all_ratios([seconds for _, seconds in rounds])}


def epochs_within(budget: float, contestant) -> int:
    """How many epochs take about so many seconds; those that are slow are asked once alone."""
    steps = contestant.n_steps
    seconds = steps * contestant.run(1)[0]
    if seconds < budget / 2:  # the first may have waited for what is loaded or compiled once
        seconds = steps * contestant.run(1)[0]
    return max(1, int(budget / seconds))


def case_facts(ours, x: np.ndarray, y: np.ndarray, rates: list[dict]) -> dict:
    """Sizes, the two floors, and what the machine could do while it was measured."""
    network = ours.network
    return {
        "n_samples": len(x),
        "n_features_in": x.shape[1],
        "n_targets": y.shape[1],
        "tower_width": network["tower_width"],
        "n_towers": network["n_towers"],
        "n_members": ours.n_members,
        "batch_size": ours.batch_size,
        "n_parameters": ours.n_parameters,
        "floor_flop": 6 * ours.n_parameters * ours.batch_size,
        "products_flop": ours.n_members * ours.batch_size * products_flop(ours.network),
        "floor_bytes": BYTES_A_PARAMETER * ours.n_parameters,
        "peaks": summarised(rates),
        "rounds": len(rates),
    }


def products_flop(network: dict) -> int:
    """Flop of a member and sample in the products that a step can't do without.

    Those are a little fewer than 6 a parameter: nobody needs the gradient of the landmarks.
    """
    p, q, k, w = (network[n] for n in ("n_features_in", "n_targets", "n_towers", "tower_width"))
    of_landmarks = k * p * w + (p * q if network["linear_path"] else 0)
    others = (network["n_hidden_layers"] - 1) * k * w * w + w * q
    return 4 * of_landmarks + 6 * others


def contestant_facts(one, n_epochs: int, ours, rounds: list[tuple[dict, dict]]) -> dict:
    """Seconds a step, and how near they come to the products of large matrices."""
    seconds = [seconds[one.name] for _, seconds in rounds]
    flop = 6 * one.n_parameters * ours.batch_size
    best = {
        kind: [
            flop / s / 1e9 / max(rates[kind]) for (rates, _), s in zip(rounds, seconds, strict=True)
        ]
        for kind in ("sgemm", "bfloat16")
        if kind in rounds[0][0]
    }
    facts = {
        "seconds": statistics.median(seconds),
        "all": seconds,
        "steps_a_round": n_epochs * one.n_steps,
        "n_parameters": one.n_parameters,
        "gflops": flop / statistics.median(seconds) / 1e9,
        **{f"share_of_{kind}": statistics.median(shares) for kind, shares in best.items()},
    }
    for extra in ("precision", "versions"):
        if hasattr(one, extra):
            facts[extra] = getattr(one, extra)
    return facts


def all_ratios(rounds: list[dict[str, float]]) -> dict:
    """How many times as fast as each rival this package is: ``ratios[rival][ours]``."""
    found = {rival: {} for rival in rounds[0] if rival not in (AUTO, LOGISTIC)}
    for rival, by_ours in found.items():
        mine = {OURS, AUTO, LOGISTIC if rival == MLP else OURS} - {rival}
        for name in (name for name in rounds[0] if name in mine):
            by_ours[name] = ratio([one[rival] / one[name] for one in rounds])
    return {rival: by_ours for rival, by_ours in found.items() if by_ours}


def ratio(values: list[float]) -> dict:
    return {"median": statistics.median(values), "low": min(values), "high": max(values)}


def show(key: str, cell: dict) -> None:
    peaks = cell["peaks"]
    print(
        f"\n{key}: {cell['n_parameters'] / 1e6:.2f} million parameters, products of large matrices "
        f"{peaks['sgemm']['best']:.0f} GFLOP/s, copies {peaks['copy']['best']:.1f} GB/s"
    )
    for name, facts in cell["contestants"].items():
        ratios = [
            f"; {mine} is {r['median']:.2f} x as fast ({r['low']:.2f} to {r['high']:.2f})"
            for mine, r in cell["ratios"].get(name, {}).items()
        ]
        print(
            f"{name:>31}: {1e3 * facts['seconds']:9.2f} ms a step, {facts['gflops']:6.1f} GFLOP/s, "
            f"{facts['share_of_sgemm']:4.0%} of the best{''.join(ratios)}"
        )
    sys.stdout.flush()


def is_measured(results: Results, key: str) -> bool:
    """Whether the cell is of this very code: a commit with changes on top names no code."""
    commit = ENVIRONMENT["commit"]
    known = key in results and results[key]["environment"]["commit"] == commit
    return known and not commit.endswith("-dirty")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="three steps, into results/quick")
    parser.add_argument("--only", default="", metavar="SUBSTRING", help="cases that are named so")
    parser.add_argument("--again", action="store_true", help="also what is measured already")
    parser.add_argument("--budget", type=float, default=1.5, help="seconds a round and contestant")
    options = parser.parse_args()
    if not backends():
        print("Keras is left out: `pip install 'sklearn_dgex[peers]'` brings it and JAX.")
    results = Results("train", RESULTS / "quick" if options.quick else RESULTS)
    results.add("machine", describe())
    for case in cases():
        named = options.only in case.key if options.only else case.quick or not options.quick
        if named and (options.again or not is_measured(results, case.key)):
            results.add(case.key, measure(case, quick=options.quick, budget=options.budget))
            show(case.key, results[case.key])


if __name__ == "__main__":
    main()
