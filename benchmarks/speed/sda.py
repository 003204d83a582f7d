"""Cost of a step of an autoencoder: the compiled kernel, torch and skorch, side by side.

    python benchmarks/speed/sda.py [--quick]

A step's cost is the difference between a long and a short fit by the steps between them, so that
what a fit does once does not count. The rivals take turns, round after round; a figure is the
median of its rounds. Results go to
results/sda.json beside this script, and benchmarks/report.py writes them into docs/engines.md.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import skorch
import torch
from torch import Tensor, nn

sys.path.append(str(Path(__file__).parents[1] / "paper"))  # where Results is at home
from _results import Results

from sklearn_dgex import SDATransformer

RESULTS = Path(__file__).parent / "results"
N_GENES, N_TIMES, N_HIDDEN, BATCH, CORRUPTION, RATE = 384, 17, 10, 4, 0.1, 0.1
SIZES = [(17, 10), (64, 32), (200, 50), (500, 125), (1000, 250), (2000, 500), (4000, 1000)]
CROSSOVER_SIZES = [(100, 30), (200, 50), (400, 100), (1000, 250), (2000, 500)]
CROSSOVER_BATCHES = [4, 32, 200]


def profiles(n_samples: int, n_features: int) -> np.ndarray:
    return np.random.default_rng(0).random((n_samples, n_features), dtype=np.float32)


class Autoencoder(nn.Module):
    """What one writes by hand: a tied sigmoid autoencoder that corrupts its input."""

    def __init__(self, n_visible: int, n_hidden: int):
        super().__init__()
        bound = 4 * (6 / (n_visible + n_hidden)) ** 0.5
        self.weight = nn.Parameter(torch.empty(n_visible, n_hidden).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(n_hidden))
        self.decoder_bias = nn.Parameter(torch.zeros(n_visible))

    def forward(self, x: Tensor) -> Tensor:  # (B, d) -> (B, d), before the sigmoid
        corrupted = x * (torch.rand_like(x) >= CORRUPTION)
        code = torch.sigmoid(corrupted @ self.weight + self.bias)
        return code @ self.weight.T + self.decoder_bias


def cross_entropy(sums: Tensor, x: Tensor) -> Tensor:
    return nn.functional.binary_cross_entropy_with_logits(sums, x, reduction="sum") / len(x)


def by_hand(x: np.ndarray, n_hidden: int, batch: int, n_epochs: int) -> int:
    """Train in a plain torch loop, the batches sliced from a tensor; return the steps made."""
    data, n_steps = torch.from_numpy(x), 0
    module = Autoencoder(x.shape[1], n_hidden)
    optimizer = torch.optim.SGD(module.parameters(), lr=RATE)
    for _ in range(n_epochs):
        for rows in torch.randperm(len(data)).split(batch):
            samples = data[rows]
            optimizer.zero_grad()
            cross_entropy(module(samples), samples).backward()
            optimizer.step()
            n_steps += 1
    return n_steps


class SummedCrossEntropy(nn.Module):
    """The same loss, as skorch wants it."""

    def forward(self, sums: Tensor, x: Tensor) -> Tensor:
        return cross_entropy(sums, x)


def by_skorch(x: np.ndarray, n_hidden: int, batch: int, n_epochs: int) -> int:
    """Train with skorch as it comes: its loop, its data loader."""
    net = skorch.NeuralNet(
        Autoencoder,
        SummedCrossEntropy,
        module__n_visible=x.shape[1],
        module__n_hidden=n_hidden,
        optimizer=torch.optim.SGD,
        lr=RATE,
        batch_size=batch,
        max_epochs=n_epochs,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )
    net.fit(x, x)
    return n_epochs * -(-len(x) // batch)


def by_engine(engine: str) -> Callable:
    """Train with SDATransformer and one of its engines."""

    def train(x: np.ndarray, n_hidden: int, batch: int, n_epochs: int) -> int:
        model = SDATransformer(
            n_hidden,
            corruption_level=CORRUPTION,
            learning_rate_init=RATE,
            batch_size=batch,
            max_iter=n_epochs,
            scaling="none",
            engine=engine,
            random_state=0,
        ).fit(x)
        return model.n_iter_ * max(1, round(len(x) / batch))

    return train


METHODS = {
    "kernel": by_engine("kernel"),
    "torch by hand": by_hand,
    "skorch": by_skorch,
    "SDATransformer's torch engine": by_engine("torch"),
}


def microseconds_a_step(method: Callable, x, n_hidden: int, batch: int, n_epochs: int) -> float:
    """Cost of a step beyond the first ``n_epochs``, in a fit of five times as many."""
    seconds, n_steps = [], []
    for n in (n_epochs, 5 * n_epochs):
        start = time.perf_counter()
        n_steps.append(method(x, n_hidden, batch, n))
        seconds.append(time.perf_counter() - start)
    return 1e6 * (seconds[1] - seconds[0]) / (n_steps[1] - n_steps[0])


def compare_steps(results: Results, n_rounds: int) -> None:
    """The paper's network on 384 genes, on one thread; all run for about the same time."""
    x, epochs = profiles(N_GENES, N_TIMES), {"kernel": 1000}
    rounds = {name: [] for name in METHODS}
    torch.set_num_threads(1)
    for number in range(n_rounds + 1):
        for name, method in METHODS.items():
            cost = microseconds_a_step(method, x, N_HIDDEN, BATCH, epochs.get(name, 5))
            if number:  # the first round warms up
                rounds[name].append(cost)
    for name, costs in rounds.items():
        ratio = statistics.median(c / k for c, k in zip(costs, rounds["kernel"], strict=True))
        cell = {"microseconds": statistics.median(costs), "times_kernel": ratio, "rounds": costs}
        print(f"{name:>30}: {cell['microseconds']:8.2f} us a step, {ratio:6.1f} x the kernel")
        results.add(f"step/{name}", cell)


