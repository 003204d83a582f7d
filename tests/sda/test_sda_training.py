"""Training goes on where it should, ends where it must, and loses nothing by a failure."""

import os
import pickle
import signal
import threading

import numpy as np
import pytest
from skorch.callbacks import Callback, EarlyStopping

from sklearn_dgex.exceptions import DivergedError, InterruptedFitWarning, SlowEngineWarning
from sklearn_dgex.training import autoencoder

ENGINES = ["kernel", "torch"]


def weights(model):
    """Every array of a model's weights, in one list."""
    return [array for arrays in vars(model.weights_).values() for array in arrays or []]


def assert_same_weights(one, another):
    for first, second in zip(weights(one), weights(another), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("engine", ENGINES)
def test_loss_curves_have_an_epoch_each(deep, arrays, engine):
    model = deep(max_iter=4, finetune_max_iter=6, engine=engine).fit(arrays)
    assert [len(curve) for curve in model.loss_curve_] == [4, 4]
    assert len(model.finetune_loss_curve_) == 6
    assert model.n_iter_ == 14
    numbers = [*model.loss_curve_[0], *model.loss_curve_[1], *model.finetune_loss_curve_]
    assert {type(number) for number in numbers} == {float}
    assert np.isfinite(numbers).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_warm_start_goes_on(deep, arrays, engine):
    model = deep(max_iter=20, warm_start=True, engine=engine).fit(arrays)
    curves, scaler, n_iter = model.loss_curve_, model.scaler_, model.n_iter_
    model.fit(arrays + 1)
    assert model.scaler_ is scaler
    assert model.n_iter_ == 2 * n_iter == 120
    for old, new in zip(curves, model.loss_curve_, strict=True):
        assert len(old) == 20, "the curve of the last fit is left alone"
        assert new[:20] == old
        assert new[-1] < old[-1]
    cold = model.set_params(warm_start=False).fit(arrays)
    assert cold.loss_curve_ == curves
    assert cold.scaler_ is not scaler


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hidden_layer_sizes": (6, 4)}, r"'hidden_layer_sizes' .* come to \[6, 3\].*Got \[6, 4\]"),
        ({"hidden_layer_sizes": 6}, r"'hidden_layer_sizes' .*Got \[6\]"),
        ({"tied_weights": False}, "'tied_weights' .* come to True, .* Got False"),
        ({"activation": "tanh"}, "'activation' .* come to 'sigmoid', .* Got 'tanh'"),
        ({"loss": "squared_error"}, "'output_activation' .* come to 'sigmoid', .* Got 'identity'"),
        ({"scaling": "none"}, "'scaling' .* come to 'feature', .* Got 'none'"),
        ({"scaling": "joint"}, "'scaling' .* come to 'feature', .* Got 'joint'"),
    ],
    ids=str,
)
def test_another_network_is_refused(deep, arrays, method, change, message):
    X = (arrays - arrays.min()) / np.ptp(arrays)
    model = deep(warm_start=True).fit(X).set_params(**change)
    before = pickle.dumps(model)
    with pytest.raises(ValueError, match=message + " instead; fit with warm_start=False"):
        getattr(model, method)(X)
    assert pickle.dumps(model) == before
    model.set_params(warm_start=False).fit(X)


@pytest.mark.parametrize(
    "change",
    [
        {"loss": "squared_error", "output_activation": "sigmoid"},
        {"noise": "gaussian", "corruption_level": [0.2, 0.0]},
        {"solver": "nadam", "learning_rate_init": 0.001},
        {"momentum": 0.5, "batch_size": 7},
        {"engine": "torch"},
        {"output": "code", "hidden_layer_sizes": [6, 3], "output_activation": "sigmoid"},
    ],
    ids=str,
)
def test_other_ways_to_train_it_are_not(deep, arrays, change):
    model = deep(warm_start=True).fit(arrays)
    n_iter = model.n_iter_
    model.set_params(**change).fit(arrays).partial_fit(arrays)
    assert model.n_iter_ == 2 * n_iter + 3
    assert np.isfinite(model.transform(arrays)).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_the_first_partial_fit_is_a_fit_of_one_epoch(deep, arrays, engine):
    one = deep(engine=engine).partial_fit(arrays)
    assert_same_weights(one, deep(engine=engine, max_iter=1).fit(arrays))
    np.testing.assert_array_equal(one.codes_, one.encode(arrays))


@pytest.mark.parametrize("finetune_max_iter", ["auto", 0, 50])
def test_partial_fit_counts_on(deep, arrays, finetune_max_iter):
    n_tuned = int(finetune_max_iter != 0)
    model = deep(finetune_max_iter=finetune_max_iter)
    for n_calls in range(1, 5):
        assert model.partial_fit(arrays) is model
        assert [len(curve) for curve in model.loss_curve_] == [n_calls, n_calls]
        assert len(model.finetune_loss_curve_) == n_calls * n_tuned
        assert model.n_iter_ == n_calls * (2 + n_tuned)


