import pickle
import warnings

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback, EarlyStopping

from sklearn_dgex.exceptions import DivergedError, InterruptedFitWarning
from sklearn_dgex.nn import TargetParts, TowerNetwork
from sklearn_dgex.training import (
    make_generator,
    make_net,
    make_profiles,
    predict_profiles,
    prediction_setting,
    resolve_device,
)

CPU = torch.device("cpu")


def expression(n=80, p=6, q=5, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p))
    y = np.tanh(x @ rng.normal(size=(p, q))) + 0.1 * rng.normal(size=(n, q))
    return x.astype(np.float32), y.astype(np.float32)


def profiles_of(x, y, *, n_members=2, validation_fraction=0.2, weight=None, device=CPU, seed=0):
    return make_profiles(
        x,
        y,
        y_scale=np.ones(y.shape[1]),
        weight=weight,
        n_members=n_members,
        validation_fraction=validation_fraction,
        rng=np.random.RandomState(seed),
        device=device,
    )


def net_of(module, *, seed=0, device=CPU, **settings):
    rng = np.random.RandomState(seed)
    defaults = {"loss": "absolute_error", "solver": "nadam", "momentum": 0.9, "lr": 1e-2}
    defaults |= {"schedule_decay": 4e-3, "batch_size": 16, "verbose": 0}
    module.reset_parameters(make_generator(rng))
    return make_net(module, rng=rng, device=device, **(defaults | settings))


def board(n_members=2, **settings):
    settings = {"n_towers": 2, "n_folds": 2, "skip_connection": True} | settings
    return TowerNetwork(6, 5, 6, n_members=n_members, **settings)


def weights(net):
    return {name: value.clone() for name, value in net.module_.state_dict().items()}


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[n], second[n]) for n in first)


class Recorder(Callback):
    """Weights at the end of each epoch, what the epoch recorded, and an event of one's choice."""

    def __init__(self, hook=None, epoch=None, raised=KeyboardInterrupt):
        self.hook, self.epoch, self.raised = hook, epoch, raised
        self.weights, self.mmae, self.ended = [], [], 0

    def _strike(self, hook, net):
        if hook == self.hook and len(net.history) == self.epoch:
            raise self.raised

    def on_epoch_begin(self, net, **kwargs):
        self._strike("on_epoch_begin", net)

    def on_epoch_end(self, net, **kwargs):
        self.weights.append(weights(net))
        self.mmae.append(net.history[-1].get("valid_mmae"))
        self._strike("on_epoch_end", net)

    def on_train_end(self, net, **kwargs):
        self.ended += 1


class BatchStrike(Recorder):
    def on_batch_end(self, net, **kwargs):
        self._strike("on_batch_end", net)


@pytest.mark.parametrize(
    ("solver", "lr", "n_epochs", "weighted"),
    [("nadam", 0.02, 1000, False), ("nadam", 0.02, 1000, True), ("sgd", 0.05, 300, True)],
)
def test_a_linear_network_reaches_least_squares(solver, lr, n_epochs, weighted):
    x, _ = expression(60)
    rng = np.random.default_rng(1)
    y = (x @ rng.normal(size=(6, 5)) + rng.normal(size=5) + rng.normal(size=(60, 5))).astype("f4")
    weight = rng.uniform(0.1, 2, 60) if weighted else None
    linear = {"activation": "identity", "taaf": False, "n_towers": 1, "n_hidden_layers": 1}
    net = net_of(
        board(1, **linear, n_folds=1, skip_connection=False),
        loss="squared_error",
        solver=solver,
        lr=lr,
        batch_size=60,
        schedule="cosine",
    )
    net.train(profiles_of(x, y, n_members=1, validation_fraction=0, weight=weight), n_epochs)
    root = np.sqrt(np.ones(60) if weight is None else weight)[:, None]
    design = np.c_[x, np.ones(60)].astype(float)
    solution = np.linalg.lstsq(root * design, root * y, rcond=None)[0]
    np.testing.assert_allclose(
        predict_profiles(net.module_, x, device=CPU), design @ solution, atol=1e-3
    )


