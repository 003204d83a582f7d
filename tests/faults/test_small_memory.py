"""A device without room for a batch: it is learnt from in pieces, to the same weights."""

import warnings

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from sklearn_dgex import DGEXRegressor, nn
from sklearn_dgex.datasets import make_expression
from sklearn_dgex.exceptions import SmallMemoryWarning

SETTINGS = {
    "width": 20,
    "n_members": 2,
    "batch_size": 30,
    "max_iter": 3,
    "random_state": 0,
    "loss": "huber",  # an absolute error's sign may turn at a rounding error
}


class Listens(Callback):
    """Makes autograd take the steps, as on devices whose memory ends."""

    def on_batch_end(self, net, **kwargs):
        pass


@pytest.fixture(scope="module")
def profiles():
    return make_expression(100, n_landmarks=10, n_targets=15, random_state=0)


@pytest.fixture
def room(monkeypatch):
    """Return ``room(n)``: let networks answer to n samples at most while they learn."""

    def leave(n_samples):
        forward = nn.TowerNetwork.forward

        def answer(network, x):
            if network.training and x.shape[-2] > n_samples:
                for dropout in network.dropouts:  # some numbers had been drawn by then
                    dropout.draw_keys()
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return forward(network, x)

        monkeypatch.setattr(nn.TowerNetwork, "forward", answer)

    return leave


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_samples", [29, 10, 4, 1])
def test_pieces_add_up_to_the_batch(n_samples, weighted, profiles, room):
    weight = np.random.default_rng(0).random(100) if weighted else None
    whole = DGEXRegressor(**SETTINGS, callbacks=[Listens()]).fit(*profiles, sample_weight=weight)
    room(n_samples)
    model = DGEXRegressor(**SETTINGS, callbacks=[Listens()])
    with pytest.warns(SmallMemoryWarning, match="no room for a batch of 30 samples") as caught:
        model.fit(*profiles, sample_weight=weight)
    assert sum(issubclass(one.category, SmallMemoryWarning) for one in caught) == 1
    np.testing.assert_allclose(model.loss_curve_, whole.loss_curve_, rtol=1e-5)
    np.testing.assert_allclose(
        model.predict(profiles[0]), whole.predict(profiles[0]), rtol=1e-4, atol=1e-4
    )


def test_without_room_for_one_sample_the_fit_says_so(profiles, room):
    model = DGEXRegressor(**SETTINGS, callbacks=[Listens()]).fit(*profiles)
    before = dict(vars(model))
    room(0)
    with pytest.warns(SmallMemoryWarning), pytest.raises(torch.OutOfMemoryError):
        model.fit(*profiles)
    assert vars(model).items() == before.items()


def test_with_room_enough_nothing_is_said(profiles, room):
    room(30)
    with warnings.catch_warnings():
        warnings.simplefilter("error", SmallMemoryWarning)
        DGEXRegressor(**SETTINGS, callbacks=[Listens()]).fit(*profiles)