def test_partial_fit_learns_in_pieces(deep, arrays):
    model = deep(learning_rate_init=0.3)
    for call in range(200):
        model.partial_fit(arrays[20 * (call % 4) :][:20] if call else arrays)
    assert model.score(arrays) > deep(max_iter=20).fit(arrays).score(arrays)
    assert np.mean(model.finetune_loss_curve_[-20:]) < np.mean(model.finetune_loss_curve_[:20])


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_training_that_goes_on_meets_new_noise(quick, arrays, method):
    """At a rate of almost 0 the losses differ by nothing but the noise."""
    settings = {"corruption_level": 0.3, "learning_rate_init": 1e-12, "batch_size": 80}
    model = quick(max_iter=1, warm_start=True, **settings)
    for _ in range(6):
        getattr(model, method)(arrays)
    assert len(set(np.round(model.loss_curve_[0], 4))) == 6


def test_profiles_beyond_the_first_range(quick, arrays):
    model = quick().partial_fit(arrays)
    scaler = model.scaler_
    model.partial_fit(3 * arrays - 50)
    assert model.scaler_ is scaler
    assert np.isfinite(model.loss_curve_[0]).all()
    assert min(model.loss_curve_[0]) > 0, "a cross-entropy of targets in [0, 1] is not negative"
    np.testing.assert_array_equal(model.codes_, model.encode(3 * arrays - 50))


DIVERGING = {"loss": "squared_error", "activation": "identity"}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("how", ["fit", "warm_start", "partial_fit"])
def test_divergence_loses_nothing(deep, arrays, how, engine):
    model = deep(learning_rate_init=1e-3, engine=engine, **DIVERGING).fit(arrays)
    model.set_params(warm_start=how == "warm_start", learning_rate_init=1e9, max_iter=50)
    before, values = pickle.dumps(model), [array.copy() for array in weights(model)]
    message = r"training loss became (nan|inf) in epoch \d+ at a learning rate of 1e\+09; lower 'l"
    with pytest.raises(DivergedError, match=message):
        getattr(model, "partial_fit" if how == "partial_fit" else "fit")(arrays)
    assert pickle.dumps(model) == before
    for array, value in zip(weights(model), values, strict=True):
        np.testing.assert_array_equal(array, value)


def test_a_first_fit_that_fails_leaves_no_trace(quick, frame):
    model = quick(learning_rate_init=1e9, max_iter=50, **DIVERGING)
    before = dict(vars(model))
    for method in (model.fit, model.partial_fit):
        with pytest.raises(DivergedError):
            method(frame)
        assert vars(model) == before


class StopKernel(autoencoder.EpochReport):
    """Press Ctrl-C at the end of an epoch of the training whose title holds a word."""

    epoch, title = 3, ""

    def __call__(self, losses):
        for loss in losses:
            super().__call__(np.array([loss]))
            if len(self.losses) == self.epoch and self.title in self.description:
                raise KeyboardInterrupt


class StopTorch(Callback):
    """The same for torch, where a training is known by its number."""

    def __init__(self, training):
        self.training, self.n_begun = training, 0

    def on_train_begin(self, net, **kwargs):
        self.n_begun += 1

    def on_epoch_end(self, net, **kwargs):
        if self.n_begun == self.training and len(net.history) == 3:
            raise KeyboardInterrupt


TITLES = ["layer 1 of 2", "layer 2 of 2", "fine-tuning"]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("training", [1, 2, 3])
def test_ctrl_c_keeps_what_was_learned(deep, arrays, monkeypatch, engine, training):
    model = deep(max_iter=8, engine=engine)
    if engine == "torch":
        model.set_params(callbacks=[StopTorch(training)])
    with monkeypatch.context() as patch:
        patch.setattr(StopKernel, "title", TITLES[training - 1])
        patch.setattr(autoencoder, "EpochReport", StopKernel)
        with pytest.warns(InterruptedFitWarning) as caught:
            model.fit(arrays)
    assert len(caught) == 1
    curves = [*model.loss_curve_, model.finetune_loss_curve_]
    expected = [8] * (training - 1) + [3] + [0] * (3 - training)
    assert [len(curve) for curve in curves] == expected
    assert model.n_iter_ == sum(expected)
    whole = deep(max_iter=8, engine=engine).fit(arrays)
    assert (
        curves[training - 1] == [*whole.loss_curve_, whole.finetune_loss_curve_][training - 1][:3]
    )
    assert np.isfinite(model.transform(arrays)).all()
    model.set_params(callbacks=None).partial_fit(arrays)


def test_an_interrupted_fit_says_where(quick, deep, arrays, monkeypatch):
    monkeypatch.setattr(autoencoder, "EpochReport", StopKernel)
    for model, place in ((quick(), ""), (deep(), "layer 1 of 2, ")):
        with pytest.warns(InterruptedFitWarning) as caught:
            model.fit(arrays)
        assert str(caught[0].message) == (
            f"The fit was interrupted in {place}epoch 4 of 5; the estimator keeps the weights as "
            "they were then."
        )
        assert caught[0].filename == __file__, "the warning points into the package"


