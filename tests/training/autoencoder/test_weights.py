import copy

import numpy as np
import pytest

from sklearn_dgex.training.autoencoder import (
    ACTIVATIONS,
    AutoencoderWeights,
    reconstruction_loss,
)

REFERENCES = {
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)),
    "relu": lambda z: np.where(z > 0, z, 0),
    "identity": lambda z: z,
}


def arrays(weights):
    return [array for values in vars(weights).values() for array in values or []]


def double(weights):
    return AutoencoderWeights(
        *(values and [a.astype(float) for a in values] for values in vars(weights).values())
    )


def test_every_activation_has_a_reference():
    assert set(ACTIVATIONS) == set(REFERENCES)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("output", REFERENCES)
@pytest.mark.parametrize("hidden", REFERENCES)
def test_up_and_down_equal_the_formula(hidden, output, tied, draw):
    weights, x = draw([9, 6, 3], 8, hidden, tied)
    weights = double(weights)
    (w1, w2), (b1, b2), (c1, c2) = weights.encoder, weights.bias, weights.decoder_bias
    v1, v2 = (w1, w2) if tied else weights.own_decoder
    f, g = REFERENCES[hidden], REFERENCES[output]
    code = f(f(x @ w1 + b1) @ w2 + b2)
    np.testing.assert_allclose(weights.encode(x, hidden), code, rtol=1e-12)
    sums = f(code @ v2.T + c2) @ v1.T + c1
    np.testing.assert_allclose(weights.output_sums(code, hidden), sums, rtol=1e-12)
    np.testing.assert_allclose(weights.decode(code, hidden, output), g(sums), rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_precision_is_the_profiles(dtype, draw):
    weights, x = draw([9, 6, 3], tied=False)
    x = x.astype(dtype)
    code = weights.encode(x, "sigmoid")
    assert code.dtype == dtype
    assert weights.decode(code, "sigmoid", "tanh").dtype == dtype
    assert double(weights).encode(x, "sigmoid").dtype == dtype
    exact = double(weights).encode(x.astype(float), "sigmoid")
    np.testing.assert_allclose(code, exact, rtol=1e-5 if dtype == np.float32 else 1e-14)


@pytest.mark.parametrize("tied", [True, False])
def test_shapes(tied, draw):
    weights, _ = draw([9, 6, 3], tied=tied)
    assert weights.sizes == [9, 6, 3]
    assert weights.tied is tied
    assert [matrix.shape for matrix in weights.encoder] == [(9, 6), (6, 3)]
    assert [matrix.shape for matrix in weights.decoder] == [(9, 6), (6, 3)]
    assert [bias.shape for bias in weights.bias] == [(6,), (3,)]
    assert [bias.shape for bias in weights.decoder_bias] == [(9,), (6,)]
    assert (weights.decoder is weights.encoder) is tied


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("activation", REFERENCES)
def test_drawn_weights_fill_glorots_range_four_times_as_wide_for_a_sigmoid(activation, tied):
    weights = AutoencoderWeights.draw(
        [80, 60, 40], activation=activation, tied=tied, rng=np.random.RandomState(0)
    )
    assert {array.dtype for array in arrays(weights)} == {np.dtype(np.float32)}
    assert all((bias == 0).all() for bias in (*weights.bias, *weights.decoder_bias))
    for matrix in (*weights.encoder, *weights.decoder):
        bound = (6 / sum(matrix.shape)) ** 0.5 * (4 if activation == "sigmoid" else 1)
        assert 0.999 * bound < abs(matrix).max() <= np.float32(bound)
        assert abs(matrix.mean()) < 5 * bound / (3 * matrix.size) ** 0.5
        assert matrix.std() == pytest.approx(bound / 3**0.5, rel=0.03)
    if not tied:
        assert abs(np.corrcoef(weights.encoder[0].flat, weights.decoder[0].flat)[0, 1]) < 0.07


def test_same_seed_same_weights():
    def drawn(seed):
        rng = np.random.RandomState(seed)
        return AutoencoderWeights.draw([9, 5], activation="tanh", tied=False, rng=rng)

    first, second, other = map(drawn, (7, 7, 8))
    for one, two in zip(arrays(first), arrays(second), strict=True):
        assert np.array_equal(one, two)
    assert not np.array_equal(first.encoder[0], other.encoder[0])
    assert not np.array_equal(first.encoder[0], first.own_decoder[0])


@pytest.mark.parametrize("tied", [True, False])
def test_some_layers_by_themselves(tied, draw):
    weights, x = draw([9, 7, 5, 3], activation="tanh", tied=tied)
    before, middle = copy.deepcopy(weights), weights.layers(1, 3)
    assert middle.sizes == [7, 5, 3]
    assert middle.tied is tied
    assert all(any(a is b for b in arrays(weights)) for a in arrays(middle))
    first = weights.layers(0, 1)
    np.testing.assert_array_equal(
        middle.encode(first.encode(x, "tanh"), "tanh"), weights.encode(x, "tanh")
    )
    code = weights.encode(x, "tanh")
    np.testing.assert_array_equal(
        first.output_sums(middle.decode(code, "tanh", "tanh"), "tanh"),
        weights.output_sums(code, "tanh"),
    )
    middle.encoder.pop()  # a list of its own
    assert all(map(np.array_equal, arrays(weights), arrays(before)))


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("depth", range(3))
def test_one_layer_exchanged(depth, tied, draw, distance):
    sizes = [9, 7, 5, 3]
    weights, _ = draw(sizes, tied=tied)
    others, _ = draw(sizes, tied=tied, seed=1)
    before, layer = copy.deepcopy(weights), others.layers(depth, depth + 1)
    changed = weights.with_layer(depth, layer)
    assert distance(weights, before) == 0
    assert changed.sizes == sizes
    assert changed.tied is tied
    for place in range(3):
        expected = others if place == depth else weights
        here, there = (w.layers(place, place + 1) for w in (changed, expected))
        assert distance(here, there) == 0
    assert distance(changed, weights) > 0.1
    same = weights.with_layer(depth, weights.layers(depth, depth + 1))
    assert distance(same, weights) == 0


@pytest.mark.parametrize("shape", [(1, 1), (6, 9), (0, 4)])
def test_cross_entropy_equals_its_formula(shape, make_recipe):
    rng = np.random.default_rng(0)
    sums, x = rng.normal(scale=3, size=shape), rng.random(shape)
    z = REFERENCES["sigmoid"](sums)
    expected = -(x * np.log(z) + (1 - x) * np.log(1 - z)).sum(axis=1)
    losses = reconstruction_loss(sums, x, make_recipe(loss="cross_entropy"))
    np.testing.assert_allclose(losses, expected, rtol=1e-12)


@pytest.mark.parametrize("output", REFERENCES)
def test_squared_error_equals_its_formula(output, make_recipe):
    rng = np.random.default_rng(0)
    sums, x = rng.normal(size=(6, 9)), rng.random((6, 9))
    expected = [sum((a - b) ** 2) for a, b in zip(REFERENCES[output](sums), x, strict=True)]
    recipe = make_recipe(loss="squared_error", output_activation=output)
    np.testing.assert_allclose(reconstruction_loss(sums, x, recipe), expected, rtol=1e-12)


def test_cross_entropy_of_huge_sums(make_recipe):
    sums, x = np.array([[1e4, -1e4], [-1e4, 1e4]]), np.array([[1.0, 0.0], [1.0, 0.0]])
    losses = reconstruction_loss(sums, x, make_recipe(loss="cross_entropy"))
    np.testing.assert_allclose(losses, [0, 2e4], atol=1e-12)
