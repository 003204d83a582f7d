"""A fit that was ended goes on as if it had not been, or says why it can't."""

import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from skorch.callbacks import Callback, EarlyStopping

from sklearn_dgex.exceptions import (
    CheckpointMismatchError,
    CheckpointWarning,
    InterruptedFitWarning,
    LeftOutWarning,
)
from sklearn_dgex.persistence import load, save
from sklearn_dgex.training import compiled

N_EPOCHS = 4
SETTINGS = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
OPTIONS = {
    "n_members": st.sampled_from([1, 3]),
    "n_networks": st.sampled_from([1, 2]),
    "architecture": st.sampled_from(["checkerboard", "tower"]),
    "mixup": st.sampled_from([0.0, 0.4]),
    "dropout": st.sampled_from([0.0, [0.0, 0.3, 0.1]]),
    "input_dropout": st.sampled_from([0.0, 0.2]),
    "solver": st.sampled_from(["nadam", "sgd"]),
    "momentum": st.sampled_from([0.0, 0.9]),
    "learning_rate": st.sampled_from(["step", "cosine", "constant"]),
    "learning_rate_init": st.sampled_from([1e-3, 0.1]),  # one falls, one stops early
    "early_stopping": st.booleans(),
    "n_iter_no_change": st.sampled_from(["auto", 1]),
    "tol": st.sampled_from([0.0, 0.1]),
    "validation_fraction": st.sampled_from([0.0, 0.2]),
    "precision": st.sampled_from(["float32", "bfloat16"]),
    "batch_size": st.sampled_from(["auto", 7]),
    "loss": st.sampled_from(["absolute_error", "huber"]),
    "shuffle_buffer": st.sampled_from(["auto", 20]),
    "random_state": st.sampled_from([0, None]) | st.builds(np.random.RandomState, st.just(3)),
}


class Struck(Exception):
    """What ends a fit in a test."""


class Strike(Callback):
    """Raise something at the end of an epoch."""

    def __init__(self, epoch, raised=Struck):
        self.epoch, self.raised = epoch, raised

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == self.epoch:
            raise self.raised


class BatchStrike(Strike):
    """Raise something in the midst of an epoch; batches are then learnt from by autograd."""

    def on_epoch_end(self, net, **kwargs):
        pass

    def on_batch_end(self, net, **kwargs):
        super().on_epoch_end(net)


def weights(model):
    return [p.detach().numpy() for p in model.net_.module_.parameters()]


def history(model):
    return [{k: v for k, v in epoch.items() if k != "dur"} for epoch in model.net_.history]


def check_equal(model, expected, X):
    for mine, other in zip(weights(model), weights(expected), strict=True):
        np.testing.assert_array_equal(mine, other)
    assert history(model) == history(expected)
    assert model.validation_scores_ == expected.validation_scores_
    assert model.n_iter_ == expected.n_iter_
    quality = model.per_gene_quality_
    np.testing.assert_array_equal(quality, expected.per_gene_quality_)
    np.testing.assert_array_equal(model.predict(X), expected.predict(X))


def names(folder):
    return sorted(os.listdir(folder))


def file_of(epoch):
    return f"checkpoint-{epoch:06d}.safetensors"


@pytest.fixture
def everywhere(quick, tmp_path):
    """Make an estimator that writes to the test's folder after every epoch, and keeps all."""

    def make(folder=tmp_path, **parameters):
        default = {"checkpoint_every": 1, "checkpoint_keep": 99, "max_iter": N_EPOCHS}
        return quick(**(default | parameters), checkpoint_dir=folder)

    return make


def resumed_everywhere(everywhere, quick, data, parameters, tmp_path_factory):
    """Compare a fit without checkpoints with those that go on from each of its epochs."""
    X = data[0]
    source, folder = parameters.get("random_state"), tmp_path_factory.mktemp("all")
    if isinstance(source, np.random.RandomState):
        parameters = parameters | {"random_state": pickle.loads(pickle.dumps(source))}
    first = everywhere(folder, **parameters).fit(*data)
    if source is not None:  # else its numbers come from where the last fit left numpy's generator
        plain = parameters | {"random_state": source}
        check_equal(first, quick(max_iter=N_EPOCHS, **plain).fit(*data), X)
    for epoch in range(1, first.n_iter_ + 1):
        other = tmp_path_factory.mktemp("one")
        shutil.copy(folder / file_of(epoch), other)
        again = everywhere(other, **parameters).fit(*data)
        check_equal(again, first, X)
        assert names(other) == names(folder)[epoch - 1 :]
    return first


