import io
import re
import sys

import numpy as np
import pytest

from sklearn_dgex.exceptions import DivergedError
from sklearn_dgex.training.autoencoder.progress import EpochReport


class Terminal(io.StringIO):
    def isatty(self):
        return True


def reported(n_epochs, verbose, a_call=7):
    """What a training of so many epochs reports, some at a call."""
    report = EpochReport(n_epochs, 0.1, "SDA", verbose)
    losses = 1 / np.arange(1.0, n_epochs + 1)
    for start in range(0, n_epochs, a_call):
        report(losses[start : start + a_call])
    report.close()
    assert report.losses == losses.tolist()
    assert {type(loss) for loss in report.losses} == {float}


@pytest.mark.parametrize("verbose", [0, 1, False, True])
def test_silent_off_a_terminal(verbose, capfd):
    reported(40, verbose)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("a_call", [1, 7, 1000])
@pytest.mark.parametrize("n_epochs", [5, 10, 40, 1000])
def test_verbose_2_prints_a_line_each_tenth(n_epochs, a_call, capsys):
    reported(n_epochs, 2, a_call)
    out, err = capsys.readouterr()
    every = max(1, n_epochs // 10)
    assert out.splitlines() == [
        f"SDA: epoch {epoch}/{n_epochs}, training loss {1 / epoch:#.4g}"
        for epoch in range(every, n_epochs + 1, every)
    ]
    assert err == ""


@pytest.mark.parametrize("verbose", [0, 1, 2])
def test_a_terminal_shows_a_bar_at_verbose_1_alone(verbose, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", screen := Terminal())
    reported(40, verbose)
    if verbose != 1:
        assert screen.getvalue() == ""
        return
    assert capsys.readouterr().out == ""
    last = screen.getvalue().rstrip().split("\r")[-1]
    assert re.match(r"SDA: .+ epoch 40/40, loss 0\.02500, took 00:00$", last), last


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("verbose", [0, 1, 2])
def test_a_loss_that_is_not_finite_stops_the_training(bad, verbose):
    report = EpochReport(10, 0.25, "SDA", verbose)
    report(np.array([3.0, 2.0]))
    with pytest.raises(
        DivergedError,
        match=rf"^The training loss became {bad} in epoch 4 at a learning rate of 0\.25;",
    ):
        report(np.array([1.0, bad, 0.5]))
    np.testing.assert_array_equal(report.losses, [3.0, 2.0, 1.0, bad])
    report.close()


def test_an_interrupted_bar_is_left_where_it_stood(monkeypatch):
    monkeypatch.setattr(sys, "stderr", screen := Terminal())
    report = EpochReport(40, 0.1, "SDA", 1)
    report(np.full(10, 0.5))
    report.close()
    last = screen.getvalue().rstrip().split("\r")[-1]
    assert re.match(r"SDA: .+ epoch 10/40, loss 0\.5000, took 00:00$", last), last


def test_the_kernel_stops_at_the_error(make_recipe, draw):
    engine = pytest.importorskip(
        "sklearn_dgex.training.autoencoder.kernel.engine", reason="numba compiles the kernel"
    )
    weights, x = draw([7, 5])
    x[3, 2] = np.inf
    recipe, report = make_recipe(), EpochReport(9, 0.05, "SDA", 0)
    keys = np.arange(36, dtype=np.uint32).reshape(9, 4)
    with pytest.raises(DivergedError, match=r"in epoch 1 at a learning rate of 0\.05"):
        engine.train_with_kernel(weights, x, recipe, keys, report)
