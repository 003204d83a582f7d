"""The compiled step against autograd on the same module: loss, weights and random numbers."""

import copy

import pytest
import torch

from sklearn_dgex.nn import TargetParts, TowerNetwork
from sklearn_dgex.training import Nadam, Profiles
from sklearn_dgex.training.losses import LOSSES, ProfileLoss
from sklearn_dgex.training.profiles import Batch
from sklearn_dgex.training.steps import fast_step

pytest.importorskip("numba", reason="numba compiles the step")

from sklearn_dgex.training.compiled import step as step_module

N_SAMPLES, N_LANDMARKS, N_TARGETS = 40, 21, 37


def network(seed=0, n_targets=N_TARGETS, tower_width=19, **settings):
    """A network none of whose numbers is 0 or 1, its dropout seeded."""
    settings.setdefault("skip_connection", True)
    generator = torch.Generator().manual_seed(seed)
    made = TowerNetwork(N_LANDMARKS, n_targets, tower_width, generator=generator, **settings)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return made


def seeded(module, seed=1):
    generator = torch.Generator().manual_seed(seed)
    for part in module.modules():
        if hasattr(part, "generator"):
            part.generator = generator
    return module


def batches(n_members, n_batches=3, *, weighted=False, blended=False):
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(N_SAMPLES, N_LANDMARKS, generator=generator)
    y = torch.randn(N_SAMPLES, N_TARGETS, generator=generator)
    profiles = Profiles(x, y, torch.ones(N_TARGETS), None, None, None)
    for n in range(n_batches):
        rows = torch.randint(N_SAMPLES, (n_members, 11 + n % 2), generator=generator)
        batch = Batch(profiles, rows)
        if weighted:
            batch.weight = torch.rand(rows.shape, generator=generator)
            batch.weight[0, 0] = 0
        if blended:
            batch.partners = rows.roll(3, 1)
            batch.share = torch.rand(rows.shape, generator=generator)
        yield batch


def by_autograd(module, loss, data):
    """Losses of steps with torch's own optimiser, whose weights the module then has."""
    optimizer = torch.optim.NAdam(
        module.parameters(), lr=1e-2, eps=1e-7, momentum_decay=4e-3, decoupled_weight_decay=True
    )
    losses = []
    for x, y, weight in data:
        optimizer.zero_grad()
        losses.append(ProfileLoss(loss)(module(x), y, weight))
        losses[-1].backward()
        optimizer.step()
    return torch.stack(losses).detach()


def by_step(module, loss, data, precision="float32"):
    optimizer = Nadam(module.parameters(), lr=1e-2)
    step = fast_step(module, ProfileLoss(loss), optimizer, precision)
    return torch.stack([step(batch) for batch in data])


def assert_equal_training(module, loss="absolute_error", tolerance=2e-5, **data):
    mine, theirs = seeded(module), seeded(copy.deepcopy(module))
    start = copy.deepcopy(module)
    expected = by_autograd(theirs, loss, batches(module.n_members, **data))
    torch.testing.assert_close(
        by_step(mine, loss, batches(module.n_members, **data)), expected, rtol=1e-5, atol=1e-6
    )
    for (name, value), wanted, first in zip(
        mine.named_parameters(), theirs.parameters(), start.parameters(), strict=True
    ):
        torch.testing.assert_close(value, wanted, rtol=tolerance, atol=tolerance, msg=name)
        assert (value != first).any(), name


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"n_towers": 5, "n_folds": 2},
        {"n_towers": 5, "n_folds": 3, "reconnection": "spread", "n_hidden_layers": 4},
        {"n_towers": 3, "n_folds": 2, "reconnection": [-1, 2], "n_members": 2},
        {"n_towers": 2, "n_hidden_layers": 1},
        {"n_towers": 2, "n_folds": 2, "n_hidden_layers": 2},
        {"n_towers": 4, "n_folds": 2, "skip_connection": False, "n_members": 3},
        {"taaf": False, "activation": "tanh", "n_towers": 2},
        {"linear_path": 0.5, "n_members": 2},
        {"dropout": [0.1, 0.25, 0.5], "n_towers": 3, "n_folds": 2, "n_members": 2},
        {"input_dropout": 0.3, "dropout": 0.2, "linear_path": 1.0},
        {"tower_width": 1},
        {"tower_width": 300, "n_towers": 2, "n_folds": 2, "dropout": 0.25},
    ],
    ids=str,
)
def test_networks_train_as_by_autograd(settings):
    assert_equal_training(network(**settings))