@pytest.mark.parametrize("patience", [None, 4])
def test_ends_with_the_weights_of_the_best_epoch(patience):
    x, y = expression()
    recorder = Recorder()
    # a rate at which the validation error does not fall from epoch to epoch
    net = net_of(board(), lr=0.5, patience=patience, callbacks=[recorder])
    net.train(profiles_of(x, y), 25)
    best = int(np.argmin(recorder.mmae))
    assert same(weights(net), recorder.weights[best])
    assert best < len(recorder.mmae) - 1
    assert not same(recorder.weights[best], recorder.weights[-1])
    assert len(recorder.mmae) == (25 if patience is None else best + 1 + patience)
    assert [epoch["valid_loss_best"] for epoch in net.history] == [
        m < min([np.inf, *recorder.mmae[:i]]) for i, m in enumerate(recorder.mmae)
    ]
    assert not net.module_.training


def test_without_keep_best_ends_with_the_last_weights():
    recorder = Recorder()
    net = net_of(board(), lr=0.1, keep_best=False, callbacks=[recorder])
    net.train(profiles_of(*expression()), 10)
    assert same(weights(net), recorder.weights[-1])


def test_an_improvement_below_the_tolerance_does_not_end_the_wait():
    net = net_of(board(), patience=3, tol=0.99)
    net.train(profiles_of(*expression()), 30)
    assert len(net.history) == 1 + 3  # the first epoch undercuts infinity, none a hundredth of it


def test_validation_figures_equal_those_by_hand():
    x, y = expression()
    weight = np.random.default_rng(0).uniform(0.5, 2, len(x))
    profiles = profiles_of(x, y, weight=weight)
    profiles.y_scale *= torch.arange(1, 6)
    recorder = Recorder()
    net = net_of(board(), loss="squared_error", batch_size=5, keep_best=False, callbacks=[recorder])
    net.train(profiles, 1)
    mmae, loss = [], []
    for member, rows in enumerate(profiles.valid_index):
        with torch.no_grad():
            error = (net.module_(profiles.x.expand(2, -1, -1))[member] - profiles.y)[rows].double()
        w = weight[rows.numpy()]
        mmae.append(np.average((error.abs() * profiles.y_scale).mean(1), weights=w))
        loss.append(np.average(error.square().mean(1), weights=w))
    assert net.history[-1]["valid_mmae"] == pytest.approx(np.mean(mmae), rel=1e-5)
    assert net.history[-1]["valid_loss"] == pytest.approx(np.mean(loss), rel=1e-5)


@pytest.mark.parametrize("schedule", ["step", "cosine", "constant"])
def test_the_rate_follows_the_schedule(schedule):
    net = net_of(board(), schedule=schedule, lr=5e-4, batch_size=1000, keep_best=False)
    net.train(profiles_of(*expression()), 24)
    rates = [epoch["learning_rate"] for epoch in net.history]
    expected = {
        "step": np.repeat([5e-4, 5e-5, 5e-6, 5e-7, 2.5e-7], [16, 3, 3, 1, 1]),
        "constant": np.full(24, 5e-4),
    }
    if schedule in expected:
        np.testing.assert_allclose(rates, expected[schedule])
    else:
        assert rates[0] == 0
        assert np.argmax(rates) == 1
        assert (np.diff(rates[1:]) < 0).all()


@pytest.mark.parametrize("solver", ["nadam", "sgd"])
def test_divergence_names_epoch_rate_and_what_to_try(solver):
    net = net_of(board(), solver=solver, lr=1e30)
    with pytest.raises(DivergedError, match=r"became (nan|inf) in epoch \d.*rate of 1e\+30; lower"):
        net.train(profiles_of(*expression()), 10)


@pytest.mark.parametrize("keep_best", [True, False])
def test_divergence_in_the_last_step_of_a_fit_is_seen(keep_best):
    net = net_of(board(), lr=1e38, batch_size=1000, keep_best=keep_best)
    with pytest.raises(DivergedError, match=r"validation MMAE became \w+ in epoch 1 at"):
        net.train(profiles_of(*expression()), 1)


def test_held_out_samples_without_weight_spoil_no_figure():
    x, y = expression()
    profiles = profiles_of(x, y, weight=np.ones(len(x)))
    profiles.weight[profiles.valid_index[0]] = 0
    net = net_of(board())
    net.train(profiles, 2)
    assert all(np.isfinite(epoch["valid_mmae"]) for epoch in net.history)


