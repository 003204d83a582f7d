import sys
import warnings

import pytest

from sklearn_dgex.exceptions import SlowEngineWarning
from sklearn_dgex.training.autoencoder import engines, kernel_obstacle, pick_engine

SMALL = {"device": "cpu", "sizes": [17, 10], "batch_size": 10, "callbacks": None}


@pytest.fixture
def set_numba(monkeypatch):
    """Have numba, or not: ``set_numba(True)``."""

    def have(there):
        obstacle = None if there else "numba can't be imported"
        monkeypatch.setattr(engines, "kernel_obstacle", lambda: obstacle)

    return have


def pick(engine="auto", **changes):
    return pick_engine(engine, **(SMALL | changes))


def pick_quietly(engine="auto", **changes):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return pick(engine, **changes)


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_auto_takes_the_kernel_for_small_networks(device, set_numba):
    set_numba(True)
    assert pick_quietly(device=device) == "kernel"
    assert pick_quietly(device=device, sizes=[17, 10, 5], callbacks=[]) == "kernel"


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize(
    "changes",
    [
        {"device": "cuda"},
        {"device": "cuda:1"},
        {"callbacks": [object()]},
        {"sizes": [5000, 5000]},
        {"batch_size": 1_000_000},
    ],
    ids=["cuda", "cuda:1", "callbacks", "large", "large batch"],
)
def test_auto_takes_torch_for_all_others_and_says_nothing(changes, there, set_numba):
    set_numba(there)
    assert pick_quietly(**changes) == "torch"


def test_the_crossover_counts_weights_times_samples(monkeypatch, set_numba):
    set_numba(True)
    monkeypatch.setattr(engines, "CROSSOVER", 10 * (17 * 10 + 10 * 4))
    at = {"sizes": [17, 10, 4], "batch_size": 10}
    assert pick(**at) == "kernel"
    assert pick(**(at | {"batch_size": 11})) == "torch"
    assert pick(**(at | {"sizes": [17, 10, 5]})) == "torch"
    assert pick("kernel", **(at | {"batch_size": 11})) == "kernel"  # who asks for it gets it


@pytest.mark.parametrize("there", [True, False])
def test_torch_is_always_there_and_never_slow_to_who_asked(there, set_numba):
    set_numba(there)
    assert pick_quietly("torch") == "torch"


def test_without_numba_auto_warns_and_the_kernel_is_an_error(set_numba):
    set_numba(False)
    with pytest.warns(SlowEngineWarning, match=r"pip install 'sklearn_dgex\[fast\]'") as caught:
        assert pick() == "torch"
    assert caught[0].filename == __file__
    with pytest.raises(
        ImportError, match=r"^engine='kernel' needs numba; pip install 'sklearn_dgex\[fast\]'"
    ):
        pick("kernel")


@pytest.mark.parametrize(
    ("changes", "got"),
    [
        ({"device": "cuda:0"}, "device='cuda:0' and 0 callbacks"),
        ({"callbacks": [object(), object()]}, "device='cpu' and 2 callbacks"),
    ],
    ids=["cuda", "callbacks"],
)
def test_the_kernel_knows_neither_cuda_nor_callbacks(changes, got, set_numba):
    set_numba(True)
    with pytest.raises(
        ValueError, match=rf"'engine' parameter must be .* Got 'kernel' with {got} instead\.$"
    ):
        pick("kernel", **changes)


class BrokenFinder:
    """Imports nothing, in the way of a numba that is older than its numpy."""

    def find_spec(self, name, path=None, target=None):
        if name == "numba":
            raise SystemError("numba needs an older numpy")


def test_a_numba_that_cannot_be_used_is_said_to_be_so(monkeypatch):
    monkeypatch.delitem(sys.modules, "numba", raising=False)
    monkeypatch.setattr(sys, "meta_path", [BrokenFinder(), *sys.meta_path])
    assert kernel_obstacle() == "numba can't be imported (numba needs an older numpy)"
    with pytest.warns(SlowEngineWarning, match=r"as numba can't be imported \(numba needs"):
        assert pick() == "torch"
    with pytest.raises(ImportError, match="Here numba can't be imported"):
        pick("kernel")


def test_a_numba_without_its_compiler_is_no_kernel(monkeypatch):
    numba = pytest.importorskip("numba", reason="numba compiles the kernel")
    assert kernel_obstacle() is None
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    assert "NUMBA_DISABLE_JIT" in kernel_obstacle()
