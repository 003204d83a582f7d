"""Training goes on where it should, stops when it should, and keeps what was best."""

import copy
import pickle

import numpy as np
import pytest
from skorch.callbacks import Callback

from sklearn_dgex.datasets import make_expression
from sklearn_dgex.exceptions import InterruptedFitWarning
from sklearn_dgex.metrics import mmae


@pytest.fixture(scope="module")
def larger():
    return make_expression(200, n_landmarks=10, n_targets=6, n_modules=3, random_state=1)


class Stop(Callback):
    """Press Ctrl-C at the end of an epoch, or in the middle of it."""

    def __init__(self, epoch, *, in_batch=False):
        self.epoch, self.in_batch = epoch, in_batch

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == self.epoch and not self.in_batch:
            raise KeyboardInterrupt

    def on_batch_end(self, net, **kwargs):
        if len(net.history) == self.epoch and self.in_batch:
            raise KeyboardInterrupt


def test_learns(quick, larger):
    X, y = larger
    model = quick(max_iter=60, learning_rate_init=0.01).fit(X, y)
    assert model.n_iter_ == len(model.loss_curve_) == len(model.validation_scores_) == 60
    assert model.loss_curve_[-1] < 0.8 * model.loss_curve_[0]
    assert mmae(y, model.predict(X)) < 0.8 * mmae(y, np.broadcast_to(y.mean(0), y.shape))


def test_warm_start_goes_on(quick, larger):
    model = quick(warm_start=True, max_iter=15, learning_rate="constant").fit(*larger)
    first = model.loss_curve_
    module = model.net_.module_
    model.fit(*larger)
    assert model.loss_curve_[0] < first[0]
    assert model.loss_curve_[-1] < first[-1]
    assert len(model.loss_curve_) == 15
    assert model.net_.module_ is not module
    model.set_params(warm_start=False).fit(*larger)
    np.testing.assert_allclose(model.loss_curve_, first)


def test_warm_start_holds_out_the_same_samples_and_hears_a_new_batch_size(quick, larger):
    seen = []

    class Spy(Callback):
        def on_train_begin(self, net, X, **kwargs):
            seen.append((X.valid_index.numpy(), net.batch_size))

    model = quick(warm_start=True, callbacks=[Spy()]).fit(*larger)
    model.set_params(batch_size=50).fit(*larger)
    (first, _), (second, batch_size) = seen
    np.testing.assert_array_equal(first, second)
    assert batch_size == model.batch_size_ == 50


def test_partial_fit_lowers_the_loss(quick, larger):
    model = quick()
    for _ in range(12):
        assert model.partial_fit(*larger) is model
    assert model.n_iter_ == len(model.loss_curve_) == 12
    assert model.loss_curve_[-1] < 0.95 * model.loss_curve_[0]
    assert np.mean(np.diff(model.loss_curve_) < 0) > 0.6
    assert model.validation_scores_ is None
    assert model.per_gene_quality_.isna().all(axis=None)


def test_partial_fit_goes_on_from_a_fit(quick, larger):
    X, y = larger
    model = quick(max_iter=40, learning_rate_init=0.01).fit(X, y)
    error, quality = mmae(y, model.predict(X)), model.per_gene_quality_
    scores, best = model.validation_scores_, model.best_validation_score_
    model.set_params(learning_rate_init=1e-4).partial_fit(X, y)
    assert mmae(y, model.predict(X)) == pytest.approx(error, rel=0.05)
    assert not np.array_equal(mmae(y, model.predict(X)), error)
    assert model.per_gene_quality_ is quality
    assert model.validation_scores_ is scores
    assert model.best_validation_score_ == best


@pytest.mark.parametrize("n_calls", [0, 2])
def test_partial_fit_goes_on_after_unpickling(quick, larger, n_calls):
    X, y = larger
    model = quick(max_iter=40, learning_rate_init=0.01).fit(X, y)
    for _ in range(n_calls):
        model.partial_fit(X, y)
    error = mmae(y, model.predict(X))
    again = pickle.loads(pickle.dumps(model)).set_params(learning_rate_init=1e-4)
    assert mmae(y, again.partial_fit(X, y).predict(X)) == pytest.approx(error, rel=0.05)
    again.set_params(warm_start=True, max_iter=2).fit(X, y)
    assert mmae(y, again.predict(X)) == pytest.approx(error, rel=0.05)


