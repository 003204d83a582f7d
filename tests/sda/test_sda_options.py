"""Options fit, and do what they say; tests/test_options.py tries those that are words."""

from itertools import product

import numpy as np
import pytest

from sklearn_dgex import SDATransformer
from sklearn_dgex._sda import defaults, fitting

OPTIONS = [
    ("hidden_layer_sizes", 1),
    ("hidden_layer_sizes", [5, 4, 3, 2]),
    ("corruption_level", 0),
    ("corruption_level", 0.99),
    ("tied_weights", False),
    ("tied_weights", np.True_),
    ("learning_rate_init", 0.01),
    ("momentum", 0.9),
    ("schedule_decay", 0.0),
    ("batch_size", 1),
    ("batch_size", 1000),
    ("max_iter", 1),
    ("finetune_max_iter", 3),
    ("warm_start", True),
    ("device", "cpu"),
    ("device", "auto"),
    ("callbacks", []),
    ("random_state", None),
    ("random_state", np.random.RandomState(0)),
    ("verbose", True),
]
ACTIVATIONS = ("sigmoid", "tanh", "relu", "identity")
LOSSES = ("cross_entropy", "squared_error")
NOISES = ("masking", "gaussian", "salt_and_pepper")


@pytest.mark.parametrize(("name", "value"), OPTIONS)
def test_option_fits_and_transforms(deep, arrays, name, value):
    settings = {"loss": "squared_error", "learning_rate_init": 0.01} | {name: value}
    Z = deep(**settings).fit_transform(arrays)
    assert Z.shape == (80, 8)
    assert np.isfinite(Z).all()
    assert np.ptp(Z, axis=0).max() > 0, "gives the same for all samples"


NETWORKS = [("kernel", *choice) for choice in product(ACTIVATIONS, LOSSES, NOISES)]
NETWORKS += [("torch", *choice) for choice in product(ACTIVATIONS, LOSSES, ["gaussian"])]


@pytest.mark.parametrize(("engine", "activation", "loss", "noise"), NETWORKS)
def test_every_network_learns(quick, arrays, engine, activation, loss, noise):
    model = quick(
        activation=activation, loss=loss, noise=noise, engine=engine, learning_rate_init=0.03
    )
    model.set_params(max_iter=200 if engine == "kernel" else 40).fit(arrays)
    (curve,) = model.loss_curve_
    assert model.engine_ == engine
    assert np.mean(curve[-3:]) < 0.97 * curve[0]
    x = model.scaler_.transform(arrays, dtype=float)
    mean = x.mean(axis=0)
    losses_of_mean = {
        "squared_error": (x - mean) ** 2,
        "cross_entropy": -x * np.log(mean) - (1 - x) * np.log(1 - mean),
    }
    assert model.score(arrays) > -losses_of_mean[loss].sum(axis=1).mean()


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ({"hidden_layer_sizes": 5}, {"hidden_layer_sizes": (5,)}),
        ({"hidden_layer_sizes": np.int64(5)}, {"hidden_layer_sizes": [5]}),
        ({"hidden_layer_sizes": [6, 4]}, {"hidden_layer_sizes": np.array([6, 4])}),
        ({"hidden_layer_sizes": range(6, 3, -1)}, {"hidden_layer_sizes": (6, 5, 4)}),
        ({"corruption_level": 0.3}, {"corruption_level": [0.3, 0.3]}),
        ({"corruption_level": 0.5}, {"corruption_level": np.float32(0.5)}),
        ({"corruption_level": (0.5, 0.25)}, {"corruption_level": np.float32([0.5, 0.25])}),
        ({"learning_rate_init": "auto"}, {"learning_rate_init": 0.1}),
        ({"solver": "nadam"}, {"solver": "nadam", "learning_rate_init": 2e-3}),
        ({"solver": "nadam"}, {"solver": "nadam", "momentum": 0.9}),
        ({"schedule_decay": 1.0}, {}),
        ({"output_activation": "auto"}, {"output_activation": "sigmoid"}),
        (
            {"loss": "squared_error", "learning_rate_init": 0.01},
            {"loss": "squared_error", "learning_rate_init": 0.01, "output_activation": "identity"},
        ),
        ({"finetune_max_iter": "auto"}, {"finetune_max_iter": 5}),
        ({"batch_size": "auto"}, {"batch_size": 4}),
    ],
    ids=str,
)
def test_two_ways_to_say_the_same(deep, arrays, one, another):
    one, another = (deep(**parameters).fit_transform(arrays) for parameters in (one, another))
    np.testing.assert_array_equal(one, another)


