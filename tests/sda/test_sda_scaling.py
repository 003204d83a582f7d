"""Profiles go to the loss's range and come back in their own units."""

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler

from sklearn_dgex import SDATransformer

SCALED = [
    (scaling, loss, output)
    for scaling in ("feature", "joint")
    for loss, output in [
        ("cross_entropy", "sigmoid"),
        ("squared_error", "sigmoid"),
        ("squared_error", "tanh"),
        ("squared_error", "relu"),
        ("squared_error", "identity"),
    ]
]


def build(scaling="feature", loss="cross_entropy", output_activation="auto", **parameters):
    small = {"hidden_layer_sizes": 4, "max_iter": 3, "learning_rate_init": 0.02, "random_state": 0}
    choice = {"scaling": scaling, "loss": loss, "output_activation": output_activation}
    return SDATransformer(**(small | choice | parameters))


def random_profiles(seed, dtype=np.float64):
    """Features whose units and offsets differ by orders of magnitude."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rng.integers(20, 60), rng.integers(5, 12)))
    units = 10.0 ** rng.integers(-2, 3, size=X.shape[1])
    return (X * units + rng.normal(size=X.shape[1]) * units * 3).astype(dtype)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("scaling", "loss", "output"), SCALED)
def test_scaling_is_that_of_scikit_learn_and_is_undone(scaling, loss, output, seed):
    X = random_profiles(seed)
    model = build(scaling, loss, output).fit(X)
    ends = (-1, 1) if output == "tanh" else (0, 1)
    values = X if scaling == "feature" else X.reshape(-1, 1)
    expected = MinMaxScaler(ends).fit_transform(values).reshape(X.shape)
    scaled = model.scaler_.transform(X, dtype=np.float64)
    np.testing.assert_allclose(scaled, expected, atol=1e-12)
    np.testing.assert_allclose(model.scaler_.inverse_transform(scaled), X, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_none_leaves_values_alone(seed):
    X = random_profiles(seed)
    X /= np.abs(X).max()
    model = build("none", "squared_error").fit(X)
    np.testing.assert_array_equal(model.scaler_.transform(X, dtype=np.float64), X)
    plain = X @ model.coefs_[0].astype(float) + model.intercepts_[0]
    np.testing.assert_allclose(model.encode(X), 1 / (1 + np.exp(-plain)), rtol=1e-12)


@pytest.mark.parametrize(("scaling", "loss", "output"), SCALED)
def test_the_network_sees_no_units(scaling, loss, output):
    """Profiles in other units, one for each feature or one for all, are the same to the network."""
    X = random_profiles(5)
    rng = np.random.default_rng(6)
    n_units = X.shape[1] if scaling == "feature" else 1
    unit, offset = 2.0 ** rng.integers(-5, 6, n_units), rng.normal(size=n_units)
    one, other = build(scaling, loss, output).fit(X), build(scaling, loss, output).fit(X * unit)
    np.testing.assert_array_equal(one.transform(X) * unit, other.transform(X * unit))
    np.testing.assert_array_equal(one.encode(X), other.encode(X * unit))
    moved = build(scaling, loss, output).fit(X * unit + offset)
    np.testing.assert_allclose(
        moved.transform(X * unit + offset) - offset,
        one.transform(X) * unit,
        atol=1e-3 * (np.ptp(X * unit)),
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("scaling", "loss", "output"), [case for case in SCALED if case[2] in ("sigmoid", "tanh")]
)
def test_regenerated_values_stay_in_the_range_of_training(scaling, loss, output, seed, dtype):
    X = random_profiles(seed, dtype)
    model = build(scaling, loss, output).fit(X)
    wild = X + np.random.default_rng(seed).normal(size=X.shape) * 100 * X.std(axis=0)
    Z = model.transform(wild.astype(dtype))
    axis = 0 if scaling == "feature" else None
    low, high = X.min(axis=axis), X.max(axis=axis)
    slack = 4 * np.finfo(dtype).eps * np.maximum(np.abs(low), np.abs(high))
    assert Z.dtype == dtype
    assert (low - slack <= Z).all()
    assert (high + slack >= Z).all()
    # not the two ends alone
    assert (np.ptp(Z, axis=0) > 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("output", ["sigmoid", "tanh", "relu", "identity"])
@pytest.mark.parametrize("value", [0.1, -123.456, 0.0, 1e6])
def test_constant_features_survive_exactly(output, value, dtype):
    X = random_profiles(1, dtype)
    X[:, 2] = value
    model = build(loss="squared_error", output_activation=output).fit(X)
    assert (model.transform(X)[:, 2] == dtype(value)).all()
    assert (model.sample(5, jitter=1.0)[:, 2] == dtype(value)).all()
    other = X.copy()
    other[:, 2] = value + 100  # what the fit never saw is as good as the constant
    np.testing.assert_array_equal(model.transform(other), model.transform(X))


@pytest.mark.parametrize("scaling", ["feature", "joint"])
def test_profiles_that_are_all_the_same_survive_exactly(scaling):
    X = np.full((6, 3), 7.1) if scaling == "joint" else np.tile([7.1, -2.3, 0.0], (6, 1))
    np.testing.assert_array_equal(build(scaling, hidden_layer_sizes=2).fit_transform(X), X)


def test_joint_scaling_keeps_proportions():
    X = random_profiles(2)
    scaled = build("joint").fit(X).scaler_.transform(X, dtype=np.float64)
    factor = np.ptp(X) / np.ptp(scaled)
    np.testing.assert_allclose(np.diff(scaled, axis=0) * factor, np.diff(X, axis=0), atol=1e-9)


def test_values_beyond_the_range_of_training():
    X = random_profiles(3)
    far = X + 3 * np.ptp(X, axis=0)
    for loss in ("cross_entropy", "squared_error"):
        model = build(loss=loss, max_iter=50).fit(X)
        assert np.isfinite(model.transform(far)).all()
        assert not np.array_equal(model.encode(far), model.encode(X))
        assert model.score(far) < model.score(X)
    # a cross-entropy takes them as the ends of the range, and so is never negative
    model = build().fit(X)
    sums = model.weights_.output_sums(model.encode(far), "sigmoid")
    z = 1 / (1 + np.exp(-sums))
    np.testing.assert_allclose(model.score_samples(far), np.log(z).sum(axis=1), rtol=1e-6)


@pytest.mark.parametrize(("scaling", "loss", "output"), SCALED)
def test_scores_are_the_negative_loss_in_the_losss_range(scaling, loss, output):
    X = random_profiles(4)
    model = build(scaling, loss, output).fit(X)
    x = model.scaler_.transform(X, dtype=np.float64)
    z = model.scaler_.transform(model.transform(X), dtype=np.float64)
    if loss == "cross_entropy":
        expected = (x * np.log(z) + (1 - x) * np.log(1 - z)).sum(axis=1)
    else:
        expected = -np.square(z - x).sum(axis=1)
    np.testing.assert_allclose(model.score_samples(X), expected, rtol=1e-9)
    assert model.score(X) == pytest.approx(expected.mean(), rel=1e-9)
    assert model.score(X, y="ignored") == model.score(X)
