import warnings

import pytest

from sklearn_dgex.exceptions import SlowEngineWarning
from sklearn_dgex.training.autoencoder import engines, kernel_is_installed, pick_engine

SMALL = {"device": "cpu", "sizes": [17, 10], "batch_size": 10, "callbacks": None}


@pytest.fixture
def set_numba(monkeypatch):
    """Have numba, or not: ``set_numba(True)``."""
    return lambda there: monkeypatch.setattr(engines, "kernel_is_installed", lambda: there)


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
    ids=str,
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
    ids=str,
)
def test_the_kernel_knows_neither_cuda_nor_callbacks(changes, got, set_numba):
    set_numba(True)
    with pytest.raises(
        ValueError, match=rf"'engine' parameter must be .* Got 'kernel' with {got} instead\.$"
    ):
        pick("kernel", **changes)


def test_numba_is_looked_for_by_name(monkeypatch):
    asked = []
    monkeypatch.setattr(engines, "find_spec", asked.append)
    assert kernel_is_installed() is False
    monkeypatch.setattr(engines, "find_spec", lambda name: object())
    assert kernel_is_installed() is True
    assert asked == ["numba"]
