"""How fast, and in what memory, does `predict` infer the genes of many profiles?

    python benchmarks/speed/predict.py [--quick] [--rounds N]

100,000 random profiles of 942 landmarks are completed with 4,759 genes by networks of width 1,000
with one tower and five, all at once and in slices of 10,000. Beside them stand a loop that a good
torch user writes, and the matrix products of the network alone: the floor. All take turns, round
after round. What they infer is random: speed does not depend on it.

Then, in processes of their own, the peak of memory in `predict` beyond what is there before it
(profiles, weights, libraries) and the answer that it returns.

Results go to results/predict.json beside this script. Needs 8 GB of memory and ten minutes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from sklearn.utils import gen_batches

sys.path.append(str(Path(__file__).resolve().parents[1] / "paper"))  # where Results is at home
from _contestants import ALWAYS, DENSE, PAPER
from _machine import Peaks, describe, summarised
from _memory import forget_peak, peak, resident
from _results import Results
from torch import Tensor

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.nn import TowerNetwork

RESULTS = Path(__file__).parent / "results"
N_LANDMARKS, N_TARGETS, WIDTH = 942, 4759, 1000
BATCH = 1024
AT_ONCE, SLICES = "all at once", "in slices"
LOOP, PRODUCTS = "hand-written loop", "matrix products alone"


def make_model(n_towers: int) -> DGEXRegressor:
    """Train for one step."""
    rng = np.random.default_rng(0)
    values = rng.standard_normal((64, N_LANDMARKS + N_TARGETS), dtype=np.float32)
    size = {"width": WIDTH, **(DENSE if n_towers == 1 else {"n_towers": n_towers})}
    model = DGEXRegressor(**(PAPER | size | ALWAYS), batch_size=64, max_iter=1)
    return model.fit(values[:, :N_LANDMARKS].copy(), values[:, N_LANDMARKS:].copy())


def make_profiles(n_samples: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal((n_samples, N_LANDMARKS), dtype=np.float32)


def predict_slices(model: DGEXRegressor, X: np.ndarray, n_rows: int) -> None:
    """Infer slice after slice, and let each go."""
    for rows in gen_batches(len(X), n_rows):
        model.predict(X[rows])


@torch.no_grad()
def predict_by_hand(model: DGEXRegressor, X: np.ndarray) -> np.ndarray:
    """Infer as a good torch user does, scaling there and back included."""
    network = model.networks_[0].eval()
    landmarks, targets = model.feature_scaler_, model.target_scaler_
    offset, scale, y_offset, y_scale = (
        torch.as_tensor(values, dtype=torch.float32)
        for values in (landmarks.offset, landmarks.scale, targets.offset, targets.scale)
    )
    pieces = []
    for x in torch.from_numpy(X).split(BATCH):
        y = network(((x - offset) / scale).unsqueeze(0))[0]
        pieces.append(y * y_scale + y_offset)
    return torch.cat(pieces).numpy()


class Products:
    """The network's matrix products, in pieces, always into the same memory."""

    def __init__(self, network: TowerNetwork):
        k, w = network.n_towers, network.tower_width
        self.first = network.input_weight[0].detach()  # (p, k * w)
        self.hidden = [layer.weight[0].detach() for layer in network.hidden_layers]  # (k, w, w)
        self.output = network.output_weight[0].detach()  # (w, q)
        self.sums = torch.zeros(BATCH, k * w)
        self.layers = [torch.rand(k, BATCH, w) for _ in range(1 + len(self.hidden))]
        self.answer = torch.zeros(BATCH, self.output.shape[1])

    def run(self, x: Tensor) -> None:
        for piece in x.split(BATCH):
            n = len(piece)
            torch.mm(piece, self.first, out=self.sums[:n])
            for h, weight, out in zip(self.layers, self.hidden, self.layers[1:], strict=False):
                for tower in range(len(weight)):
                    torch.mm(h[tower, :n], weight[tower], out=out[tower, :n])
            torch.mm(self.layers[-1][0, :n], self.output, out=self.answer[:n])


