"""What is asked of a device: once, without hiding why it can't, and not for good if it may yet."""

import warnings

import pytest
import torch

from sklearn_dgex.exceptions import SlowEngineWarning
from sklearn_dgex.training.cuda import capability

CUDA = torch.device("cuda", 0)


@pytest.fixture
def tries(monkeypatch):
    """Let the kernels raise what the test sets, and count how often they are tried."""
    monkeypatch.setattr(capability, "_TRIED", {})
    tried = []

    def set_error(error):
        def try_kernels(device):
            tried.append(device)
            if error is not None:
                raise error

        monkeypatch.setattr(capability, "_try_kernels", try_kernels)
        return tried

    return set_error


def test_kernels_that_work_are_tried_once(tries):
    tried = tries(None)
    assert [capability.runs_kernels(CUDA) for _ in range(3)] == [True] * 3
    assert tried == [CUDA]


def test_a_missing_triton_is_no_surprise(tries):
    tried = tries(ImportError("no module named triton"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not capability.runs_kernels(CUDA)
        assert not capability.records_graphs(CUDA)
    assert tried == [CUDA]


def test_a_triton_that_does_not_work_is_told_of_once(tries):
    tried = tries(RuntimeError("Failed to find C compiler"))
    with pytest.warns(SlowEngineWarning, match="on cuda:0 without .* Failed to find C compiler"):
        assert not capability.runs_kernels(CUDA)
    assert not capability.runs_kernels(CUDA)
    assert tried == [CUDA]


def test_a_device_without_memory_is_asked_again(tries):
    tries(torch.OutOfMemoryError("out of memory"))
    assert not capability.runs_kernels(CUDA)
    tries(None)
    assert capability.runs_kernels(CUDA)
