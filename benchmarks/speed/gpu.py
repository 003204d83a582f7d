"""What does a step of training cost on a GPU, beside what the machine can do at its best?

    SKLEARN_DGEX_DATA=… python benchmarks/speed/gpu.py [--quick] [--only SUBSTRING]

The papers' largest networks (942 landmarks, 4,759 targets, width 10,000: 257 million parameters),
with one tower and five, both halves of the targets at once, and one network for all 9,518. For each
batch size and precision, three ways follow one another: the recorded step (a CUDA graph), the same
without graphs, and torch.optim.NAdam in a plain loop. Beside them stand

floor     the products' flop at the rate of large square matrices in that precision, and Nadam's
          bytes at the rate of a large copy; a step can be no faster
products  the step's own products alone, in their own sizes

profile   calls that make the CPU wait, and copies from the device, in 20 steps: none is wanted
protocol  an epoch of 88,256 samples, with the profiles on the device and on the CPU, and what 600
          epochs of both halves come to
accuracy  MMAE of tf32 and bfloat16 beside float32 on the GDSC cell lines, where the variable names
          the folder of real data

Needs a CUDA device of some 40 GB; written for an H100. Results go to results/gpu.json beside this
script, cell by cell: a second call goes on where one was cut.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

sys.path.append(str(Path(__file__).resolve().parents[1] / "paper"))  # where Results is at home
from _results import Results

from sklearn_dgex.nn import TargetParts, TowerNetwork
from sklearn_dgex.nn.sizing import tower_width
from sklearn_dgex.training import Nadam, Profiles
from sklearn_dgex.training.cuda import capability
from sklearn_dgex.training.device import arithmetic
from sklearn_dgex.training.losses import ProfileLoss
from sklearn_dgex.training.profiles import TrainingBatches
from sklearn_dgex.training.steps import fast_step

RESULTS = Path(__file__).parent / "results"
N_LANDMARKS, N_TARGETS, WIDTH, DROPOUT = 942, 4759, 10_000, 0.25
N_PROTOCOL, N_EPOCHS, PROTOCOL_BATCH = 88_256, 600, 200
BATCHES, PRECISIONS = (64, 200, 1024), ("tf32", "bfloat16")
WAYS = ("graph", "no graph", "torch")
SIDE, COPIED = 8192, 1 << 28  # of square matrices; float32 numbers, 1 GiB
# Read: weight, gradient, two moments; written: weight, two moments. For bfloat16 the gradient is
# half as long, and the rounded copy is written in its place.
BYTES_A_PARAMETER = 28
WAITS = ("Synchronize", "DtoH", "aten::item", "aten::_local_scalar_dense")


@dataclass(frozen=True)
class Case:
    """Networks that train at once: how many, for how many targets each, of how many towers."""

    name: str
    n_networks: int = 1
    n_targets: int = N_TARGETS
    n_towers: int = 1

    def module(self, device: torch.device, width: int = WIDTH) -> torch.nn.Module:
        w = tower_width(width, self.n_towers, n_features_in=N_LANDMARKS, n_targets=self.n_targets)
        shape = {"n_towers": self.n_towers, "dropout": DROPOUT}
        if self.n_towers > 1:
            shape |= {"n_folds": 2, "skip_connection": True}
        networks = [
            TowerNetwork(N_LANDMARKS, self.n_targets, w, **shape) for _ in range(self.n_networks)
        ]
        module = networks[0] if self.n_networks == 1 else TargetParts(networks)
        for part in module.modules():
            if hasattr(part, "generator"):
                part.generator = torch.Generator().manual_seed(0)
        return module.to(device).train()


CASES = (
    Case("1 tower"),
    Case("5 towers", n_towers=5),
    Case("both halves", n_networks=2),
    Case("9,518 targets", n_targets=2 * N_TARGETS),
)


def random_profiles(
    n_samples: int, n_targets: int, device: torch.device, home: torch.device | None = None
) -> Profiles:
    """Profiles of random numbers, on the device or at ``home``."""
    home = home or device
    return Profiles(
        x=torch.randn(n_samples, N_LANDMARKS, device=home),
        y=torch.randn(n_samples, n_targets, device=home),
        y_scale=torch.ones(n_targets, device=device),
        weight=None,
        train_index=torch.arange(n_samples, device=home).unsqueeze(0),
        valid_index=torch.empty((1, 0), dtype=torch.int64, device=home),
    )


def batches_of(profiles: Profiles, batch_size: int) -> TrainingBatches:
    return TrainingBatches(profiles, batch_size, 0.0, torch.Generator().manual_seed(0))


def endless(batches) -> Iterator:
    while True:
        yield from batches


def plain_step(module, criterion, optimizer, precision: str) -> Callable:
    """The loop that one writes by hand; with Nadam, the package's own where it has no graph."""

    def step(batch):
        x, y, weight = batch
        optimizer.zero_grad(set_to_none=True)
        with arithmetic(precision, x.device):
            loss = criterion(module(x).to(y.dtype), y, weight)
        with arithmetic("float32" if precision == "bfloat16" else precision, x.device):
            loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def step_of(way: str, module, precision: str) -> Callable:
    criterion = ProfileLoss("absolute_error")
    if way == "torch":
        optimizer = torch.optim.NAdam(module.parameters(), lr=1e-4, decoupled_weight_decay=True)
        return plain_step(module, criterion, optimizer, precision)
    optimizer = Nadam(module.parameters(), lr=1e-4)
    if way == "no graph":
        return plain_step(module, criterion, optimizer, precision)
    step = fast_step(module, criterion, optimizer, precision)
    if step is None:
        sys.exit("The package does not record steps on this device; see capability.py for why.")
    return step


