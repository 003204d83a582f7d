"""The kernel against answers from elsewhere: principal components, and steps worked out by hand."""

import numpy as np
import pytest
from scipy.linalg import subspace_angles
from scipy.special import expit

from sklearn_dgex.training.autoencoder import AutoencoderWeights, epoch_keys, reconstruction_loss


def keys(n_epochs):
    return epoch_keys(n_epochs, np.random.RandomState(0))


def planted(n=60, d=11, k=3):
    """Centred profiles with three strong directions among weak ones."""
    rng = np.random.default_rng(0)
    directions = np.linalg.qr(rng.normal(size=(d, d)))[0]
    sizes = np.concatenate([np.linspace(1.5, 1, k), np.full(d - k, 0.3)])
    x = rng.normal(size=(n, d)) * sizes @ directions.T
    return x - x.mean(0)


@pytest.mark.parametrize("tied", [True, False])
def test_a_linear_autoencoder_finds_the_principal_components(tied, make_recipe, by_kernel):
    x, k = planted(), 3
    recipe = make_recipe(
        activation="identity",
        output_activation="identity",
        loss="squared_error",
        corruption_level=0.0,
        learning_rate=0.02,
        momentum=0.9,
        batch_size=len(x),
    )
    weights = AutoencoderWeights.draw(
        [x.shape[1], k], activation="identity", tied=tied, rng=np.random.RandomState(1)
    )
    trained, losses = by_kernel(weights, x, recipe, keys(3000))
    left, singular, right = np.linalg.svd(x, full_matrices=False)
    principal = right[:k].T
    assert subspace_angles(weights.encoder[0], principal).max() > 0.3  # far away at the start
    assert subspace_angles(trained.encoder[0], principal).max() < 1e-3
    assert subspace_angles(trained.decoder[0], principal).max() < 1e-3
    unexplained = (singular[k:] ** 2).sum() / len(x)  # Eckart and Young: no rank-k loss is lower
    assert losses[-1] == pytest.approx(unexplained, rel=1e-6)
    projected = trained.decode(trained.encode(x, "identity"), "identity", "identity")
    best = left[:, :k] * singular[:k] @ right[:k]
    np.testing.assert_allclose(projected, best, atol=1e-3)


def by_hand(weights, x, rate):
    """One step of a tied sigmoid autoencoder down its cross-entropy, by Gupta's equations."""
    (w,), (b,), (c,) = weights.encoder, weights.bias, weights.decoder_bias
    y = expit(x @ w + b)
    z = expit(y @ w.T + c)
    loss = -(x * np.log(z) + (1 - x) * np.log(1 - z)).sum(1).mean()
    error = (z - x) / len(x)  # of the output's sums
    inner = error @ w * y * (1 - y)
    w = w - rate * (x.T @ inner + error.T @ y)
    return AutoencoderWeights([w], [b - rate * inner.sum(0)], [c - rate * error.sum(0)], None), loss


def test_steps_by_hand(make_recipe, draw, by_kernel, distance):
    weights, x = draw([7, 5])
    recipe = make_recipe(corruption_level=0.0, batch_size=len(x), learning_rate=0.3)
    trained, losses = by_kernel(weights, x, recipe, keys(50))
    expected, by_hands = weights, []
    for _ in range(50):
        expected, loss = by_hand(expected, x, 0.3)
        by_hands.append(loss)
    assert distance(trained, expected) < 1e-12
    np.testing.assert_allclose(losses, by_hands, rtol=1e-12)
    assert losses[-1] < 0.9 * losses[0]


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
@pytest.mark.parametrize("tied", [True, False])
def test_the_reported_loss_is_that_of_the_weights_before_the_step(
    tied, loss, make_recipe, draw, by_kernel
):
    recipe = make_recipe(loss=loss, activation="tanh", corruption_level=0.0, batch_size=99)
    weights, x = draw([9, 6, 3], activation="tanh", tied=tied)
    for _ in range(3):
        sums = weights.output_sums(weights.encode(x, "tanh"), "tanh")
        expected = reconstruction_loss(sums, x, recipe).mean()
        weights, losses = by_kernel(weights, x, recipe, keys(1))
        assert losses == pytest.approx([expected], rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("sizes", [[3, 2], [16, 9], [40, 8]], ids=str)
def test_sums_of_zero_lose_log_2_a_feature(sizes, dtype, make_recipe, draw, by_kernel):
    """However many: products of their exponentials stay within the floating type."""
    weights, x = draw(sizes, 300)
    for array in (*weights.encoder, *weights.bias, *weights.decoder_bias):
        array[:] = 0
    recipe = make_recipe(learning_rate=0.0, batch_size=100)
    _, losses = by_kernel(weights, x.astype(dtype), recipe, keys(2))
    assert losses == pytest.approx([sizes[0] * np.log(2)] * 2, rel=1e-6)


@pytest.mark.parametrize("noise", ["masking", "gaussian", "salt_and_pepper"])
def test_noise_is_on_the_input_alone_and_as_strong_as_it_says(noise, make_recipe, draw, by_kernel):
    """Of a linear code and frozen weights, the mean loss over many epochs is known."""
    level, (weights, x) = 0.3, draw([6, 6], 40, activation="identity", tied=False)
    weights.encoder[0][:] = weights.own_decoder[0][:] = np.eye(6)
    weights.bias[0][:] = weights.decoder_bias[0][:] = 0
    recipe = make_recipe(
        activation="identity",
        output_activation="identity",
        loss="squared_error",
        noise=noise,
        corruption_level=level,
        low=-1.0,
        high=2.0,
        learning_rate=0.0,
        batch_size=7,
    )
    trained, losses = by_kernel(weights, x, recipe, keys(4000))
    assert np.array_equal(trained.encoder[0], np.eye(6))
    lost = {  # of one value: the squared error that its noise makes, on average
        "masking": level * x**2,
        "gaussian": np.full_like(x, level**2),
        "salt_and_pepper": level / 2 * ((x + 1) ** 2 + (2 - x) ** 2),
    }[noise]
    standard_error = losses.std() / len(losses) ** 0.5
    assert standard_error < 0.01 * losses.mean()
    assert losses.mean() == pytest.approx(lost.sum(1).mean(), abs=6 * standard_error + 0.002)