@SETTINGS
@given(parameters=st.fixed_dictionaries({}, optional=OPTIONS), weighted=st.booleans())
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_resumed_from_any_epoch(parameters, weighted, everywhere, quick, arrays, tmp_path_factory):
    data = arrays
    if weighted:
        data = (*arrays, np.random.default_rng(0).uniform(0, 2, len(arrays[0])))
    resumed_everywhere(everywhere, quick, data, parameters, tmp_path_factory)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_without_numba(precision, everywhere, quick, arrays, tmp_path_factory, monkeypatch):
    monkeypatch.setattr(compiled, "obstacle", lambda: "there is none")
    parameters = {"precision": precision, "n_networks": 2}
    resumed_everywhere(everywhere, quick, arrays, parameters, tmp_path_factory)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_wait_for_a_better_epoch_goes_on(everywhere, quick, arrays, tmp_path_factory):
    parameters = {"max_iter": 30, "n_iter_no_change": 3, "learning_rate_init": 0.1, "width": 30}
    folder = tmp_path_factory.mktemp("all")
    first = everywhere(folder, **parameters).fit(*arrays)
    assert 4 < first.n_iter_ < 30
    best = int(np.argmin(first.validation_scores_)) + 1
    assert best < first.n_iter_
    for epoch in (best, best + 1, first.n_iter_ - 1):
        other = tmp_path_factory.mktemp("one")
        shutil.copy(folder / file_of(epoch), other)
        check_equal(everywhere(other, **parameters).fit(*arrays), first, arrays[0])


