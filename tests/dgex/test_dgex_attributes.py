"""What "auto" comes to, and what the attributes say of a fit."""

import pytest

from sklearn_dgex import DGEXRegressor
from sklearn_dgex._dgex import defaults


def test_attributes_say_what_was_built(quick, frames):
    model = quick(n_networks=2, n_towers=3, n_hidden_layers=4).fit(*frames)
    n_numbers = sum(p.numel() for network in model.networks_ for p in network.parameters())
    assert model.n_parameters_ * model.n_members_ == n_numbers
    assert (model.n_towers_, model.n_members_, model.n_outputs_) == (3, 2, 5)
    assert model.n_neurons_ == 2 * 4 * 3 * model.tower_width_ + 5
    assert [network.tower_width for network in model.networks_] == [model.tower_width_] * 2


@pytest.mark.parametrize("n_samples", [1, 2, 9, 20, 100, 680, 5_000, 16_000, 100_000, 10**7])
def test_rules_stay_in_their_bounds(n_samples):
    width = defaults.resolve_width("auto", n_samples, 10_000)
    batch = defaults.resolve_batch_size("auto", n_samples)
    epochs = defaults.resolve_max_iter("auto", n_samples, batch)
    assert 100 <= width <= 3000
    assert 32 <= batch <= 200
    assert 40 <= epochs <= 400
    assert 1 <= defaults.resolve_n_members("auto", n_samples) <= 8
    assert 0.25 <= defaults.resolve_linear_path("auto", n_samples) <= 1
    assert 10 <= defaults.resolve_patience("auto", epochs) <= 100
    if 40 < epochs < 400:
        assert 1600 <= epochs * round(n_samples / batch) < 1600 + n_samples / batch


def test_rules_yield_to_numbers():
    assert defaults.resolve_width(7, 100, 50) == 7
    assert defaults.resolve_linear_path(0.0, 10) == 0.0
    assert defaults.resolve_n_members(3, 10**6) == 3
    assert defaults.resolve_batch_size(5, 10**6) == 5
    assert defaults.resolve_max_iter(2, 10**6, 5) == 2
    assert defaults.resolve_patience(1, 500) == 1


def test_a_fit_follows_the_rules(arrays):
    X, y = arrays
    model = DGEXRegressor(max_iter=1, random_state=0).fit(X, y)
    assert (model.n_members_, model.batch_size_, model.max_iter_) == (8, 32, 1)
    # 100 neurons are the floor: 8 landmarks and 5 targets would allow fewer
    wide = DGEXRegressor(n_towers=1, max_iter=1, random_state=0).fit(X, y)
    assert wide.tower_width_ == 100
    assert model.tower_width_ < 100
    assert model.n_parameters_ < wide.n_parameters_