@pytest.mark.parametrize(
    ("option", "other"),
    [
        ("corruption_level", 0.3),
        ("noise", "gaussian"),
        ("noise", "salt_and_pepper"),
        ("activation", "tanh"),
        ("loss", "squared_error"),
        ("tied_weights", False),
        ("scaling", "joint"),
        ("solver", "nadam"),
        ("momentum", 0.5),
        ("batch_size", 10),
        ("finetune_max_iter", 0),
    ],
)
def test_option_changes_the_result(deep, arrays, option, other):
    one = deep().fit_transform(arrays)
    another = deep(**{option: other}).fit_transform(arrays)
    assert not np.allclose(one, another, rtol=1e-4)


def test_schedule_decay_is_nadams(quick, arrays):
    one, another = (
        quick(solver="nadam", schedule_decay=decay).fit_transform(arrays) for decay in (0.0, 1.0)
    )
    assert not np.allclose(one, another, rtol=1e-4)


@pytest.mark.parametrize("levels", [(0.4, 0.0), (0.0, 0.4)])
def test_each_layer_has_its_own_corruption(deep, arrays, levels):
    clean = deep(corruption_level=0, finetune_max_iter=0).fit(arrays)
    noisy = deep(corruption_level=levels, finetune_max_iter=0).fit(arrays)
    first, second = (
        np.array_equal(*matrices) for matrices in zip(clean.coefs_, noisy.coefs_, strict=True)
    )
    assert first == (levels[0] == 0)
    assert not second, "its own noise, or the codes of a noisy layer below, change the second"


@pytest.mark.parametrize(
    ("hidden", "output", "scaling", "ranges"),
    [
        ("sigmoid", "sigmoid", "feature", [(0, 1), (0, 1)]),
        ("tanh", "sigmoid", "joint", [(0, 1), (-1, 1)]),
        ("sigmoid", "tanh", "feature", [(-1, 1), (0, 1)]),
        ("tanh", "identity", "feature", [(0, 1), (-1, 1)]),
        ("relu", "identity", "none", ["values", "values"]),
        ("identity", "relu", "none", ["values", "values"]),
    ],
)
def test_salt_and_pepper_are_the_ends_of_what_can_be_restored(
    deep, arrays, monkeypatch, hidden, output, scaling, ranges
):
    heard, train = [], fitting.train
    monkeypatch.setattr(fitting, "train", lambda *args: heard.append(args[2:4]) or train(*args))
    X = 0.1 * (arrays - arrays.mean(0)) / arrays.std(0)
    model = deep(
        noise="salt_and_pepper",
        corruption_level=(0.2, 0.3),
        activation=hidden,
        output_activation=output,
        loss="squared_error",
        scaling=scaling,
    ).fit(X)
    assert [recipe.corruption_level for _, recipe in heard] == [0.2, 0.3, 0.2]
    assert [len(x[0]) for x, _ in heard] == [8, 6, 8], "inputs of the layers, then of the whole"
    for (x, recipe), ends in zip(heard, [*ranges, ranges[0]], strict=True):
        ends = (x.min(), x.max()) if ends == "values" else ends
        assert (recipe.low, recipe.high) == pytest.approx(ends)
    assert np.isfinite(model.transform(X)).all()


def test_output_may_change_without_a_fit(quick, arrays):
    model = quick().fit(arrays)
    np.testing.assert_array_equal(model.transform(arrays), model.regenerate(arrays))
    model.set_params(output="code")
    np.testing.assert_array_equal(model.transform(arrays), model.encode(arrays))


@pytest.mark.parametrize("n_samples", [1, 2, 40, 399, 400, 401, 999, 5_000, 20_000, 10**6, 10**9])
def test_rules_stay_in_their_bounds(n_samples):
    batch = defaults.resolve_batch_size("auto", n_samples)
    epochs = defaults.resolve_max_iter("auto", n_samples)
    assert 4 <= batch <= 200
    assert 20 <= epochs <= 2000
    if 4 < batch < 200:
        assert batch == n_samples // 100
    if 20 < epochs < 2000:
        assert 800_000 - n_samples < epochs * n_samples <= 800_000
    assert defaults.resolve_batch_size(7, n_samples) == 7
    assert defaults.resolve_max_iter(7, n_samples) == 7


def test_a_fit_follows_the_rules(arrays):
    one = SDATransformer(4, random_state=0).fit(arrays)
    assert (one.batch_size_, one.max_iter_, one.n_iter_) == (4, 2000, 2000)
    assert one.finetune_loss_curve_ == []
    larger = np.tile(arrays, (20, 1))
    two = SDATransformer((4, 3), random_state=0).fit(larger)
    assert (two.batch_size_, two.max_iter_, two.n_iter_) == (16, 500, 1500)
    three = SDATransformer((4, 3), max_iter=2, finetune_max_iter=3, random_state=0).fit(larger)
    assert [len(curve) for curve in three.loss_curve_] == [2, 2]
    assert len(three.finetune_loss_curve_) == 3


def test_a_fit_keeps_nothing_to_itself(deep, frame):
    assert [name for name in vars(deep().fit(frame)) if name.startswith("_")] == []