@pytest.mark.parametrize("learning_rate", ["cosine", "step", "constant"])
@pytest.mark.parametrize("pickled", [False, True])
def test_partial_fit_counts_epochs_on(quick, larger, learning_rate, pickled):
    model = quick(learning_rate=learning_rate, max_iter=5).fit(*larger)
    curve = model.loss_curve_
    if pickled:
        model = pickle.loads(pickle.dumps(model))
    for n_iter in (6, 7):
        model.partial_fit(*larger)
        assert model.n_iter_ == len(model.loss_curve_) == n_iter
        assert model.loss_curve_[:5] == curve


def test_partial_fit_hears_a_new_rate_and_batch_size(quick, larger):
    seen = []

    class Spy(Callback):
        def on_epoch_end(self, net, **kwargs):
            rates = {group["lr"] for group in net.optimizer_.param_groups}
            seen.append((net.history[-1]["learning_rate"], rates, net.batch_size, net.optimizer_))

    model = quick(callbacks=[Spy()], learning_rate_init=0.01, batch_size=50)
    model.partial_fit(*larger)
    before = model.predict(larger[0])
    model.set_params(learning_rate_init=1e-12, batch_size=20).partial_fit(*larger)
    assert model.batch_size_ == 20
    (*first, optimizer), (*second, same_optimizer) = seen
    assert first == [0.01, {0.01}, 50]
    assert second == [1e-12, {1e-12}, 20]
    assert same_optimizer is optimizer
    np.testing.assert_allclose(model.predict(larger[0]), before, atol=1e-6)


def test_partial_fit_goes_on_with_a_new_optimiser_where_the_old_one_lies_elsewhere(quick, larger):
    model = quick(learning_rate_init=0.01)
    for _ in range(5):
        model.partial_fit(*larger)
    net, error = model.net_, mmae(larger[1], model.predict(larger[0]))
    for state in net.optimizer_.state.values():
        state["exp_avg"] = state["exp_avg"].to("meta")  # a device that every machine has
    model.set_params(learning_rate_init=1e-4).partial_fit(*larger)
    assert model.net_ is not net
    assert model.net_.module_ is net.module_
    assert model.n_iter_ == len(model.loss_curve_) == 6
    assert mmae(larger[1], model.predict(larger[0])) == pytest.approx(error, rel=0.05)


@pytest.mark.gpu
@pytest.mark.parametrize("learning_rate", ["cosine", "constant"])
def test_partial_fit_goes_on_across_devices(quick, larger, learning_rate):
    model = quick(learning_rate=learning_rate, device="cpu").fit(*larger)
    for n_iter, device in enumerate(["cuda", "cuda", "cpu", "cpu", "cuda"], start=4):
        model.set_params(device=device).partial_fit(*larger)
        assert model.n_iter_ == n_iter
    model.set_params(device="cpu").predict(larger[0])  # which moves the weights alone
    model.set_params(device="cuda").partial_fit(*larger)
    assert np.isfinite(model.predict(larger[0])).all()


def test_partial_fit_in_pieces_learns(quick, larger):
    X, y = larger
    model = quick(learning_rate_init=0.01)
    for _ in range(15):
        for rows in np.array_split(np.arange(200), 4):
            model.partial_fit(X[rows], y[rows])
    assert mmae(y, model.predict(X)) < 0.8 * mmae(y, np.broadcast_to(y.mean(0), y.shape))


def held_out_mmae(model, X, y):
    """MMAE of each member over its own held-out samples, from the fit's own data split."""
    seen = {}

    class Spy(Callback):
        def on_train_begin(self, net, X, **kwargs):
            seen["valid_index"] = X.valid_index.numpy()

    again = copy.deepcopy(model).set_params(callbacks=[Spy()]).fit(X, y)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    import torch

    module, errors = model.net_.module_.eval(), []
    x = torch.from_numpy(model.feature_scaler_.transform(X))
    with torch.no_grad():
        members = module.forward_members(x.expand(model.n_members_, -1, -1)).numpy()
    for rows, scaled in zip(seen["valid_index"], members, strict=True):
        inferred = model.target_scaler_.inverse_transform(scaled[rows].copy())
        errors.append(mmae(y[rows], inferred))
    return np.mean(errors)