def test_a_real_ctrl_c_is_heard_in_the_kernel(quick, arrays, monkeypatch):
    running = threading.Event()

    class Started(autoencoder.EpochReport):
        def __call__(self, losses):
            super().__call__(losses)
            running.set()

    def press():
        running.wait()
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(autoencoder, "EpochReport", Started)
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    thread, model = threading.Thread(target=press), quick(max_iter=10**6)
    thread.start()
    try:
        with pytest.warns(InterruptedFitWarning):
            model.fit(arrays)
    except KeyboardInterrupt:  # which would end all tests
        pytest.fail("the interrupt came through")
    finally:
        running.set()
        thread.join()
        signal.signal(signal.SIGINT, handler)
    assert 0 < model.n_iter_ < 10**6
    assert np.isfinite(model.transform(arrays)).all()


def test_callbacks_are_called_by_torch(deep, arrays):
    heard = []

    class Listener(Callback):
        def on_epoch_end(self, net, **kwargs):
            heard.append(net.history[-1]["train_loss"])

    model = deep(callbacks=[Listener()], max_iter=3).fit(arrays)
    assert model.engine_ == "torch"
    curves = [*model.loss_curve_, model.finetune_loss_curve_]
    np.testing.assert_allclose(heard, np.concatenate(curves))
    with pytest.raises(
        ValueError, match=r"'engine' parameter must be 'torch' or 'auto' for .* cal"
    ):
        model.set_params(engine="kernel").fit(arrays)


@pytest.mark.parametrize("engine", ENGINES)
def test_verbose(quick, deep, arrays, capsys, engine):
    deep(verbose=0, engine=engine).fit(arrays)
    deep(verbose=1, engine=engine).fit(arrays)  # not on a terminal
    assert capsys.readouterr() == ("", "")
    model = deep(verbose=2, max_iter=20, finetune_max_iter=10, engine=engine).fit(arrays)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 30
    expected = [("layer 1 of 2", 20), ("layer 2 of 2", 20), ("fine-tuning", 10)]
    losses = [*(curve[-1] for curve in model.loss_curve_), model.finetune_loss_curve_[-1]]
    for line, (title, n), loss in zip(lines[9::10], expected, losses, strict=True):
        assert line == f"SDATransformer {title}: epoch {n}/{n}, training loss {loss:#.4g}"
    quick(verbose=2, engine=engine).fit(arrays)
    assert capsys.readouterr().out.startswith("SDATransformer: epoch 1/5, training loss ")


def test_without_numba_torch_trains_and_says_so(quick, arrays, monkeypatch):
    kernel = quick().fit(arrays)
    monkeypatch.setattr(
        "sklearn_dgex.training.autoencoder.engines.kernel_obstacle", lambda: "numba is missing"
    )
    with pytest.warns(SlowEngineWarning, match=r"pip install 'sklearn_dgex\[fast\]'"):
        model = quick().fit(arrays)
    assert (kernel.engine_, model.engine_) == ("kernel", "torch")
    np.testing.assert_allclose(model.transform(arrays), kernel.transform(arrays), rtol=1e-4)
    with pytest.raises(ImportError, match="engine='kernel' needs numba"):
        quick(engine="kernel").fit(arrays)


def test_a_large_network_is_trained_by_torch(quick, arrays):
    model = quick(batch_size=80, max_iter=1)
    assert model.set_params(hidden_layer_sizes=7).fit(arrays).engine_ == "kernel"
    wide = np.tile(arrays, (1, 1000))
    assert model.set_params(hidden_layer_sizes=20).fit(wide).engine_ == "torch"


@pytest.mark.parametrize("engine", ["kernel", "torch"])
def test_a_last_step_that_diverges_is_an_error(quick, arrays, engine):
    # The only step: its loss, taken before it, is finite.
    one_step = {"max_iter": 1, "batch_size": 80, "scaling": "none", "learning_rate_init": 1e38}
    model = quick(engine=engine, **one_step, **DIVERGING)
    with pytest.raises(DivergedError, match="The weights became nan in epoch 1"):
        model.fit(arrays)
    assert not hasattr(model, "weights_")


def test_a_batch_larger_than_the_samples_counts_as_all_of_them(quick, arrays):
    assert quick(batch_size=10**9).fit(arrays).engine_ == "kernel"


def test_a_callback_that_stops_a_layer_leaves_the_others_to_learn(deep, arrays):
    stop = EarlyStopping(monitor="train_loss", patience=2, threshold=0.9, sink=lambda text: None)
    model = deep(max_iter=20, engine="torch", callbacks=[stop]).fit(arrays)
    epochs = [len(curve) for curve in (*model.loss_curve_, model.finetune_loss_curve_)]
    assert all(0 < n < 20 for n in epochs)
    assert model.n_iter_ == sum(epochs)