def test_a_finished_fit_returns_at_once(everywhere, arrays, tmp_path, monkeypatch):
    from sklearn_dgex.training import ProfileNet

    first = everywhere().fit(*arrays)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    monkeypatch.setattr(ProfileNet, "fit_loop", lambda *_, **__: pytest.fail("trained again"))
    check_equal(everywhere().fit(*arrays), first, arrays[0])
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_learning_goes_on_after_a_resumed_fit_as_after_the_first(everywhere, quick, arrays):
    parameters = {"learning_rate": "constant"}
    first = quick(max_iter=N_EPOCHS, **parameters).fit(*arrays)
    everywhere(**parameters).fit(*arrays)
    again = everywhere(**parameters).fit(*arrays)
    first.partial_fit(*arrays), again.partial_fit(*arrays)
    for mine, other in zip(weights(again), weights(first), strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("strike", [Strike, BatchStrike])
def test_an_error_of_a_callbacks(strike, everywhere, arrays, tmp_path):
    with pytest.raises(Struck):
        everywhere(callbacks=[strike(3)]).fit(*arrays)
    assert names(tmp_path) == [file_of(1), file_of(2)]
    model = everywhere(callbacks=[strike(99)]).fit(*arrays)
    check_equal(model, everywhere(None, callbacks=[strike(99)]).fit(*arrays), arrays[0])


@pytest.mark.parametrize("strike", [Strike, BatchStrike])
def test_ctrl_c_leaves_a_checkpoint(strike, everywhere, arrays, tmp_path):
    message = "in epoch 3 of 4; .*, and another fit goes on from the checkpoint of epoch 2"
    with pytest.warns(InterruptedFitWarning, match=message):
        everywhere(callbacks=[strike(3, KeyboardInterrupt)]).fit(*arrays)
    assert names(tmp_path) == [file_of(1), file_of(2)]
    model = everywhere(callbacks=[strike(99)]).fit(*arrays)
    check_equal(model, everywhere(None, callbacks=[strike(99)]).fit(*arrays), arrays[0])


def test_a_fit_that_a_callback_of_skorchs_ended_is_finished(everywhere, arrays, tmp_path):
    def stop():
        return EarlyStopping(monitor="train_loss", patience=1, threshold=0.9)

    first = everywhere(callbacks=[stop()]).fit(*arrays)
    assert first.n_iter_ == 2
    assert names(tmp_path) == [file_of(1), file_of(2)]
    check_equal(everywhere(callbacks=[stop()]).fit(*arrays), first, arrays[0])


@pytest.mark.parametrize("kind", ["None", "RandomState"])
def test_draws_are_those_of_the_first_run(kind, everywhere, arrays):
    source = {"None": lambda: None, "RandomState": lambda: np.random.RandomState(7)}[kind]
    with pytest.raises(Struck):
        everywhere(callbacks=[Strike(3)], random_state=source()).fit(*arrays)
    moved = source()
    if moved is not None:
        moved.rand(5)
        before = moved.get_state()[1:3]
    model = everywhere(random_state=moved).fit(*arrays)
    check_equal(everywhere(random_state=source()).fit(*arrays), model, arrays[0])
    if moved is not None:
        assert moved.get_state()[2] == before[1], "a generator in another state was used"
        expected = everywhere(None, random_state=source()).fit(*arrays)
        check_equal(model, expected, arrays[0])


def test_a_script_that_runs_again_draws_on_as_before(everywhere, arrays):
    draws = []
    for _ in range(2):
        source = np.random.RandomState(7)
        everywhere(random_state=source).fit(*arrays)
        draws.append(source.rand())
    assert draws[0] == draws[1]


DIFFERENCES = {
    "n_towers: 2 there, 3 here": {"n_towers": 3},
    "max_iter: 4 there, 5 here": {"max_iter": 5},
    r"dropout: 0\.1 there, \[0\.0, 0\.5, 0\.1\] here": {"dropout": np.array([0.0, 0.5, 0.1])},
    "activation: 'sigmoid' there, 'torch.* here": {"activation": np.tanh},
    "random_state: 0 there, none here": {"random_state": None},
    "precision: 'float32' there, 'bfloat16' here": {"precision": "bfloat16"},
}


@pytest.mark.parametrize("line", DIFFERENCES)
def test_other_parameters_are_refused(line, everywhere, arrays, tmp_path):
    model = everywhere().fit(*arrays)
    before, content = dict(vars(model)), [path.read_bytes() for path in sorted(tmp_path.iterdir())]
    other = DIFFERENCES[line]
    model.set_params(**({"activation": torch.tanh} if "activation" in other else other))
    parameters = dict(vars(model))
    with pytest.raises(CheckpointMismatchError, match=f"\n  - {line}\nChoose another"):
        model.fit(*arrays)
    assert vars(model) == parameters
    assert model.net_ is before["net_"]
    assert [path.read_bytes() for path in sorted(tmp_path.iterdir())] == content


def test_modules_are_told_apart_by_their_weights(everywhere, arrays, tmp_path):
    first = everywhere(activation=torch.nn.PReLU(init=0.1)).fit(*arrays)
    check_equal(everywhere(activation=torch.nn.PReLU(init=0.1)).fit(*arrays), first, arrays[0])
    with pytest.raises(CheckpointMismatchError, match=r"\n  - activation: 'PReLU\(.* there, .*\nC"):
        everywhere(activation=torch.nn.PReLU(init=0.9)).fit(*arrays)


class Counting(torch.nn.Tanh):
    """A module with a state of its own, which is a tensor or not."""

    def __init__(self, state):
        super().__init__()
        self.state = state

    def get_extra_state(self):
        return self.state

    def set_extra_state(self, state):
        self.state = state


@pytest.mark.parametrize("parameter", ["activation", "output_activation"])
def test_states_that_files_can_not_hold_are_refused(parameter, everywhere, quick, arrays, tmp_path):
    model = everywhere(tmp_path / "new", **{parameter: torch.nn.Sequential(Counting({"n": 3}))})
    message = (
        f"'checkpoint_dir', the '{parameter}' parameter .* Got a Sequential .*'0._extra_state'"
    )
    with pytest.raises(ValueError, match=message) as caught:
        model.fit(*arrays)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "new").exists()
    model.set_params(checkpoint_dir=None).fit(*arrays)
    everywhere(**{parameter: Counting(torch.zeros(3))}).fit(*arrays)
    assert names(tmp_path) == [file_of(i + 1) for i in range(N_EPOCHS)]