def compare_sizes(results: Results) -> None:
    """Cost of a step by the size of the matrix, batch 4, one thread."""
    torch.set_num_threads(1)
    for n_visible, n_hidden in SIZES:
        n_weights, x = n_visible * n_hidden, profiles(40, n_visible)
        n_epochs = int(np.clip(5e6 / n_weights, 2, 2000))
        costs = [
            microseconds_a_step(METHODS["kernel"], x, n_hidden, BATCH, n_epochs) for _ in range(5)
        ]
        cost = statistics.median(costs)
        print(f"{n_visible} x {n_hidden}: {cost:.2f} us, {1e3 * cost / n_weights:.2f} ns a weight")
        results.add(f"size/{n_visible}x{n_hidden}", {"microseconds": cost, "n_weights": n_weights})


def compare_crossover(results: Results) -> None:
    """Both engines by size and batch: where is torch, on all cores, as fast as the kernel?"""
    torch.set_num_threads(os.cpu_count())
    names = ("kernel", "SDATransformer's torch engine")
    for n_visible, n_hidden in CROSSOVER_SIZES:
        for batch in CROSSOVER_BATCHES:
            x, products = profiles(4 * batch, n_visible), n_visible * n_hidden * batch
            n_epochs = int(np.clip(2e7 / products, 2, 20))
            rounds = [
                [microseconds_a_step(METHODS[name], x, n_hidden, batch, n_epochs) for name in names]
                for _ in range(4)
            ][1:]  # the first round warms up
            kernel, by_torch = map(statistics.median, zip(*rounds, strict=True))
            ratio = statistics.median(costs[1] / costs[0] for costs in rounds)
            print(f"{products:>12,} products: torch takes {ratio:.2f} x the kernel")
            results.add(
                f"crossover/{n_visible}x{n_hidden}/{batch}",
                {"products": products, "kernel": kernel, "torch": by_torch, "ratio": ratio},
            )


def measure_start(results: Results) -> None:
    """Seconds before the first step: importing, compiling once a machine, loading ever after."""
    code = (
        "import time; start = time.perf_counter(); import numpy as np\n"
        "from sklearn_dgex import SDATransformer; imported = time.perf_counter()\n"
        "SDATransformer(3, max_iter=1, engine='kernel').fit(np.eye(4))\n"
        "print(imported - start, time.perf_counter() - imported)"
    )
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
        for name in ("compiling", "loading"):
            command = [sys.executable, "-c", code]
            output = subprocess.check_output(command, env=environment, text=True)
            importing, first_fit = map(float, output.split())
            print(f"{name}: import {importing:.2f} s, first fit {first_fit:.2f} s")
            results.add(f"start/{name}", {"import_s": importing, "first_fit_s": first_fit})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one round, no crossover")
    options = parser.parse_args()
    results = Results("sda", RESULTS)
    measure_start(results)
    compare_steps(results, 1 if options.quick else 7)
    compare_sizes(results)
    if not options.quick:
        compare_crossover(results)


if __name__ == "__main__":
    main()
