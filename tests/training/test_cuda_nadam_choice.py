"""Which way Nadam takes off the CPU; tensors on "meta" have a device and no numbers."""

import pytest
import torch

from sklearn_dgex.training import Nadam
from sklearn_dgex.training.cuda import capability


@pytest.fixture
def taken(monkeypatch):
    """The ways that steps took, instead of taking them."""
    ways = []
    monkeypatch.setattr(torch.optim.NAdam, "step", lambda self, closure=None: ways.append("torch"))
    monkeypatch.setattr(Nadam, "descend", lambda self, pieces, numbers: ways.append("kernel"))
    return ways


def step(*kinds, transposed=False):
    values = [torch.nn.Parameter(torch.empty(3, 4, device="meta", dtype=kind)) for kind in kinds]
    for value in values:
        value.grad = torch.empty(3, 4, device="meta", dtype=value.dtype)
        if transposed:
            value.grad = torch.empty(4, 3, device="meta").mT
    Nadam(values).step()


@pytest.mark.parametrize(
    ("works", "arguments", "way"),
    [
        (True, {"kinds": [torch.float32]}, "kernel"),
        (False, {"kinds": [torch.float32]}, "torch"),
        (True, {"kinds": [torch.float32, torch.float64]}, "torch"),
        (True, {"kinds": [torch.float32], "transposed": True}, "torch"),
    ],
)
def test_the_kernel_where_it_works_and_all_is_plain(monkeypatch, taken, works, arguments, way):
    monkeypatch.setattr(capability, "runs_kernels", lambda device: works)
    step(*arguments.pop("kinds"), **arguments)
    assert taken == [way]


def test_parameters_on_several_devices_are_left_to_torch(monkeypatch, taken):
    monkeypatch.setattr(capability, "runs_kernels", lambda device: True)
    values = [torch.nn.Parameter(torch.empty(3, device=device)) for device in ("cpu", "meta")]
    for value in values:
        value.grad = torch.empty_like(value)
    Nadam(values).step()
    assert taken == ["torch"]


def test_a_loaded_state_keeps_its_counters_on_the_cpu():
    value = torch.nn.Parameter(torch.empty(3, device="meta"))
    optimizer = Nadam([value])
    optimizer.advance([value], optimizer.param_groups[0])
    state, moved = optimizer.state[value], []

    class OnDevice(torch.Tensor):
        def cpu(self):
            moved.append(1)
            return torch.tensor(self.item())

    for name in ("step", "mu_product"):  # as a state dict loaded with its weights brings them
        state[name] = torch.tensor(state[name].item()).as_subclass(OnDevice)
    optimizer.advance([value], optimizer.param_groups[0])
    assert moved == [1, 1]
    assert {name: state[name].device.type for name in state} == {
        "step": "cpu",
        "mu_product": "cpu",
        "exp_avg": "meta",
        "exp_avg_sq": "meta",
    }