@pytest.mark.parametrize(
    ("callback", "n_finished"),
    [
        (lambda: Recorder("on_epoch_end", 3), 3),
        (lambda: Recorder("on_epoch_begin", 3), 2),
        (lambda: BatchStrike("on_batch_end", 3), 2),
    ],
    ids=["end of an epoch", "begin of an epoch", "within an epoch"],
)
@pytest.mark.parametrize("keep_best", [True, False])
def test_ctrl_c_keeps_the_best_weights_and_says_so(callback, n_finished, keep_best):
    callback = callback()
    net = net_of(board(), lr=0.1, keep_best=keep_best, callbacks=[callback])
    with pytest.warns(
        InterruptedFitWarning, match="in epoch 3 of 50; the estimator keeps the best"
    ):
        net.train(profiles_of(*expression()), 50)
    assert same(weights(net), callback.weights[int(np.argmin(callback.mmae))])
    assert len(net.history) == n_finished
    assert all(np.isfinite(epoch["train_loss"]) for epoch in net.history)
    assert callback.ended == 1


def test_ctrl_c_before_the_first_epoch_is_over_keeps_the_weights_as_they_are():
    net = net_of(board(), callbacks=[Recorder("on_epoch_begin", 1)])
    net.initialize()
    before = weights(net)
    with pytest.warns(InterruptedFitWarning, match="keeps the weights as they were"):
        net.train(profiles_of(*expression()), 5)
    assert same(weights(net), before)
    assert len(net.history) == 0


def test_skorchs_early_stopping_ends_the_fit_quietly():
    stop = EarlyStopping(monitor="train_loss", patience=2, threshold=0.9, threshold_mode="rel")
    net = net_of(board(), callbacks=[stop])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.train(profiles_of(*expression()), 50)
    assert len(net.history) == 3


@pytest.mark.parametrize("hook", [None, "on_batch_begin", "on_batch_end", "on_grad_computed"])
def test_batches_are_announced_only_where_someone_listens(hook, monkeypatch):
    heard = []
    listener = type(
        "Listener", (Callback,), {hook: lambda *a, **k: heard.append(k)} if hook else {}
    )
    net = net_of(board(), callbacks=[listener()])
    announced, notify = [], net.notify
    monkeypatch.setattr(
        net, "notify", lambda name, **k: (announced.append(name), notify(name, **k))
    )
    net.train(profiles_of(*expression()), 3)  # 64 training samples in batches of 16
    batch_hooks = [name for name in announced if "batch" in name or "grad" in name]
    assert len(batch_hooks) == (3 * 3 * 4 if hook else 0)
    assert len(heard) == (3 * 4 if hook else 0)
    for epoch in net.history:
        losses = [batch["train_loss"] for batch in epoch["batches"]]
        assert len(losses) == (4 if hook else 1)  # skorch's Checkpoint asks for the last
        assert hook != "on_batch_end" or all({"batch", "loss", "y_pred"} <= set(h) for h in heard)
        assert not hook or np.mean(losses) == pytest.approx(epoch["train_loss"], rel=1e-6)


def test_listening_changes_no_number():
    """But for the last digits, where batches that nobody hears of are learnt by compiled steps."""
    # The signs of absolute errors may add up to 0: autograd keeps rounding errors of that, which
    # Nadam would take whole steps by.
    heard = ([], [BatchStrike("never")])
    nets = [net_of(board(dropout=0.3), loss="huber", callbacks=callbacks) for callbacks in heard]
    for net in nets:
        net.train(profiles_of(*expression()), 3)
    torch.testing.assert_close(*map(weights, nets), rtol=1e-4, atol=1e-5)
    losses = [[epoch["train_loss"] for epoch in net.history] for net in nets]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def test_a_fit_neither_reads_nor_moves_the_global_generators():
    results = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        before, numpy_before = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
        module = board(dropout=0.3, input_dropout=0.2)
        torch.random.set_rng_state(before)
        net = net_of(module, mixup=0.4)
        net.train(profiles_of(*expression()), 2)
        assert torch.equal(torch.random.get_rng_state(), before)
        assert (np.random.get_state()[1] == numpy_before).all()  # noqa: NPY002
        results.append(weights(net))
    assert same(*results)