def timed(work: Callable) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure_rates(n_towers: int, n_samples: int, n_rows: int, n_rounds: int) -> dict:
    """Profiles a second, of all in turns."""
    model, X = make_model(n_towers), make_profiles(n_samples)
    products, peaks = Products(model.networks_[0]), Peaks()
    works = {
        AT_ONCE: lambda: model.predict(X),
        SLICES: lambda: predict_slices(model, X, n_rows),
        LOOP: lambda: predict_by_hand(model, X),
        PRODUCTS: lambda: products.run(torch.from_numpy(X)),
    }
    model.predict(X[:BATCH])
    rounds, rates = [], []
    for number in range(n_rounds):
        rates.append(peaks.measure())
        order = list(works)[number:] + list(works)[:number]  # nobody always follows the same one
        rounds.append({name: timed(works[name]) for name in order})
    network = model.networks_[0]
    n_weights = sum(p.numel() for p in network.parameters() if p.shape[-2] > 1)
    return {
        "n_samples": n_samples,
        "n_rows": n_rows,
        "n_features_in": N_LANDMARKS,
        "n_targets": N_TARGETS,
        "n_parameters": model.n_parameters_,
        "floor_flop": 2 * n_weights * n_samples,
        "rounds": n_rounds,
        "peaks": summarised(rates),
        "rates": {
            name: n_samples / statistics.median(one[name] for one in rounds) for name in works
        },
        "ratios": {rival: ratios(rounds, rival) for rival in (LOOP, PRODUCTS)},
    }


def ratios(rounds: list[dict[str, float]], rival: str) -> dict:
    """How many profiles this package infers in the time that the rival takes for one."""
    found = {}
    for name in (AT_ONCE, SLICES):
        values = [one[rival] / one[name] for one in rounds]
        found[name] = {
            "median": statistics.median(values),
            "low": min(values),
            "high": max(values),
        }
    return found


def measure_peak(n_towers: int, n_samples: int, n_rows: int) -> dict:
    """In this process: the peak of `predict` beyond what is there before and what it returns."""
    model, X = make_model(n_towers), make_profiles(n_samples)
    model.predict(X[:BATCH].copy())
    forgot, before = forget_peak(), resident()
    predict_slices(model, X, n_rows)
    most = peak()
    return {
        "beyond": most - before - 4 * min(n_rows, n_samples) * N_TARGETS,
        "answer": 4 * min(n_rows, n_samples) * N_TARGETS,
        "forgot": forgot,
    }


def peak_elsewhere(*numbers: int) -> dict:
    command = [sys.executable, __file__, "--peak", *map(str, numbers)]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(printed.splitlines()[-1])


def show(key: str, cell: dict) -> None:
    print(f"\n{key}: {cell['n_samples']:,} profiles")
    for name, rate in cell["rates"].items():
        print(f"{name:>22}: {rate:9,.0f} profiles a second")
    for rival, found in cell["ratios"].items():
        for name, r in found.items():
            print(f"{name}: {r['median']:.2f} ({r['low']:.2f} to {r['high']:.2f}) of the {rival}")
    for name, found in cell["peak"].items():
        print(f"{name}: {found['beyond'] / 2**20:,.0f} MiB beyond the answer", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="5,000 profiles, one round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peak", nargs=3, type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak:
        print(json.dumps(measure_peak(*options.peak)))
        return
    n_samples, n_rows, n_rounds = (
        (5_000, 1_000, 1) if options.quick else (100_000, 10_000, options.rounds)
    )
    results = Results("predict", RESULTS / "quick" if options.quick else RESULTS)
    results.add("machine", describe())
    for n_towers in (1, 5):
        key = f"width {WIDTH:,}/{n_towers} tower{'s' * (n_towers > 1)}"
        cell = measure_rates(n_towers, n_samples, n_rows, n_rounds)
        cell["peak"] = {
            AT_ONCE: peak_elsewhere(n_towers, n_samples, n_samples),
            SLICES: peak_elsewhere(n_towers, n_samples, n_rows),
        }
        results.add(key, cell)
        show(key, cell)


if __name__ == "__main__":
    main()