@pytest.mark.parametrize("taaf", [True, False])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "silu", "gelu", "identity"])
def test_activations_train_as_by_autograd(activation, taaf):
    # "relu" is not smooth: a sum at its corner may fall to either side.
    assert_equal_training(
        network(activation=activation, output_activation=activation, taaf=taaf, n_towers=2)
    )


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("blended", [False, True])
def test_losses_and_batches_train_as_by_autograd(loss, weighted, blended):
    assert_equal_training(network(n_members=2), loss, weighted=weighted, blended=blended)


def test_parts_of_the_targets_train_as_by_autograd():
    parts = [network(0, 20, n_towers=2, dropout=0.2), network(1, N_TARGETS - 20, n_towers=2)]
    assert_equal_training(TargetParts(parts))


def test_gradients_by_parts_of_matrices_are_those_of_the_whole(monkeypatch):
    monkeypatch.setattr(step_module, "SMALL_MATRIX", 100)
    monkeypatch.setattr(step_module, "GRADIENT_NUMBERS", 130)
    assert_equal_training(network(n_towers=3, n_folds=2, n_members=2, linear_path=0.5))


def test_bfloat16_comes_close():
    exact, rounded = (seeded(network(n_towers=3, n_folds=2, dropout=0.2)) for _ in "ab")
    losses = by_step(exact, "absolute_error", batches(1, 20))
    close = by_step(rounded, "absolute_error", batches(1, 20), "bfloat16")
    assert not torch.equal(losses, close)
    torch.testing.assert_close(close, losses, rtol=0.02, atol=0)
    assert all(p.dtype == torch.float32 for p in rounded.parameters())


def test_threads_change_no_number():
    n_threads, weights = torch.get_num_threads(), []
    try:
        for n in (1, 2, 5):
            torch.set_num_threads(n)
            module = seeded(network(tower_width=300, n_towers=2, dropout=0.2))
            losses = by_step(module, "huber", batches(1))
            weights.append([losses, *module.activations.parameters()])
    finally:
        torch.set_num_threads(n_threads)
    for others in weights[1:]:
        for value, expected in zip(others, weights[0], strict=True):
            torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-5)  # torch's products


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch.compile, about itself
def test_what_it_can_not_do_is_left_to_autograd(monkeypatch):
    def offered(module, loss=None, optimizer=None):
        loss = loss or ProfileLoss("huber")
        return fast_step(module, loss, optimizer or Nadam(module.parameters()), "float32")

    assert offered(network()) is not None
    frozen = network()
    frozen.output_weight.requires_grad_(False)
    compiled = network()
    compiled.compile()
    transposed = network()
    transposed.output_weight.data = transposed.output_weight.data.mT.contiguous().mT
    module = network()
    others = [
        (network(activation=torch.sin),),
        (torch.nn.Linear(3, 3),),
        (network().double(),),
        (frozen,),
        (compiled,),
        (transposed,),
        (module, torch.nn.L1Loss()),
        (module, None, torch.optim.SGD(module.parameters(), lr=0.1)),
    ]
    assert [offered(*arguments) for arguments in others] == [None] * len(others)
    monkeypatch.setattr("sklearn_dgex.training.compiled.obstacle", lambda: "no numba")
    assert offered(network()) is None