def test_members_train_as_they_would_alone():
    """A batched member takes the steps of a network by itself with the same batches."""
    x, y = expression()
    settings = {"solver": "sgd", "loss": "squared_error", "batch_size": 1000, "keep_best": False}
    pair = net_of(board(2), **settings)
    start = {name: value.clone() for name, value in pair.module.state_dict().items()}
    profiles = profiles_of(x, y)
    pair.train(profiles, 5)
    for member in range(2):
        alone = net_of(board(1), **settings)
        mine = {name: value[member : member + 1] for name, value in start.items()}
        alone.module.load_state_dict(mine)
        part = profiles_of(x, y, n_members=1)
        part.train_index = profiles.train_index[member : member + 1]
        part.valid_index = profiles.valid_index[member : member + 1]
        alone.train(part, 5)
        for name, value in alone.module_.state_dict().items():
            torch.testing.assert_close(
                pair.module_.state_dict()[name][member : member + 1], value, rtol=1e-4, atol=1e-6
            )


def test_a_pickled_net_is_about_the_size_of_its_weights():
    module = TowerNetwork(200, 300, 100, n_towers=3, n_members=2)
    x, y = expression(40, 200, 300)
    net = net_of(module, callbacks=[Recorder()])
    net.train(profiles_of(x, y), 3)
    pickled = pickle.dumps(net)
    assert len(pickled) < 1.02 * 4 * sum(p.numel() for p in module.parameters()) + 20_000
    opened = pickle.loads(pickled)
    assert same(weights(opened), weights(net))
    assert [e["valid_mmae"] for e in opened.history] == [e["valid_mmae"] for e in net.history]
    assert [opened.can_continue(CPU), net.can_continue(CPU)] == [False, True]


def test_bfloat16_trains_and_infers_close_to_float32():
    x, y = expression(200)
    results = {}
    for precision in ("float32", "bfloat16"):
        net = net_of(board(), precision=precision, batch_size=20, schedule="cosine")
        net.train(profiles_of(x, y), 40)
        assert {p.dtype for p in net.module_.parameters()} == {torch.float32}
        results[precision] = min(epoch["valid_mmae"] for epoch in net.history)
        full = predict_profiles(net.module_, x, device=CPU)
        half = predict_profiles(net.module_, x, device=CPU, precision="bfloat16")
        assert half.dtype == np.float32
        assert 0 < np.abs(half - full).max() < 0.05
    untrained = np.abs(y - y.mean(0)).mean()
    assert results["bfloat16"] < 0.6 * untrained
    assert results["bfloat16"] == pytest.approx(results["float32"], rel=0.15)


@pytest.mark.parametrize("parts", [False, True])
def test_compiled_fits_equal_the_others_and_pickle(parts):
    def module():
        return TargetParts([board(), board()]) if parts else board()

    x, y = expression(q=10 if parts else 5)
    plain = net_of(module(), callbacks=[BatchStrike("never")])  # listens, so by autograd, too
    compiled = net_of(module(), compile=True, compile__backend="eager")
    for net in (plain, compiled):
        net.train(profiles_of(x, y), 3)
    assert type(compiled.module_) is type(plain.module_)
    for name, value in plain.module_.state_dict().items():
        torch.testing.assert_close(compiled.module_.state_dict()[name], value, rtol=1e-4, atol=1e-5)
    opened = pickle.loads(pickle.dumps(compiled))
    np.testing.assert_allclose(
        predict_profiles(opened.module_, x, device=CPU),
        predict_profiles(plain.module_, x, device=CPU),
        rtol=1e-4,
        atol=1e-5,
    )


def test_an_error_gives_weights_optimiser_and_history_back():
    x, y = expression()
    net, undisturbed = (net_of(board(), keep_best=False) for _ in "ab")
    data = profiles_of(x, y, validation_fraction=0)
    for each in (net, undisturbed):
        each.train(data, 2)
    order = net.generator.get_state()
    bad = profiles_of(x, np.full_like(y, np.inf), validation_fraction=0)
    with pytest.raises(DivergedError), net.unchanged_on_error():
        net.train(bad, 1)
    assert len(net.history) == 2
    assert same(weights(net), weights(undisturbed))
    net.generator.set_state(order)
    for each in (net, undisturbed):
        each.train(data, 1)
    assert same(weights(net), weights(undisturbed))


