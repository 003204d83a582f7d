"""The recorded step against autograd on the same module; a recorder that does the work again stands
in for CUDA graphs, so that all but the recording itself is tested without a GPU."""

import copy

import numpy as np
import pytest
import torch

from sklearn_dgex.nn import TargetParts, TowerNetwork
from sklearn_dgex.training import LOSSES, Nadam, Profiles, make_net, steps
from sklearn_dgex.training.cuda import capability
from sklearn_dgex.training.cuda.graphed import WARM_UPS, GraphedStep
from sklearn_dgex.training.cuda.staging import StagedBatch
from sklearn_dgex.training.device import arithmetic
from sklearn_dgex.training.losses import ProfileLoss
from sklearn_dgex.training.profiles import TrainingBatches

N_SAMPLES, N_LANDMARKS, N_TARGETS = 40, 13, 17
CPU = torch.device("cpu")


class Again:
    """Records by keeping the function; counts what was asked of it."""

    def __init__(self, fails=False):
        self.fails, self.n_warm_ups, self.n_records, self.n_replays = fails, 0, 0, 0

    def warm_up(self, run):
        self.n_warm_ups += 1
        run()

    def record(self, run):
        self.n_records += 1
        if self.fails:
            raise RuntimeError("operation not permitted when stream is capturing")

        def replay():
            self.n_replays += 1
            run()

        return replay


def network(seed=0, n_targets=N_TARGETS, **settings):
    settings = {"n_towers": 2, "n_folds": 2, "skip_connection": True, "dropout": 0.25} | settings
    generator = torch.Generator().manual_seed(seed)
    made = TowerNetwork(N_LANDMARKS, n_targets, 7, generator=generator, **settings)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return made


def seeded(module):
    generator = torch.Generator().manual_seed(1)
    for part in module.modules():
        if hasattr(part, "generator"):
            part.generator = generator
    return module.train()


def profiles(n_members, weighted=False):
    generator = torch.Generator().manual_seed(2)
    return Profiles(
        x=torch.randn(N_SAMPLES, N_LANDMARKS, generator=generator),
        y=torch.randn(N_SAMPLES, N_TARGETS, generator=generator),
        y_scale=torch.ones(N_TARGETS),
        weight=torch.rand(N_SAMPLES, generator=generator) if weighted else None,
        train_index=torch.arange(N_SAMPLES).repeat(n_members, 1),
        valid_index=torch.empty(n_members, 0, dtype=torch.int64),
    )


def epochs(data, n_epochs, mixup=0.0):
    """Batches of two sizes, 13 and 14."""
    batches = TrainingBatches(data, 13, mixup, torch.Generator().manual_seed(3))
    return [batch for _ in range(n_epochs) for batch in batches]


def rates(optimizer, n_batches):
    for n in range(n_batches):
        optimizer.param_groups[0]["lr"] = 1e-2 * 0.9**n
        yield n


def by_autograd(module, data, loss, precision="float32"):
    optimizer = torch.optim.NAdam(
        module.parameters(), lr=1e-2, eps=1e-7, momentum_decay=4e-3, decoupled_weight_decay=True
    )
    losses = []
    for _, (x, y, weight) in zip(rates(optimizer, len(data)), data, strict=True):
        optimizer.zero_grad()
        with arithmetic(precision, CPU):
            y_pred = module(x).to(y.dtype)
        losses.append(ProfileLoss(loss)(y_pred, y, weight))
        losses[-1].backward()
        optimizer.step()
    return torch.stack(losses).detach()


def by_step(module, data, loss, precision="float32", recorder=None):
    optimizer = Nadam(module.parameters(), lr=1e-2)
    recorder = recorder or Again()
    step = GraphedStep(module, optimizer, ProfileLoss(loss), precision=precision, recorder=recorder)
    losses = [step(b) for _, b in zip(rates(optimizer, len(data)), data, strict=True)]
    return torch.stack(losses)


