"""The machine that a benchmark runs on: what it is, and what it can do at its best."""

from __future__ import annotations

import os
import platform
import re
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from threadpoolctl import threadpool_info

SIDE = 2048  # of the square matrices
COPIED = 64 << 20  # float32 numbers: 256 MiB, far beyond any cache
BFLOAT16_UNITS = ("avx512_bf16", "amx_bf16", "sve_bf16", "bf16")


def describe() -> dict:
    """Processor, threads and libraries, as far as they bear on the figures."""
    return {
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "torch_threads": torch.get_num_threads(),
        "torch_capability": torch.backends.cpu.get_cpu_capability(),
        "torch_blas": torch_blas(),
        "numpy_blas": numpy_blas(),
        "bfloat16_units": has_bfloat16_units(),
    }


def cpu_model() -> str:
    """Return the processor's name as the system knows it."""
    path = Path("/proc/cpuinfo")
    named = re.search(r"model name\s*:\s*(.+)", path.read_text()) if path.exists() else None
    return named[1].strip() if named else platform.processor() or platform.machine()


def torch_blas() -> str:
    """Name the libraries that torch multiplies matrices with, by its own account."""
    built = torch.__config__.show()
    known = {"MKL": r"Math Kernel Library Version (\S+)", "oneDNN": r"MKL-DNN v(\S+)"}
    found = {name: re.search(pattern, built) for name, pattern in known.items()}
    named = [f"{name} {match[1]}" for name, match in found.items() if match]
    return ", ".join(named) or re.search(r"BLAS_INFO=(\w+)|$", built)[1] or "unknown"


def numpy_blas() -> str:
    """Name numpy's library, which scikit-learn multiplies matrices with."""
    np.ones((2, 2)) @ np.ones((2, 2))
    for library in threadpool_info():
        if library["user_api"] == "blas" and "numpy" in library["filepath"]:
            kind = library.get("architecture", "")
            return f"{library['internal_api']} {library['version']} {kind}".strip()
    return "unknown"


def has_bfloat16_units() -> bool:
    """Whether torch sees instructions that multiply bfloat16 numbers."""
    if not hasattr(torch.cpu, "get_capabilities"):  # before torch 2.10 or so
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in BFLOAT16_UNITS)


class Peaks:
    """Products of large square matrices and copies of large blocks, measured when asked.

    Rates of a round are lists: the best of them is what the machine can do, their median says how
    steadily it does it. A copy of n bytes counts 2 n: those read and those written.
    """

    def __init__(self, n_times: int = 5):
        self.n_times = n_times
        kinds = [torch.float32] + [torch.bfloat16] * has_bfloat16_units()
        generator = torch.Generator().manual_seed(0)
        square = torch.randn(SIDE, SIDE, generator=generator)
        self.squares = {kind: square.to(kind) for kind in kinds}
        self.outs = {kind: torch.empty_like(a) for kind, a in self.squares.items()}
        self.block, self.copied = torch.ones(COPIED), torch.ones(COPIED)

    def measure(self) -> dict[str, list[float]]:
        """Rates of this moment: products in GFLOP/s, copies in GB/s."""
        rates = {"copy": self._rates(lambda: self.copied.copy_(self.block), 8e-9 * COPIED)}
        for kind, a in self.squares.items():
            name = "sgemm" if kind == torch.float32 else "bfloat16"
            out = self.outs[kind]
            rates[name] = self._rates(lambda a=a, out=out: torch.mm(a, a, out=out), 2e-9 * SIDE**3)
        return rates

    def _rates(self, work, amount: float) -> list[float]:
        work()
        rates = []
        for _ in range(self.n_times):
            started = time.perf_counter()
            work()
            rates.append(amount / (time.perf_counter() - started))
        return rates


def summarised(rounds: list[dict[str, list[float]]]) -> dict[str, dict[str, float]]:
    """Best and median of each rate over all rounds."""
    every = {name: [rate for one in rounds for rate in one[name]] for name in rounds[0]}
    return {
        name: {"best": max(rates), "median": statistics.median(rates)}
        for name, rates in every.items()
    }
