import copy

import numpy as np
import pytest
import torch

from sklearn_dgex.training import Nadam, nadam

CHUNK = 16


@pytest.fixture(autouse=True)
def _small_chunk(monkeypatch):
    monkeypatch.setattr(nadam, "CHUNK", CHUNK)


def parameters():
    """Smaller than a chunk, larger, of one number, and larger but not laid out in order."""
    generator = torch.Generator().manual_seed(0)
    shapes = [(5,), (7, 9), ()]
    made = [torch.randn(s, dtype=torch.float64, generator=generator) for s in shapes]
    return [torch.nn.Parameter(p) for p in (*made, made[1].clone().T)]


def gradients(step, values):
    """Of a made-up loss, other in each step, with sizes from 1e-9 to 1e3."""
    rng = np.random.default_rng(step)
    for value in values:
        noise = torch.from_numpy(np.asarray(rng.normal(size=tuple(value.shape))))
        size = torch.from_numpy(np.asarray(10.0 ** rng.uniform(-9, 3, tuple(value.shape))))
        yield noise * size + 0.1 * value.detach()


def run(optimizer, values, steps):
    for step in steps:
        for value, gradient in zip(values, gradients(step, values), strict=True):
            value.grad = gradient
        optimizer.step()
    return values


SETTINGS = {"lr": 1e-2, "momentum_decay": 4e-3, "eps": 1e-7, "betas": (0.9, 0.999)}


@pytest.mark.parametrize("changed", [{}, {"weight_decay": 0.1}, {"betas": (0.8, 0.99)}], ids=str)
def test_thousand_steps_equal_torchs(changed):
    settings = SETTINGS | changed
    mine, theirs = parameters(), parameters()
    assert {p.numel() > CHUNK for p in mine} == {True, False}
    run(Nadam(mine, **settings), mine, range(1000))
    reference = torch.optim.NAdam(theirs, decoupled_weight_decay=True, **settings)
    for value, expected, start in zip(
        mine, run(reference, theirs, range(1000)), parameters(), strict=True
    ):
        torch.testing.assert_close(value, expected, rtol=1e-12, atol=1e-12)
        assert (value != start).all()


@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
def test_thousand_float32_steps_equal_torchs_to_a_millionth(weight_decay):
    """By the compiled loop where there is numba, and else by pieces."""
    start = torch.randn(70_001, generator=torch.Generator().manual_seed(3))
    mine, theirs = (torch.nn.Parameter(start.clone()) for _ in "ab")
    settings = {"lr": 5e-4, "eps": 1e-7, "momentum_decay": 4e-3, "weight_decay": weight_decay}
    optimizer = Nadam([mine], **settings)
    reference = torch.optim.NAdam([theirs], decoupled_weight_decay=True, **settings)
    for step in range(1000):
        generator = torch.Generator().manual_seed(step)
        mine.grad = torch.randn(start.shape, generator=generator) + start
        theirs.grad = mine.grad.clone()
        optimizer.step()
        reference.step()
    assert (mine - start).norm() > 0.1 * start.norm()
    assert (mine - theirs).norm() < 1e-6 * theirs.norm()


def keras_nadam(value, steps, lr=1e-2, beta1=0.9, beta2=0.999, eps=1e-7, decay=4e-3):
    """The update as Keras writes it, number by number."""
    value, product = value.copy(), 1.0
    m, v = np.zeros_like(value), np.zeros_like(value)
    for step in steps:
        (g,) = gradients(step, [torch.from_numpy(value)])
        g, t = g.numpy(), step + 1
        momentum = beta1 * (1 - 0.5 * 0.96 ** (t * decay))
        momentum_next = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * decay))
        product *= momentum
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        g_hat = g / (1 - product)
        m_hat = m / (1 - product * momentum_next)
        m_bar = (1 - momentum) * g_hat + momentum_next * m_hat
        value = value - lr * m_bar / (np.sqrt(v / (1 - beta2**t)) + eps)
    return value


@pytest.fixture
def _float64():
    torch.set_default_dtype(torch.float64)  # of the product of the momenta, in torch and here
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.usefixtures("_float64")
@pytest.mark.parametrize("size", [5, 3 * CHUNK + 2])
def test_the_defaults_are_keras_nadam(size):
    start = np.random.default_rng(1).normal(size=size)
    value = torch.nn.Parameter(torch.from_numpy(start.copy()))
    run(Nadam([value], lr=1e-2), [value], range(200))
    expected = keras_nadam(start, range(200))
    np.testing.assert_allclose(value.detach().numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("there", [Nadam, torch.optim.NAdam])
@pytest.mark.parametrize("back", [Nadam, torch.optim.NAdam])
def test_the_state_is_torchs_own_there_and_back(there, back):
    settings = SETTINGS | {"decoupled_weight_decay": True}
    mine = {name: value for name, value in settings.items() if name != "decoupled_weight_decay"}

    def make(kind, values):
        return kind(values, **(mine if kind is Nadam else settings))

    uninterrupted = run(make(Nadam, values := parameters()), values, range(30))
    values = parameters()
    optimizer = make(there, values)
    run(optimizer, values, range(10))
    state = copy.deepcopy(optimizer.state_dict())
    optimizer = make(back, values)
    optimizer.load_state_dict(state)
    run(optimizer, values, range(10, 20))
    state = copy.deepcopy(optimizer.state_dict())
    optimizer = make(there, values)
    optimizer.load_state_dict(state)
    run(optimizer, values, range(20, 30))
    for value, expected in zip(values, uninterrupted, strict=True):
        torch.testing.assert_close(value, expected, rtol=1e-12, atol=1e-12)


def test_a_parameter_without_a_gradient_is_left_alone():
    used, unused = (torch.nn.Parameter(torch.ones(3)) for _ in "ab")
    optimizer = Nadam([used, unused])
    used.sum().backward()
    optimizer.step()
    assert (used != 1).all()
    assert (unused == 1).all()


def test_a_closure_is_called():
    value = torch.nn.Parameter(torch.tensor([2.0]))
    optimizer = Nadam([value], lr=0.1)

    def loss():
        optimizer.zero_grad()
        (total := value.square().sum()).backward()
        return total

    first = optimizer.step(loss).item()
    assert first == 4.0
    assert value.item() < 2
