"""The compiled step against autograd on the same module: loss, weights and random numbers."""

import copy
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from sklearn_dgex.nn import ACTIVATIONS, TAAF, TargetParts, TowerNetwork
from sklearn_dgex.training import Nadam, Profiles
from sklearn_dgex.training.losses import LOSSES, ProfileLoss
from sklearn_dgex.training.profiles import Batch
from sklearn_dgex.training.steps import fast_step

pytest.importorskip("numba", reason="numba compiles the step")

from sklearn_dgex.training import compiled_step
from sklearn_dgex.training.compiled import threads

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
@pytest.mark.parametrize("activation", ACTIVATIONS)
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


@pytest.mark.parametrize("small", [100, 10**6])  # by rows of matrices, and by members
def test_gradients_by_parts_are_those_of_the_whole(monkeypatch, small):
    monkeypatch.setattr(compiled_step, "SMALL_MATRIX", small)
    monkeypatch.setattr(compiled_step, "GRADIENT_NUMBERS", 130)
    assert_equal_training(network(n_towers=3, n_folds=2, n_members=2, linear_path=0.5))


def test_bfloat16_comes_close():
    exact, rounded = (seeded(network(n_towers=3, n_folds=2, dropout=0.2)) for _ in "ab")
    losses = by_step(exact, "absolute_error", batches(1, 20))
    close = by_step(rounded, "absolute_error", batches(1, 20), "bfloat16")
    assert not torch.equal(losses, close)
    torch.testing.assert_close(close, losses, rtol=0.02, atol=0)
    assert all(p.dtype == torch.float32 for p in rounded.parameters())


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("n_members", [1, 2])
def test_many_threads_train_as_one(monkeypatch, n_members):
    monkeypatch.setattr(threads, "GRAIN", 1)
    used, run = [], threads._openmp()
    if run is None:
        pytest.skip("torch runs on no OpenMP library that loops could be handed to")
    monkeypatch.setattr(
        threads, "_openmp", lambda: lambda *words: (used.append(words[2]), run(*words))
    )
    sizes = {"tower_width": 300, "n_towers": 3, "n_folds": 2, "dropout": 0.2, "input_dropout": 0.2}
    trained = []
    for n_threads in (1, 2, 5):
        torch.set_num_threads(n_threads)
        module = seeded(network(n_members=n_members, **sizes))
        losses = by_step(module, "huber", batches(n_members, weighted=True, blended=True))
        trained.append([losses, *module.parameters()])
    assert set(used) >= {2, 5}
    for others in trained[1:]:
        for value, expected in zip(others, trained[0], strict=True):
            torch.testing.assert_close(value, expected, rtol=1e-4, atol=1e-4)  # torch's products


@pytest.mark.usefixtures("_threads")
def test_loops_give_the_same_bits_on_any_number_of_threads(monkeypatch):
    monkeypatch.setattr(threads, "GRAIN", 1)
    results = []
    for n_threads in (1, 2, 7):
        torch.set_num_threads(n_threads)
        module = seeded(network(tower_width=300, n_towers=3, n_folds=2, dropout=0.2))
        step = compiled_step.CompiledStep(module, Nadam(module.parameters()), "absolute_error")
        monkeypatch.setattr(compiled_step, "product", slowly)
        monkeypatch.setattr(compiled_step, "SMALL_MATRIX", 0)
        results.append([step(batch) for batch in batches(1)] + list(module.parameters()))
    for others in results[1:]:
        assert all(map(torch.equal, others, results[0]))


def slowly(a, b):
    """A product whose bits depend on no thread."""
    return torch.einsum("...ij,...jk->...ik", a.double(), b.double()).to(a.dtype)


def test_fits_in_python_threads_do_not_meddle(monkeypatch):
    def train(seed):
        module = seeded(network(seed, n_towers=2, n_folds=2, dropout=0.2), seed)
        losses = by_step(module, "absolute_error", batches(1, 20))
        return [losses, *module.parameters()]

    alone = [train(seed) for seed in range(6)]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(train, range(6)))
    for mine, expected in zip(together, alone, strict=True):
        for value, wanted in zip(mine, expected, strict=True):
            torch.testing.assert_close(value, wanted, rtol=1e-5, atol=1e-5)


def test_without_torchs_openmp_one_thread_does_it_all(monkeypatch):
    monkeypatch.setattr(threads, "_openmp", lambda: None)
    monkeypatch.setattr(threads, "GRAIN", 1)
    assert_equal_training(network(tower_width=300, n_towers=2, n_folds=2))


@pytest.mark.parametrize("odd", ["Fortran order", "float64"])
def test_targets_of_other_layouts_are_learnt_as_well(odd):
    results = []
    for change in (lambda y: y, lambda y: y.double() if odd == "float64" else y.T.contiguous().T):
        module, data = network(), list(batches(1))
        data[0].profiles.y = change(data[0].profiles.y)
        results.append([by_step(module, "huber", data), *module.parameters()])
    for value, expected in zip(*results, strict=True):
        torch.testing.assert_close(value, expected)


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
    hooked, listened, ahead = network(), network(), network()
    hooked.activations[0].register_forward_hook(lambda *_: None)
    listened.output_weight.register_hook(lambda gradient: 0 * gradient)
    own = network()
    own.activations[1].__class__ = type("Own", (TAAF,), {})
    stepped = Nadam(ahead.parameters())
    ahead.output_weight.grad = torch.ones_like(ahead.output_weight)
    stepped.step()  # by this parameter alone
    groups = [{"params": [p], "lr": 0.1} for p in ahead.parameters()]
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
        (hooked,),
        (listened,),
        (own,),
        (ahead, None, stepped),
        (ahead, None, Nadam(groups)),
        (module, torch.nn.L1Loss()),
        (module, None, torch.optim.SGD(module.parameters(), lr=0.1)),
    ]
    assert [offered(*arguments) for arguments in others] == [None] * len(others)
    monkeypatch.setattr("sklearn_dgex.training.compiled.obstacle", lambda: "no numba")
    assert offered(network()) is None