def assert_equal_training(module, data, loss="absolute_error", tolerance=2e-5, **settings):
    mine, theirs, start = seeded(module), seeded(copy.deepcopy(module)), copy.deepcopy(module)
    expected = by_autograd(theirs, data, loss)
    losses = by_step(mine, data, loss, **settings)
    torch.testing.assert_close(losses, expected, rtol=1e-5, atol=1e-6)
    for (name, value), wanted, first in zip(
        mine.named_parameters(), theirs.parameters(), start.parameters(), strict=True
    ):
        torch.testing.assert_close(value, wanted, rtol=tolerance, atol=tolerance, msg=name)
        assert (value != first).any(), name
    assert all(part.keys is None for part in mine.modules() if hasattr(part, "keys"))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"n_members": 2, "input_dropout": 0.3, "linear_path": 0.5},
        {"n_hidden_layers": 1, "n_folds": 1},
        {"taaf": False, "activation": "tanh", "skip_connection": False, "dropout": 0.0},
    ],
    ids=str,
)
def test_networks_train_as_by_autograd(settings):
    module, recorder = network(**settings), Again()
    data = epochs(profiles(module.n_members), 5)
    assert {batch.rows.shape[1] for batch in data} == {13, 14}
    assert_equal_training(module, data, recorder=recorder)
    assert recorder.n_records == 2  # a graph for each size
    assert recorder.n_warm_ups == 2 * WARM_UPS
    assert recorder.n_replays == len(data) - recorder.n_warm_ups


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("mixup", [0.0, 0.4])
def test_losses_and_batches_train_as_by_autograd(loss, weighted, mixup):
    assert_equal_training(network(n_members=2), epochs(profiles(2, weighted), 4, mixup), loss)


def test_parts_of_the_targets_train_as_by_autograd():
    parts = [network(0, 10, dropout=0.2), network(1, N_TARGETS - 10, n_towers=3)]
    assert_equal_training(TargetParts(parts), epochs(profiles(1), 4))


def test_staged_batches_train_as_those_of_rows():
    data = epochs(profiles(2, weighted=True), 4, 0.4)
    module = network(n_members=2)
    twin = copy.deepcopy(module)
    losses = by_step(seeded(module), data, "huber")
    staged = by_step(seeded(twin), [StagedBatch(*batch) for batch in data], "huber")
    torch.testing.assert_close(staged, losses)


def test_a_step_that_can_not_be_recorded_goes_on_with_a_warning():
    recorder = Again(fails=True)
    with pytest.warns(RuntimeWarning, match="could not be recorded as a CUDA graph"):
        assert_equal_training(network(), epochs(profiles(1), 5), recorder=recorder)
    assert recorder.n_records == 2  # not tried again for each batch


def test_bfloat16_rounds_as_autocast_does():
    data, module = epochs(profiles(2), 5), network(n_members=2)
    twin = copy.deepcopy(module)
    exact = by_step(seeded(copy.deepcopy(module)), data, "huber")
    expected = by_autograd(seeded(twin), data, "huber", "bfloat16")
    losses = by_step(seeded(module), data, "huber", "bfloat16")
    assert (losses - expected).abs().max() < 0.1 * (exact - expected).abs().max()
    for value, wanted in zip(module.parameters(), twin.parameters(), strict=True):
        assert value.dtype == torch.float32
        # Nadam's first steps hang on the signs of gradients alone, and rounding may turn one.
        assert ((value - wanted).abs() < 1e-3).float().mean() > 0.9


def test_bfloat16_copies_follow_the_weights():
    module = seeded(network())
    optimizer = Nadam(module.parameters(), lr=1e-2)
    criterion = ProfileLoss("huber")
    step = GraphedStep(module, optimizer, criterion, precision="bfloat16", recorder=Again())

    def assert_followed():
        for name, rounded in step.copies.items():
            torch.testing.assert_close(
                rounded.float(), step.parameters[name].detach(), rtol=2**-7, atol=0
            )

    for batch in epochs(profiles(1), 5):
        step(batch)
    assert {"input_weight", "output_weight"} < step.copies.keys()
    assert not any("alpha" in name for name in step.copies)
    assert_followed()
    with torch.no_grad():
        module.output_weight.mul_(-3)  # as a callback may at the end of an epoch
    assert step.goes_on(module, optimizer, "bfloat16")
    assert_followed()


def test_a_step_goes_on_while_its_tensors_stay():
    module = seeded(network())
    optimizer = Nadam(module.parameters())
    step = GraphedStep(
        module, optimizer, ProfileLoss("huber"), precision="float32", recorder=Again()
    )

    def goes_on(precision="float32"):
        return step.goes_on(module, optimizer, precision)

    assert goes_on()
    for batch in epochs(profiles(1), 1):
        step(batch)
    assert goes_on()
    assert not goes_on("tf32")
    assert not step.goes_on(copy.deepcopy(module), optimizer, "float32")
    module.load_state_dict(copy.deepcopy(module.state_dict()))  # in place
    assert goes_on()
    module.dropouts[0].rate = 0.5
    assert not goes_on()
    module.dropouts[0].rate = 0.25
    assert goes_on()
    optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))  # new moments
    assert not goes_on()


