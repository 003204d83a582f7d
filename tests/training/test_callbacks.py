import os
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from skorch.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochTimer,
    GradientNormClipping,
    LRScheduler,
    ProgressBar,
)

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.exceptions import InterruptedFitWarning

SMALL = {"width": 12, "n_towers": 2, "n_members": 2, "max_iter": 6, "device": "cpu"}


def expression(n=60, p=6, q=4):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, p)).astype(np.float32)
    return x, np.tanh(x @ rng.normal(size=(p, q))).astype(np.float32)


def fitted(**settings):
    return DGEXRegressor(**(SMALL | {"random_state": 0} | settings)).fit(*expression())


def test_lr_scheduler_sets_the_rates():
    halving = LRScheduler(policy=torch.optim.lr_scheduler.StepLR, step_size=2, gamma=0.5)
    model = fitted(callbacks=[halving], learning_rate="constant", learning_rate_init=0.01)
    rates = [epoch["learning_rate"] for epoch in model.net_.history]
    np.testing.assert_allclose(rates, [0.01, 0.01, 0.005, 0.005, 0.0025, 0.0025])


def test_checkpoint_writes_the_best_weights(tmp_path):
    model = fitted(callbacks=[Checkpoint(dirname=str(tmp_path))], learning_rate_init=0.1)
    saved = torch.load(tmp_path / "params.pt", weights_only=True)
    kept = model.net_.module_.state_dict()
    assert saved.keys() == kept.keys()
    assert all(torch.equal(saved[name], kept[name]) for name in kept)


def test_gradient_clipping_clips():
    norms = []

    class Norms(Callback):
        def on_grad_computed(self, net, named_parameters, **kwargs):
            squares = [p.grad.square().sum() for _, p in named_parameters]
            norms.append(torch.stack(squares).sum().sqrt().item())

    fitted(callbacks=[GradientNormClipping(1e-3), Norms()])
    assert max(norms) <= 1e-3 * (1 + 1e-4)
    norms.clear()
    fitted(callbacks=[Norms()])
    assert min(norms) > 1e-3


def test_timer_and_progress_bar_serve_a_fit(capsys):
    bar = ProgressBar(detect_notebook=False)
    model = fitted(callbacks=[("mine", EpochTimer()), bar])
    assert all(epoch["dur"] > 0 for epoch in model.net_.history)
    assert "| 0/2 [" in capsys.readouterr().err  # two batches an epoch, in skorch's own bar


def test_skorchs_early_stopping_ends_a_fit_quietly_and_ctrl_c_does_not():
    class CtrlC(Callback):
        def on_batch_end(self, net, **kwargs):
            if len(net.history) == 3:
                raise KeyboardInterrupt

    stop = EarlyStopping(monitor="train_loss", patience=1, threshold=0.9, threshold_mode="rel")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fitted(callbacks=[stop]).n_iter_ == 2
    with pytest.warns(InterruptedFitWarning, match="in epoch 3 of 6") as caught:
        model = fitted(callbacks=[CtrlC()])
    assert caught[0].filename.endswith("base.py") or caught[0].filename == __file__
    assert model.n_iter_ == len(model.loss_curve_) == len(model.validation_scores_) == 2
    assert model.best_validation_score_ == min(model.validation_scores_)
    assert np.isfinite(model.predict(expression()[0])).all()


@pytest.mark.parametrize("verbose", [0, 1, 2])
def test_a_callback_that_fails_at_the_start_is_what_is_heard_of(verbose):
    class Fails(Callback):
        def on_train_begin(self, net, **kwargs):
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        fitted(verbose=verbose, callbacks=[Fails()])


@pytest.mark.parametrize("verbose", [0, 1])
def test_silent_off_a_terminal(verbose, capfd):
    fitted(verbose=verbose)
    assert capfd.readouterr() == ("", "")


def test_verbose_2_says_where_an_early_stop_was(capsys):
    model = fitted(verbose=2, max_iter=30, n_iter_no_change=1, tol=0.99)
    (line,) = capsys.readouterr().out.splitlines()  # no tenth was reached
    assert model.n_iter_ == 2
    loss, mmae = model.loss_curve_[-1], model.validation_scores_[-1]
    assert line == (
        f"DGEXRegressor: epoch 2/30, training loss {loss:#.4g}, validation MMAE {mmae:#.4g}"
    )


@pytest.mark.parametrize("max_iter", [5, 10, 30, 99])
def test_verbose_2_prints_about_ten_lines(max_iter, capsys):
    fitted(verbose=2, max_iter=max_iter, early_stopping=False)
    lines = capsys.readouterr().out.splitlines()
    assert min(max_iter, 10) <= len(lines) <= 11
    pattern = rf"DGEXRegressor: epoch (\d+)/{max_iter}, training loss \d.*, validation MMAE \d"
    epochs = [int(re.match(pattern, line).group(1)) for line in lines]
    assert np.ptp(np.diff(epochs)) == 0


def test_verbose_partial_fits_count_their_own_epochs(capsys):
    model = DGEXRegressor(**SMALL, verbose=2)
    for _ in "ab":
        model.partial_fit(*expression())
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == ["DGEXRegressor: epoch 1/1"] * 2


def fit_on_a_terminal(verbose, monkeypatch):
    """What a fit writes to a terminal of 100 columns."""
    termios = pytest.importorskip("termios", reason="a pseudo-terminal is a Unix thing")
    leader, follower = os.openpty()
    termios.tcsetwinsize(leader, (24, 100))
    with os.fdopen(follower, "w", buffering=1) as terminal, os.fdopen(leader, "rb", 0) as screen:
        monkeypatch.setattr(sys, "stderr", terminal)
        fitted(verbose=verbose, max_iter=40, early_stopping=False)
        os.set_blocking(leader, False)
        return b"".join(iter(lambda: screen.read(1 << 16), None)).decode()


def test_one_line_with_time_left_and_mmae_on_a_terminal(monkeypatch):
    assert fit_on_a_terminal(0, monkeypatch) == ""
    written = fit_on_a_terminal(1, monkeypatch)
    assert written.count("\n") == 1  # one line, rewritten in place
    states = [state.rstrip() for state in written.rstrip().split("\r")]
    assert 90 <= max(map(len, states)) <= 98  # ^C, which a terminal echoes, has room
    last = states[-1]
    assert re.match(r"DGEXRegressor: .+ epoch 40/40, MMAE 0\.\d{4}, took 00:0\d$", last), last


def test_a_fit_leaves_no_file_behind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fitted(verbose=1)
    assert not list(Path(tmp_path).iterdir())