@pytest.mark.parametrize("target_scaling", ["standard", "minmax", "none"])
def test_early_stopping_restores_the_best_epoch(quick, larger, target_scaling):
    X, y = larger
    y = y * np.array([0.1, 1, 1, 3, 10, 100], dtype=np.float32)
    model = quick(
        learning_rate="constant",
        learning_rate_init=0.05,
        max_iter=300,
        n_iter_no_change=5,
        target_scaling=target_scaling,
    ).fit(X, y)
    scores = model.validation_scores_
    assert model.n_iter_ < 300
    assert int(np.argmin(scores)) == model.n_iter_ - 1 - 5
    assert model.best_validation_score_ == min(scores) < scores[-1]
    assert held_out_mmae(model, X, y) == pytest.approx(model.best_validation_score_, rel=1e-4)


def test_without_early_stopping_the_last_weights_stay(quick, larger):
    X, y = larger
    model = quick(
        learning_rate="constant", learning_rate_init=0.05, max_iter=43, early_stopping=False
    ).fit(X, y)
    assert model.n_iter_ == 43
    assert model.best_validation_score_ < model.validation_scores_[-1]
    assert held_out_mmae(model, X, y) == pytest.approx(model.validation_scores_[-1], rel=1e-4)


def test_tolerance_stops_sooner(quick, larger):
    settings = {"max_iter": 60, "n_iter_no_change": 5}
    assert quick(tol=0.5, **settings).fit(*larger).n_iter_ == 6
    assert quick(tol=0.0, **settings).fit(*larger).n_iter_ > 6


@pytest.mark.parametrize("in_batch", [False, True])
@pytest.mark.parametrize("validation_fraction", [0.1, 0.0])
def test_ctrl_c_keeps_what_was_learned(quick, larger, in_batch, validation_fraction):
    X, y = larger
    model = quick(
        max_iter=50,
        callbacks=[Stop(8, in_batch=in_batch)],
        validation_fraction=validation_fraction,
        early_stopping=False,
    )
    with pytest.warns(InterruptedFitWarning, match=r"interrupted in epoch 8 of 50") as caught:
        model.fit(X, y)
    assert ("best weights, those of epoch" in str(caught[0].message)) == bool(validation_fraction)
    assert model.n_iter_ == len(model.loss_curve_) == (7 if in_batch else 8)
    assert np.isfinite(model.predict(X)).all()
    assert model.per_gene_quality_.shape == (6, 2)
    if validation_fraction:
        assert min(model.validation_scores_) == model.best_validation_score_


def test_ctrl_c_in_the_first_batch_leaves_a_usable_estimator(quick, larger):
    model = quick(callbacks=[Stop(1, in_batch=True)])
    with pytest.warns(InterruptedFitWarning):
        model.fit(*larger)
    assert model.n_iter_ == 0
    assert np.isfinite(model.predict(larger[0])).all()


def test_callbacks_hear_the_documented_history(quick, larger):
    heard = []

    class Listener(Callback):
        def on_epoch_end(self, net, **kwargs):
            heard.append(dict(net.history[-1]))

    quick(callbacks=[Listener()], max_iter=4).fit(*larger)
    names = {"train_loss", "valid_loss", "valid_mmae", "learning_rate", "dur"}
    assert [names - set(epoch) for epoch in heard] == [set()] * 4


def test_verbose(quick, larger, capsys):
    quick(verbose=0).fit(*larger)
    quick(verbose=1).fit(*larger)  # not on a terminal
    assert capsys.readouterr() == ("", "")
    quick(verbose=2, max_iter=20).fit(*larger)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 10
    assert lines[-1].startswith("DGEXRegressor: epoch 20/20, training loss ")
    assert "validation MMAE" in lines[-1]


def test_sample_weight_points_the_fit_at_the_heavy_samples(quick):
    X = np.zeros((100, 2))
    X[:, 0] = np.linspace(-1, 1, 100)
    y = np.where(np.arange(100) % 2, 5.0, -5.0)
    weight = np.where(np.arange(100) % 2, 1.0, 0.01)
    with pytest.warns(UserWarning, match="landmark genes do not vary"):
        model = quick(max_iter=20).fit(X, y, sample_weight=weight)
    assert model.predict(X).min() > 4
