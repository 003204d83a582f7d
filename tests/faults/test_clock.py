"""Clocks that are set while a fit runs change nothing of when checkpoints are written."""

import itertools
import os
import time

import pytest
from skorch.callbacks import Callback

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.datasets import make_expression

DAY = 86_400
SMALL = {"width": 20, "n_towers": 2, "n_members": 2, "random_state": 0, "early_stopping": False}
WALL = time.time()  # before it is set


class Seconds(Callback):
    """Let the time that no clock can be set by go on by ten seconds an epoch."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr("time.monotonic", lambda: self.now)

    def on_epoch_end(self, net, **kwargs):
        self.now += 10


@pytest.mark.parametrize("days", [0, 1, -1, "to and fro"])
def test_clock_changes(days, tmp_path, monkeypatch):
    jumps = itertools.cycle([DAY, -DAY]) if days == "to and fro" else itertools.repeat(days * DAY)
    wall = itertools.accumulate(jumps, initial=WALL)
    monkeypatch.setattr("time.time", lambda: next(wall))
    X, y = make_expression(60, n_landmarks=8, n_targets=5, n_modules=3, random_state=0)
    DGEXRegressor(
        **SMALL,
        max_iter=11,
        checkpoint_dir=tmp_path,
        checkpoint_every="25 s",
        checkpoint_keep=9,
        callbacks=[Seconds(monkeypatch)],
    ).fit(X, y)
    epochs = [int(name[11:17]) for name in sorted(os.listdir(tmp_path))]
    assert epochs == [3, 6, 9, 11]
