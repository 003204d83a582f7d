"""What every test shares."""

import importlib
import os
import sys
from pathlib import Path

import pytest

# Read once, when numpy and torch are first loaded: one thread a process, as pytest runs two.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("MPLBACKEND", "Agg")  # pictures without a screen


def pytest_runtest_setup(item):
    if item.get_closest_marker("gpu"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("needs a CUDA device")


@pytest.fixture(scope="session")
def gdsc(tmp_path_factory):
    """The GDSC cell lines, where the files are at hand: nothing is downloaded."""
    from sklearn_dgex.datasets import fetch_gdsc_cell_lines

    pytest.importorskip("pyarrow", reason="reading the GDSC files needs pyarrow")
    try:
        return fetch_gdsc_cell_lines(
            data_home=tmp_path_factory.mktemp("empty"), download_if_missing=False
        )
    except OSError:
        pytest.skip("the GDSC files are not in the folder named by SKLEARN_DGEX_DATA")


@pytest.fixture(scope="session")
def import_benchmark():
    """Return ``import_benchmark(folder, name)``: a module of benchmarks/folder."""

    def load(folder, name):
        path = Path(__file__).parent.parent / "benchmarks" / folder
        if not path.exists():
            pytest.skip("the benchmarks are not part of a source distribution")
        sys.path.insert(0, str(path))
        try:
            return importlib.import_module(name)
        finally:
            sys.path.remove(str(path))

    return load