@pytest.fixture
def _recorded(monkeypatch):
    """Steps on the CPU are recorded, as on a GPU."""
    monkeypatch.setattr("sklearn_dgex.training.compiled.obstacle", lambda: "told to be none")
    monkeypatch.setattr(capability, "records_graphs", lambda device: True)
    monkeypatch.setattr("sklearn_dgex.training.cuda.graphed.GraphRecorder", lambda device: Again())


@pytest.mark.usefixtures("_recorded")
def test_what_is_not_plain_is_left_to_autograd(monkeypatch):
    def offered(module, loss=None, optimizer=None, **settings):
        loss = loss or ProfileLoss("huber")
        optimizer = optimizer or Nadam(module.parameters())
        return steps.fast_step(module, loss, optimizer, "float32", **settings)

    module = network()
    optimizer = Nadam(module.parameters())
    made = offered(module, None, optimizer)
    assert isinstance(made, GraphedStep)
    assert offered(module, None, optimizer, last=made) is made
    assert offered(network(), last=made) is not made
    frozen, hooked = network(), network()
    frozen.output_weight.requires_grad_(False)
    hooked.activations[0].register_forward_hook(lambda *_: None)
    first, *others = module.parameters()
    groups = Nadam([{"params": [first]}, {"params": others, "lr": 1.0}])
    arguments = [
        (network(activation=torch.sin),),
        (torch.nn.Linear(3, 3),),
        (network().double(),),
        (frozen,),
        (hooked,),
        (module, torch.nn.L1Loss()),
        (module, None, torch.optim.SGD(module.parameters(), lr=0.1)),
        (module, None, groups),
    ]
    assert [offered(*each) for each in arguments] == [None] * len(arguments)
    monkeypatch.setattr(capability, "records_graphs", lambda device: False)
    assert offered(network()) is None


def trained(module, data, n_epochs=6, **settings):
    net = make_net(
        seeded(module),
        rng=np.random.RandomState(0),
        device=CPU,
        loss="huber",
        solver="nadam",
        momentum=0.9,
        schedule_decay=4e-3,
        lr=1e-2,
        batch_size=13,
        schedule="cosine",
        verbose=0,
        **settings,
    )
    return net.train(data, n_epochs)


def test_a_fit_records_once_for_all_its_epochs(monkeypatch, request):
    data, module = profiles(2), network(n_members=2)
    plain = trained(copy.deepcopy(module), data, mixup=0.4)
    request.getfixturevalue("_recorded")
    recorder = Again()
    monkeypatch.setattr("sklearn_dgex.training.cuda.graphed.GraphRecorder", lambda device: recorder)
    recorded = trained(module, data, mixup=0.4)
    assert recorder.n_records == 2
    assert recorder.n_replays == 6 * 3 - 2 * WARM_UPS
    for loss in ("train_loss", "learning_rate"):
        np.testing.assert_allclose(recorded.history[:, loss], plain.history[:, loss], rtol=1e-4)
    for value, wanted in zip(module.parameters(), plain.module_.parameters(), strict=True):
        torch.testing.assert_close(value, wanted, rtol=1e-4, atol=1e-4)


def test_nothing_is_recorded_for_the_cpu():
    assert not capability.runs_kernels(CPU)
    assert not capability.records_graphs(CPU)
    assert not capability.has_streams(CPU)


@pytest.mark.gpu
@pytest.mark.filterwarnings("error::RuntimeWarning")  # that nothing could be recorded
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_cuda_graphs_train_as_autograd_on_the_cpu(precision):
    data, cuda = profiles(2, weighted=True), torch.device("cuda")
    there = Profiles(**{n: None if t is None else t.to(cuda) for n, t in vars(data).items()})
    module = network(n_members=2)
    twin = copy.deepcopy(module).to(cuda)
    expected = by_autograd(seeded(module), epochs(data, 8, 0.4), "huber", precision)
    optimizer = Nadam(twin.parameters(), lr=1e-2)
    step = steps.fast_step(seeded(twin), ProfileLoss("huber"), optimizer, precision)
    assert isinstance(step, GraphedStep)
    batches = epochs(there, 8, 0.4)
    losses = [step(b) for _, b in zip(rates(optimizer, len(batches)), batches, strict=True)]
    tolerance = 1e-4 if precision == "float32" else 2e-2
    torch.testing.assert_close(torch.stack(losses).cpu(), expected, rtol=tolerance, atol=1e-4)
    assert all(shape.replay is not None for shape in step.shapes.values())
    for value, wanted in zip(twin.parameters(), module.parameters(), strict=True):
        torch.testing.assert_close(value.cpu(), wanted, rtol=10 * tolerance, atol=10 * tolerance)
