"""The six published networks, with the papers' numbers."""

import numpy as np
import pytest

from sklearn_dgex import DGEXRegressor
from sklearn_dgex._dgex.building import build_module, layer_dropout
from sklearn_dgex.nn.sizing import tower_width

NAMES = ["D-GEX", "D-GEX-TAAF", "T-D-GEX", "C-D-GEX", "TR-D-GEX", "CR-D-GEX"]


@pytest.mark.parametrize("name", NAMES[1:])
def test_settings_of_2020(name):
    model = DGEXRegressor.from_paper(name)
    towers = name != "D-GEX-TAAF"
    assert model.n_towers == (5 if towers else 1)
    assert model.width == (10_000 if towers else 9_000)
    assert (model.n_hidden_layers, model.n_folds, model.n_networks) == (3, 2, 2)
    assert model.architecture == ("checkerboard" if "C" in name.split("-")[0] else "tower")
    assert model.skip_connection == ("R" in name.split("-")[0])
    assert (model.activation, model.output_activation, model.taaf) == ("sigmoid", "sigmoid", True)
    first = 0.0 if model.architecture == "checkerboard" else 0.25
    assert layer_dropout(model) == [first, 0.25, 0.25]
    assert (model.solver, model.learning_rate, model.learning_rate_init) == ("nadam", "step", 5e-4)
    assert (model.schedule_decay, model.max_iter, model.batch_size) == (0.004, 600, 64)
    assert model.loss == "absolute_error"
    # what the paper does not have
    assert (model.n_members, model.mixup, model.input_dropout) == (1, 0.0, 0.0)
    assert model.early_stopping is False


def test_settings_of_2016():
    model = DGEXRegressor.from_paper("D-GEX")
    assert (model.activation, model.taaf, model.output_activation) == ("tanh", False, "identity")
    assert (model.loss, model.solver, model.momentum) == ("summed_squared_error", "sgd", 0.5)
    assert (model.width, model.n_towers, model.batch_size, model.max_iter) == (9_000, 1, 200, 200)
    assert (model.n_hidden_layers, layer_dropout(model)) == (1, [0.25])
    assert not model.skip_connection
    assert (model.n_members, model.mixup, model.input_dropout) == (1, 0.0, 0.0)


def test_widths_of_table_1():
    model = DGEXRegressor.from_paper("CR-D-GEX")
    assert tower_width(model.width, model.n_towers, n_features_in=942, n_targets=4759) == 4615


@pytest.mark.parametrize("name", NAMES)
def test_fits_at_a_tiny_width(frames, name):
    X, y = frames
    parameters = {} if name.startswith("D-GEX") else {"n_towers": 3}
    model = DGEXRegressor.from_paper(name, width=16, max_iter=3, random_state=0, **parameters)
    assert model.fit(X, y).infer(X).shape == y.shape
    assert np.isfinite(model.predict(X)).all()
    assert model.n_towers_ == parameters.get("n_towers", 1)
    assert len(model.networks_) == 2
    network = model.networks_[0]
    assert network.skip_connection == ("R" in name.split("-")[0])
    folds = [len(layer.sizes) for layer in network.hidden_layers]
    strides = [layer.stride for layer in network.hidden_layers]
    if "C" in name.split("-")[0]:
        assert (folds, strides) == ([2, 2], [1, 0])
    else:
        assert not any(strides)


def test_optimisers_constants(frames):
    small = {"width": 16, "max_iter": 1}
    nadam = DGEXRegressor.from_paper("T-D-GEX", **small).fit(*frames).net_.optimizer_.defaults
    assert (nadam["betas"], nadam["eps"], nadam["momentum_decay"]) == ((0.9, 0.999), 1e-7, 0.004)
    sgd = DGEXRegressor.from_paper("D-GEX", **small).fit(*frames).net_.optimizer_.defaults
    assert (sgd["momentum"], sgd["nesterov"], sgd["weight_decay"]) == (0.5, False, 0)


def test_learning_rates_of_600_epochs(frames):
    model = DGEXRegressor.from_paper("CR-D-GEX", width=16, n_towers=2, random_state=0)
    model.fit(*frames)
    rates = np.array([epoch["learning_rate"] for epoch in model.net_.history])
    expected = np.repeat([5e-4, 5e-5, 5e-6, 5e-7, 2.5e-7], [400, 75, 75, 25, 25])
    np.testing.assert_allclose(rates, expected, rtol=1e-6)


def test_parameters_can_be_set_otherwise():
    model = DGEXRegressor.from_paper("TR-D-GEX", n_towers=7, width=500, dropout=0.1)
    assert (model.n_towers, model.width, model.dropout) == (7, 500, 0.1)
    assert DGEXRegressor.from_paper("TR-D-GEX", n_towers=0).n_towers == 0  # for fit to refuse


def test_unknown_name_lists_the_known():
    with pytest.raises(ValueError, match="Got 'X-D-GEX' instead") as caught:
        DGEXRegressor.from_paper("X-D-GEX")
    assert all(repr(name) in str(caught.value) for name in NAMES)


@pytest.mark.parametrize("name", NAMES[:2])
def test_towers_for_a_network_without(name):
    with pytest.raises(ValueError, match=r"'n_towers' parameter must be 1.*no towers. Got 5"):
        DGEXRegressor.from_paper(name, n_towers=5)
    assert DGEXRegressor.from_paper(name, n_towers=1).n_towers == 1


def test_two_networks_split_the_targets():
    model = DGEXRegressor.from_paper("CR-D-GEX", width=30)
    module = build_module(
        model, width=30, linear_path=0.0, n_members=1, n_features_in=20, n_targets=7
    )
    assert [network.output_weight.shape[2] for network in module.networks] == [4, 3]