def test_other_data_are_refused(everywhere, frames):
    X, y = frames
    everywhere().fit(X, y)
    one_more = y.copy()
    one_more.iloc[7, 2] = np.nextafter(one_more.iloc[7, 2], 9)
    renamed = X.rename(columns={X.columns[0]: "ABL1"})
    shorter = r"\n  - samples: 60 there, 50 here\n  - values of X: other values"
    for data, lines in {
        "a value": ((X, one_more), "\n  - values of y: other values\nChoose"),
        "a name": (
            (renamed, y),
            rf"\n  - landmark genes: .* '{X.columns[0]}'; only here 'ABL1'\nC",
        ),
        "precision": ((X.astype("f8"), y), "\n  - values of X: other values\nChoose"),
        "samples": ((X[:50], y[:50]), shorter),
        "weights": ((X, y, np.ones(60)), "\n  - sample weights: none there, some here\nChoose"),
        "no names": ((X.to_numpy(), y), r"landmark genes: 8 names \(.*\) there, none here\nC"),
    }.values():
        with pytest.raises(CheckpointMismatchError, match=lines):
            everywhere().fit(*data)
    check_equal(everywhere(verbose=2).fit(X, y), everywhere(None).fit(X, y), X)


def test_a_warm_start_has_its_own_checkpoints(everywhere, quick, arrays, tmp_path):
    expected = quick(max_iter=N_EPOCHS, warm_start=True)
    expected.fit(*arrays).fit(*arrays)
    for _ in range(2):  # the second time as a script that is run again
        model = everywhere(warm_start=True)
        for folder in ("first", "second"):
            model.set_params(checkpoint_dir=tmp_path / folder).fit(*arrays)
        check_equal(model, expected, arrays[0])
    with pytest.raises(CheckpointMismatchError, match="starting weights: other values"):
        model.fit(*arrays)


def test_a_warm_start_that_was_stopped_goes_on_in_a_new_estimator(everywhere, quick, arrays):
    first = everywhere(warm_start=True, callbacks=[Strike(3, KeyboardInterrupt)])
    with pytest.warns(InterruptedFitWarning):
        first.fit(*arrays)
    with pytest.raises(CheckpointMismatchError, match="starting weights: none there, some here"):
        first.fit(*arrays)
    model = everywhere(warm_start=True, callbacks=[Strike(99)]).fit(*arrays)
    check_equal(model, everywhere(None, callbacks=[Strike(99)]).fit(*arrays), arrays[0])


def test_partial_fit_neither_reads_nor_writes(everywhere, arrays, tmp_path):
    everywhere().partial_fit(*arrays).partial_fit(*arrays)
    assert names(tmp_path) == []


def test_loaded_with_other_libraries_it_goes_on_and_says_so(everywhere, arrays, monkeypatch):
    from sklearn_dgex.training.checkpoints import folder

    ours = folder.versions_here()
    monkeypatch.setattr(folder, "versions_here", lambda: ours | {"torch": "2.8.0"})
    with pytest.raises(Struck):
        everywhere(callbacks=[Strike(3)]).fit(*arrays)
    monkeypatch.undo()
    with pytest.warns(CheckpointWarning, match=r"libraries \(torch 2\.8\.0 there, ") as caught:
        everywhere().fit(*arrays)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("kind", [str, Path])
def test_clones_pickles_and_saved_models(kind, everywhere, arrays, tmp_path):
    model = everywhere(kind(tmp_path / "a")).fit(*arrays)
    assert clone(model).checkpoint_dir == model.checkpoint_dir
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(arrays[0]), model.predict(arrays[0]))
    assert again.checkpoint_dir == model.checkpoint_dir
    with pytest.warns(LeftOutWarning, match="'checkpoint_dir'"):
        loaded = load(save(model, tmp_path / "model"))
    assert loaded.checkpoint_dir is None
    assert loaded.checkpoint_every == 1
    np.testing.assert_array_equal(loaded.predict(arrays[0]), model.predict(arrays[0]))


@pytest.mark.parametrize("every", ["", "1", "1 day", "-1 s", "0 min", "one min", 0, 1.5, None])
def test_no_time_at_all(every, everywhere, arrays, tmp_path):
    with pytest.raises(ValueError, match="'checkpoint_every' parameter"):
        everywhere(tmp_path / "new", checkpoint_every=every).fit(*arrays)
    assert not (tmp_path / "new").exists()


def test_other_generators_of_numpys_are_refused(everywhere, arrays):
    source = np.random.RandomState(np.random.PCG64(0))
    with pytest.raises(ValueError, match="Got one of PCG64"):
        everywhere(random_state=source).fit(*arrays)


def test_verbose_says_where_it_goes_on(everywhere, arrays, capsys):
    with pytest.raises(Struck):
        everywhere(callbacks=[Strike(3)]).fit(*arrays)
    everywhere(verbose=2).fit(*arrays)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "DGEXRegressor: goes on from epoch 2/4"
    assert lines[1].startswith("DGEXRegressor: epoch 3/4")