@pytest.mark.parametrize("solver", ["nadam", "sgd"])
def test_an_optimiser_continues_where_its_state_and_the_weights_lie(solver):
    elsewhere = torch.device("meta")  # another device that a machine without a GPU has
    net = net_of(board(), solver=solver)
    assert not net.can_continue(CPU), "there is no optimiser yet"
    net.train(profiles_of(*expression()), 1)
    assert net.can_continue(CPU)
    assert not net.can_continue(elsewhere)
    state = next(iter(net.optimizer_.state.values()))
    name = next(name for name, value in state.items() if torch.is_tensor(value) and value.dim())
    moment, state[name] = state[name], state[name].to(elsewhere)
    assert not net.can_continue(CPU), "a moment lies elsewhere"
    state[name] = moment
    net.module_.to(elsewhere)
    assert not net.can_continue(CPU), "the weights lie elsewhere"


def test_a_scheduled_net_does_not_continue():
    net = net_of(board(), schedule="cosine")
    net.train(profiles_of(*expression()), 1)
    assert not net.can_continue(CPU)


def test_epochs_count_on_from_another_nets_and_an_interrupt_counts_its_own():
    data = profiles_of(*expression())
    first = net_of(board()).train(data, 4)
    second = net_of(board(), callbacks=[Recorder("on_epoch_end", 6)]).take_history(first.history)
    with pytest.warns(InterruptedFitWarning, match=r"epoch 2 of 3; .* those of epoch [12] \("):
        second.train(data, 3)
    assert len(first.history) == 4
    assert list(second.history[:4]) == list(first.history)
    assert len(second.history) == 6


@pytest.mark.parametrize(
    ("n_gpus", "asked", "expected"),
    [
        (0, "cuda:1", ("cpu", "float32")),
        (0, "cuda", ("cpu", "float32")),
        (1, "cuda:1", ("cuda", "tf32")),
        (1, "cuda:0", ("cuda:0", "tf32")),
        (2, "cuda:1", ("cuda:1", "tf32")),
        (2, "cpu", ("cpu", "float32")),
        (2, "auto", ("cuda", "tf32")),
        (0, "auto", ("cpu", "float32")),
    ],
)
def test_inference_takes_what_the_machine_has(monkeypatch, n_gpus, asked, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: n_gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: n_gpus)
    device, precision = prediction_setting(asked, "auto")
    assert (str(device), precision) == expected


@pytest.mark.parametrize("device", ["gpu", "cuda:x", "cpux"])
def test_unknown_devices_are_refused(device):
    with pytest.raises(ValueError, match="must be 'auto', 'cpu', 'cuda'"):
        resolve_device(device)


@pytest.mark.gpu
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_fit_on_the_gpu_starts_from_the_same_weights_and_opens_on_the_cpu():
    x, y = expression()
    cuda = torch.device("cuda")
    on_cpu, on_gpu = net_of(board()), net_of(board(), device=cuda)
    start = [
        {n: v.cpu().clone() for n, v in net.module.state_dict().items()} for net in (on_cpu, on_gpu)
    ]
    assert same(*start)
    on_cpu.train(profiles_of(x, y), 3)
    on_gpu.train(profiles_of(x, y, device=cuda), 3)
    losses = [[epoch["train_loss"] for epoch in net.history] for net in (on_cpu, on_gpu)]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)
    opened = pickle.loads(pickle.dumps(on_gpu))
    assert {p.device.type for p in opened.module_.parameters()} == {"cpu"}
    np.testing.assert_allclose(
        predict_profiles(opened.module_, x, device=CPU),
        predict_profiles(on_cpu.module_, x, device=CPU),
        rtol=1e-2,
        atol=1e-3,
    )


@pytest.mark.gpu
@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("precision", ["float32", "tf32", "bfloat16"])
def test_every_precision_trains_on_the_gpu(precision):
    x, y = expression()
    cuda = torch.device("cuda")
    net = net_of(board(dropout=0.1), device=cuda, precision=precision, mixup=0.4)
    net.train(profiles_of(x, y, device=cuda), 20)
    losses, errors = ([e[name] for e in net.history] for name in ("train_loss", "valid_mmae"))
    assert losses[-1] < 0.8 * losses[0]
    assert min(errors) < 0.8 * errors[0]
    inferred = predict_profiles(net.module_, x, device=cuda, precision=precision)
    np.testing.assert_allclose(inferred, predict_profiles(net.module_, x, device=CPU), atol=0.05)