def seconds(work: Callable[[], object], n_times: int, device: torch.device) -> float:
    """Seconds a call, of calls that are queued up one behind the other."""
    settle(device)
    started = time.perf_counter()
    for _ in range(n_times):
        work()
    settle(device)
    return (time.perf_counter() - started) / n_times


def settle(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def peak_rates(device: torch.device, side: int = SIDE, copied: int = COPIED) -> dict[str, float]:
    """Best of five: flop a second of products in each precision, bytes a second of a copy."""
    rates = {}
    for precision in ("float32", *PRECISIONS):
        kind = torch.bfloat16 if precision == "bfloat16" else torch.float32
        a, b, out = (torch.randn(side, side, device=device).to(kind) for _ in "abc")
        with arithmetic("float32" if precision == "bfloat16" else precision, device):
            taken = [
                seconds(lambda a=a, b=b, out=out: torch.mm(a, b, out=out), 10, device)
                for _ in range(6)
            ]
        rates[precision] = 2 * side**3 / min(taken[1:])
    source, target = (torch.ones(copied, device=device) for _ in "ab")
    taken = [seconds(lambda: target.copy_(source), 10, device) for _ in range(6)]
    return rates | {"copy": 8 * copied / min(taken[1:])}


def matrices(module: torch.nn.Module) -> Iterator[tuple[torch.nn.Parameter, bool]]:
    """Each matrix of weights, and whether its inputs are landmarks, whose gradient nobody needs."""
    networks = module.networks if isinstance(module, TargetParts) else [module]
    for network in networks:
        yield network.input_weight, True
        for layer in network.hidden_layers:
            yield layer.weight, False
        yield network.output_weight, False


def floor(module: torch.nn.Module, batch: int, precision: str, rates: dict[str, float]) -> dict:
    """Seconds below which no step can be."""
    flop = sum((4 if first else 6) * batch * w.numel() for w, first in matrices(module))
    n_parameters = sum(parameter.numel() for parameter in module.parameters())
    products = flop / rates[precision]
    nadam = BYTES_A_PARAMETER * n_parameters / rates["copy"]
    return {
        "n_parameters": n_parameters,
        "flop": flop,
        "floor_products": products,
        "floor_nadam": nadam,
        "floor": products + nadam,
    }


@torch.no_grad()
def products_alone(module: torch.nn.Module, batch: int, precision: str, device) -> float:
    """Seconds of a step's products, one by one in their own sizes."""
    kind = torch.bfloat16 if precision == "bfloat16" else torch.float32
    total = 0.0
    with arithmetic("float32" if precision == "bfloat16" else precision, device):
        for weight, first in matrices(module):
            w = weight.detach().to(kind)
            x = torch.randn(*w.shape[:-2], batch, w.shape[-2], device=device).to(kind)
            d = torch.randn(*w.shape[:-2], batch, w.shape[-1], device=device).to(kind)
            products = [lambda x=x, w=w: x @ w, lambda x=x, d=d: x.mT @ d]
            if not first:
                products.append(lambda d=d, w=w: d @ w.mT)
            for one in products:
                one()
                total += seconds(one, 20, device)
    return total


def measure_step(
    case: Case, batch: int, precision: str, rates: dict, device, *, n_rounds: int, n_steps: int
) -> dict:
    """Seconds of a step in each of the three ways, in turns."""
    profiles = random_profiles(20 * batch, case.n_networks * case.n_targets, device)
    module = case.module(device)
    facts = floor(module, batch, precision, rates) | {"batch": batch}
    facts["products"] = products_alone(module, batch, precision, device)
    del module
    # One after the other: moments and gradients of all three would not fit beside each other.
    taken, peaks = {}, {}
    for way in WAYS:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
        step = step_of(way, case.module(device), precision)
        taken[way] = rounds_of(step, profiles, batch, n_rounds, n_steps)
        peaks[way] = torch.cuda.max_memory_allocated(device) / 2**30
        del step
    median = {way: statistics.median(rounds) for way, rounds in taken.items()}
    return facts | {
        "seconds": median,
        "all": taken,
        "to_floor": {way: value / facts["floor"] for way, value in median.items()},
        "peak_gib": peaks,
    }


def rounds_of(step: Callable, profiles: Profiles, batch: int, n_rounds: int, n_steps: int):
    """Seconds of a step, in each of the rounds."""
    stream = endless(batches_of(profiles, batch))
    for _ in range(10):  # three are plain before one is recorded
        step(next(stream))
    return [seconds(lambda: step(next(stream)), n_steps, profiles.device) for _ in range(n_rounds)]


def measure_waits(case: Case, batch: int, device, *, n_steps: int = 20) -> dict:
    """Calls in recorded steps that make the CPU wait, and copies to it."""
    from torch.profiler import ProfilerActivity, profile

    profiles = random_profiles(20 * batch, case.n_networks * case.n_targets, device)
    step = step_of("graph", case.module(device), "tf32")
    stream = endless(batches_of(profiles, batch))
    for _ in range(10):
        step(next(stream))
    drawn = list(itertools.islice(stream, n_steps))
    settle(device)
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as profiled:
        for one in drawn:
            step(one)
    counts = {event.key: event.count for event in profiled.key_averages()}
    of_steps = {key: n for key, n in counts.items() if key.startswith(("cuda", "Memcpy", "cu"))}
    waits = {key: n for key, n in counts.items() if any(word in key for word in WAITS)}
    # Closing the profile waits for the device once or twice; `item` reads numbers on the CPU.
    return {"n_steps": n_steps, "waits": waits, "calls": of_steps}


def measure_protocol(device, n_samples: int, width: int = WIDTH) -> dict:
    """Seconds of an epoch, and hours of the papers' 600 for both halves, one after the other."""
    case, cell = CASES[0], {"n_samples": n_samples, "batch": PROTOCOL_BATCH}
    for precision, where in itertools.product(PRECISIONS, ("device", "cpu")):
        home = device if where == "device" else torch.device("cpu")
        profiles = random_profiles(n_samples, N_TARGETS, device, home)
        batches = batches_of(profiles, PROTOCOL_BATCH)
        step = step_of("graph", case.module(device, width), precision)
        epoch(step, batches)  # in which batches of both sizes are recorded
        taken = epoch(step, batches)
        cell[f"{precision}/{where}"] = {
            "epoch_seconds": taken,
            "steps": len(batches),
            "protocol_hours": 2 * N_EPOCHS * taken * N_PROTOCOL / n_samples / 3600,
        }
        del step, profiles
    return cell


def epoch(step: Callable, batches: TrainingBatches) -> float:
    """Seconds of an epoch, up to its loss."""
    started, total = time.perf_counter(), 0.0
    for batch in batches:
        total = total + step(batch)
    float(total)
    return time.perf_counter() - started


def measure_accuracy(results: Results, quick: bool) -> None:
    """MMAE of the default network on test lines that it has not seen, in each precision."""
    from accuracy_gdsc import load, split

    from sklearn_dgex import DGEXRegressor
    from sklearn_dgex.metrics import mmae

    X, y = load(quick)
    for seed, precision in itertools.product(range(1 if quick else 3), ("float32", *PRECISIONS)):
        train, valid, test = split(len(X), seed)
        learnt = np.concatenate([train, valid])
        model = DGEXRegressor(
            precision=precision, device="cuda", max_iter=20 if quick else "auto", random_state=seed
        )
        started = time.perf_counter()
        model.fit(X.iloc[learnt], y.iloc[learnt])
        cell = {
            "mmae": float(mmae(y.iloc[test].to_numpy(), model.predict(X.iloc[test]))),
            "fit_seconds": time.perf_counter() - started,
            "n_iter": model.n_iter_,
        }
        results.add(f"accuracy/{precision}/split {seed}", cell)
        print(f"accuracy/{precision}/split {seed}", cell, flush=True)


def describe(device: torch.device) -> dict:
    properties = torch.cuda.get_device_properties(device)
    try:
        import triton

        version = triton.__version__
    except ImportError:
        version = None
    return {
        "device": properties.name,
        "memory_gib": properties.total_memory / 2**30,
        "capability": list(torch.cuda.get_device_capability(device)),
        "triton": version,
        "runs_kernels": capability.runs_kernels(device),
    }


def run_all(results: Results, options, device: torch.device) -> None:
    def wanted(key: str) -> bool:
        return options.only in key and key not in results

    rates = peak_rates(device)
    results.add("machine", describe(device) | {"rates": rates})
    print("machine", results["machine"], flush=True)
    effort = {"n_rounds": 1, "n_steps": 10} if options.quick else {"n_rounds": 5, "n_steps": 50}
    cases = CASES[:1] if options.quick else CASES
    for case, batch, precision in itertools.product(cases, BATCHES, PRECISIONS):
        key = f"step/{case.name}/batch {batch:,}/{precision}"
        if wanted(key):
            results.add(key, measure_step(case, batch, precision, rates, device, **effort))
            print(key, results[key]["seconds"], results[key]["to_floor"], flush=True)
    for batch in BATCHES:
        key = f"waits/{CASES[0].name}/batch {batch:,}"
        if wanted(key):
            results.add(key, measure_waits(CASES[0], batch, device))
            print(key, results[key]["waits"], flush=True)
    if wanted("protocol"):
        n_samples = 20 * PROTOCOL_BATCH if options.quick else N_PROTOCOL
        results.add("protocol", measure_protocol(device, n_samples))
        print("protocol", results["protocol"], flush=True)
    if options.only in "accuracy" and os.environ.get("SKLEARN_DGEX_DATA"):
        measure_accuracy(results, options.quick)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one tower, one round, a short epoch")
    parser.add_argument("--only", default="", help="cells whose name contains it")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("This benchmark needs a CUDA device, and torch sees none here.")
    results = Results("gpu", RESULTS / "quick" if options.quick else RESULTS)
    run_all(results, options, torch.device("cuda", torch.cuda.current_device()))


if __name__ == "__main__":
    main()
