import numpy as np
import pytest
import torch

from sklearn_dgex.training.losses import LOSSES, ProfileLoss

REFERENCES = {
    "absolute_error": lambda e: np.abs(e).mean(-1),
    "squared_error": lambda e: (e**2).mean(-1),
    "huber": lambda e: np.where(np.abs(e) < 1, e**2 / 2, np.abs(e) - 0.5).mean(-1),
    "summed_squared_error": lambda e: (e**2).sum(-1),
}


def pair(seed=0, n=30):
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.normal(size=(2, 3, n, 4))), rng.integers(0, 5, size=(3, n))


def test_every_loss_has_a_reference():
    assert set(LOSSES) == set(REFERENCES)


@pytest.mark.parametrize("name", REFERENCES)
def test_losses_are_means_over_the_batch_summed_over_members(name):
    (y_pred, y), _ = pair()
    expected = REFERENCES[name]((y_pred - y).numpy()).mean(-1).sum()
    assert ProfileLoss(name)(y_pred, y).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", REFERENCES)
@pytest.mark.parametrize("seed", range(5))
def test_weights_are_repeats(name, seed):
    (y_pred, y), repeats = pair(seed)
    expected = 0.0
    for member in range(3):
        rows = np.repeat(np.arange(30), repeats[member])
        expected += ProfileLoss(name)(
            y_pred[member : member + 1, rows], y[member : member + 1, rows]
        )
    weighted = ProfileLoss(name)(y_pred, y, torch.from_numpy(repeats).double())
    torch.testing.assert_close(weighted, expected)


def test_a_batch_without_weight_costs_nothing():
    (y_pred, y), _ = pair()
    y_pred.requires_grad_()
    loss = ProfileLoss("absolute_error")(y_pred, y, torch.zeros(3, 30, dtype=torch.float64))
    loss.backward()
    assert loss.item() == 0
    assert (y_pred.grad == 0).all()


def test_a_members_gradient_is_what_it_would_have_alone():
    (y_pred, y), _ = pair()
    y_pred.requires_grad_()
    ProfileLoss("squared_error")(y_pred, y).backward()
    alone = y_pred.detach()[1:2].clone().requires_grad_()
    ProfileLoss("squared_error")(alone, y[1:2]).backward()
    torch.testing.assert_close(y_pred.grad[1:2], alone.grad)
