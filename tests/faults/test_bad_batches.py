"""A file that changes under a fit, after its values were checked: a clear error, nothing lost."""

import numpy as np
import pytest
from skorch.callbacks import Callback

from sklearn_dgex import DGEXRegressor
from sklearn_dgex._dgex import data
from sklearn_dgex.datasets import make_expression
from sklearn_dgex.exceptions import DivergedError
from sklearn_dgex.training import streams

N, P, Q = 160, 8, 12


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "LOADED_BYTES", 0)
    monkeypatch.setattr(streams, "BLOCK_BYTES", 4 * (P + Q) * 16)
    X, y = make_expression(N, n_landmarks=P, n_targets=Q, random_state=0)
    table = np.memmap(tmp_path / "map", np.float32, "w+", shape=(N, P + Q))
    table[:, :P], table[:, P:] = X, y
    return table


def fit(model, table):
    return model.fit(table[:, :P], table[:, P:])


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("column", [0, P])
def test_a_value_that_goes_bad_in_the_third_epoch(value, column, table):
    class Spoil(Callback):
        def on_epoch_end(self, net, **kwargs):
            if len(net.history) == 2:
                table[:, column] = value

    model = DGEXRegressor(
        width=20, n_members=1, max_iter=6, shuffle_buffer=40, mixup=0, random_state=0
    )
    fit(model, table)
    expected, before = model.predict(np.zeros((3, P))), dict(vars(model))
    model.callbacks = [Spoil()]
    with pytest.raises(DivergedError, match=r"became (nan|inf) in epoch 3"):
        fit(model, table)
    assert {**vars(model), "callbacks": None}.items() == before.items()
    np.testing.assert_array_equal(model.predict(np.zeros((3, P))), expected)


def test_a_file_that_is_closed_too_early(tmp_path, table):
    h5py = pytest.importorskip("h5py")
    file = h5py.File(tmp_path / "h5", "w")
    X = file.create_dataset("X", data=np.asarray(table[:, :P]))
    y = file.create_dataset("y", data=np.asarray(table[:, P:]))

    class Close(Callback):
        def on_epoch_end(self, net, **kwargs):
            file.close()

    model = DGEXRegressor(width=20, n_members=1, max_iter=4, shuffle_buffer=40, random_state=0)
    fit(model, table)
    before = dict(vars(model))
    model.callbacks = [Close()]
    with pytest.raises(OSError, match=r"samples \d+ to \d+ of the training data can't be read"):
        model.fit(X, y)
    assert {**vars(model), "callbacks": None}.items() == before.items()
