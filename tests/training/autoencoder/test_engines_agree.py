"""Both engines, with the same weights, batches and noise, hold the same weights ever after.

torch's gradients, solvers and noise are the truth; the kernel shares no line of them.
"""

import numpy as np
import pytest
import torch

from sklearn_dgex.exceptions import DivergedError
from sklearn_dgex.nn import DenoisingAutoencoder
from sklearn_dgex.training.autoencoder import epoch_keys, train_with_torch

ACTIVATIONS = ["sigmoid", "tanh", "relu", "identity"]
OUTPUTS = [("cross_entropy", "sigmoid"), *(("squared_error", name) for name in ACTIVATIONS)]
NOISES = ["masking", "gaussian", "salt_and_pepper"]
SOLVERS = [
    {"solver": "sgd", "learning_rate": 0.03},
    {"solver": "sgd", "learning_rate": 0.02, "momentum": 0.6},
    {"solver": "nadam", "learning_rate": 0.01},
]
STACKS = [[7, 5], [9, 6, 5, 3]]
N_EPOCHS, N_BATCHES = 20, 5  # a hundred steps


def some_keys(n_epochs, seed=0):
    return epoch_keys(n_epochs, np.random.RandomState(seed))


def assert_same(mine, reference, distance, tol):
    """The two engines' weights and losses are equal within ``tol``."""
    (weights, losses), (expected, expected_losses) = mine, reference
    assert distance(weights, expected) < tol
    np.testing.assert_allclose(losses, expected_losses, rtol=tol, atol=tol)


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
@pytest.mark.parametrize(("loss", "output"), OUTPUTS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_hundred_steps_agree(
    activation, loss, output, tied, noise, make_recipe, draw, by_kernel, by_torch, distance
):
    """With each of the three solvers, too: of an activation, loss and output, one a noise."""
    position = ACTIVATIONS.index(activation) + OUTPUTS.index((loss, output)) + NOISES.index(noise)
    for depth, sizes in enumerate(STACKS):
        recipe = make_recipe(
            activation=activation,
            output_activation=output,
            loss=loss,
            noise=noise,
            **SOLVERS[(position + depth) % 3],
        )
        weights, x = draw(sizes, activation=activation, tied=tied)
        assert recipe.n_batches(len(x)) == N_BATCHES
        problem = (weights, x, recipe, some_keys(N_EPOCHS))
        kernel, reference = by_kernel(*problem), by_torch(*problem)
        assert_same(kernel, reference, distance, 1e-10)
        assert distance(kernel[0], weights) > 0.1  # they went a long way together
        assert np.isfinite(kernel[1]).all()
        assert len(kernel[1]) == N_EPOCHS


@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
@pytest.mark.parametrize(
    "sizes",
    [[1, 1], [8, 8], [16, 8, 24], [7, 9], [9, 17, 3], [20, 1, 8], [70, 66], [33, 8, 7, 6, 5]],
    ids=str,
)
def test_any_sizes(sizes, tied, make_recipe, draw, by_kernel, by_torch, distance):
    """Whole vectors and none, narrow and wide, with hidden layers wider than the input."""
    recipe = make_recipe(activation="tanh", corruption_level=0.4, learning_rate=0.02)
    problem = (*draw(sizes, activation="tanh", tied=tied), recipe, some_keys(10))
    kernel = by_kernel(*problem)
    assert_same(kernel, by_torch(*problem), distance, 1e-11)
    assert distance(kernel[0], problem[0]) > 0.02


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize(
    ("n", "batch_size", "n_batches"),
    [(23, 5, 5), (23, 1, 23), (23, 40, 1), (22, 4, 6), (4, 4, 1), (3, 2, 2), (1, 1, 1), (37, 9, 4)],
)
def test_any_batches(
    n, batch_size, n_batches, noise, make_recipe, draw, by_kernel, by_torch, distance
):
    recipe = make_recipe(batch_size=batch_size, noise=noise, solver="nadam", learning_rate=0.01)
    assert recipe.n_batches(n) == n_batches
    problem = (*draw([7, 5], n), recipe, some_keys(10))
    kernel = by_kernel(*problem)
    assert_same(kernel, by_torch(*problem), distance, 1e-10)
    assert distance(kernel[0], problem[0]) > 0.02


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("settings", SOLVERS, ids=str)
@pytest.mark.parametrize(("loss", "output"), OUTPUTS[:2])
def test_float32(loss, output, settings, noise, make_recipe, draw, by_kernel, by_torch, distance):
    recipe = make_recipe(loss=loss, output_activation=output, noise=noise, **settings)
    weights, x = draw([12, 9, 4])
    problem = (weights, x.astype(np.float32), recipe, some_keys(N_EPOCHS))
    kernel = by_kernel(*problem)
    assert {a.dtype for a in (*kernel[0].encoder, *kernel[0].bias)} == {np.dtype(np.float32)}
    assert_same(kernel, by_torch(*problem), distance, 1e-4)
    assert_same(kernel, by_kernel(weights, x, *problem[2:]), distance, 1e-4)
    assert distance(kernel[0], weights) > 0.1


@pytest.mark.parametrize(
    ("changes", "common"),
    [
        ({"corruption_level": 0.21}, {}),
        ({"noise": "gaussian"}, {}),
        ({"loss": "squared_error"}, {}),
        ({"activation": "tanh"}, {}),
        ({"output_activation": "tanh"}, {"loss": "squared_error"}),
        ({"learning_rate": 0.049}, {}),
        ({"momentum": 0.05}, {}),
        ({"solver": "nadam"}, {"learning_rate": 0.01}),
        ({"schedule_decay": 0.04}, {"solver": "nadam", "learning_rate": 0.01}),
        ({"batch_size": 6}, {}),
        ({"low": 0.1}, {"noise": "salt_and_pepper"}),
        ({"high": 0.9}, {"noise": "salt_and_pepper"}),
    ],
    ids=str,
)
def test_another_recipe_ends_elsewhere(
    changes, common, make_recipe, draw, by_kernel, by_torch, distance
):
    weights, x = draw([7, 5])
    keys = some_keys(N_EPOCHS)
    mine = by_kernel(weights, x, make_recipe(**common), keys)
    same = by_torch(weights, x, make_recipe(**common), keys)
    other = by_torch(weights, x, make_recipe(**(common | changes)), keys)
    assert_same(mine, same, distance, 1e-10)
    assert distance(mine[0], other[0]) > 1e-4


@pytest.mark.parametrize("which", range(4))
def test_each_key_counts(which, make_recipe, draw, by_kernel, by_torch, distance):
    weights, x = draw([7, 5])
    keys = some_keys(N_EPOCHS)
    others = keys.copy()
    others[-1, which] ^= 1
    trained = by_kernel(weights, x, make_recipe(), keys)
    assert distance(trained[0], by_torch(weights, x, make_recipe(), others)[0]) > 1e-6


def test_training_in_pieces(make_recipe, draw, by_kernel, by_torch, distance):
    """Each call starts from the samples as they stand, and with the solver at rest, in both."""
    keys = some_keys(12)
    for settings in SOLVERS:
        recipe = make_recipe(**settings)
        (weights, x), ends = draw([7, 5]), []
        for train in (by_kernel, by_torch):
            middle, early = train(weights, x, recipe, keys[:5])
            end, late = train(middle, x, recipe, keys[5:])
            ends.append((end, np.concatenate([early, late])))
        assert_same(*ends, distance, 1e-10)
        whole = by_kernel(weights, x, recipe, keys)
        np.testing.assert_allclose(ends[0][1][:5], whole[1][:5], rtol=1e-12)


def test_pieces_make_a_whole_where_order_noise_and_momentum_are_none(
    make_recipe, draw, by_kernel, by_torch, distance
):
    recipe, keys = make_recipe(corruption_level=0.0, batch_size=99), some_keys(12)
    weights, x = draw([7, 5])
    middle, _ = by_kernel(weights, x, recipe, keys[:5])
    end, losses = by_torch(middle, x, recipe, keys[5:])
    whole, all_losses = by_kernel(weights, x, recipe, keys)
    assert_same((end, losses), (whole, all_losses[5:]), distance, 1e-12)
    assert distance(end, weights) > 0.1


@pytest.mark.parametrize(
    ("activation", "output", "tied", "learning_rate"),
    [
        ("identity", "identity", True, 1.0),
        ("identity", "relu", True, 1.0),
        ("identity", "relu", False, 100.0),
        ("identity", "tanh", True, 1e20),
        ("relu", "sigmoid", True, 1e20),
        ("relu", "identity", True, 100.0),
    ],
)
def test_a_training_that_diverges_says_so(
    activation, output, tied, learning_rate, make_recipe, draw, by_kernel, by_torch
):
    recipe = make_recipe(
        activation=activation,
        output_activation=output,
        loss="squared_error",
        learning_rate=learning_rate,
    )
    weights, x = draw([7, 5, 3], activation=activation, tied=tied, seed=1)
    problem = (weights, x.astype(np.float32), recipe, some_keys(20))
    with np.errstate(all="ignore"), pytest.raises(DivergedError, match="training loss became"):
        by_torch(*problem)
    assert not np.isfinite(by_kernel(*problem)[1]).all()


@pytest.mark.parametrize("engine", ["by_kernel", "by_torch"])
def test_what_comes_in_stays_as_it_is(engine, make_recipe, draw, distance, request):
    train = request.getfixturevalue(engine)
    (weights, x), keys = draw([8, 8], tied=False), some_keys(3)
    copies, copy_of_x, copy_of_keys = draw([8, 8], tied=False)[0], x.copy(), keys.copy()
    generators = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    trained, _ = train(weights, x, make_recipe(), keys)
    assert distance(weights, copies) == 0
    assert distance(trained, copies) > 0
    assert np.array_equal(x, copy_of_x)
    assert np.array_equal(keys, copy_of_keys)
    assert torch.equal(torch.random.get_rng_state(), generators[0])
    assert np.array_equal(np.random.get_state()[1], generators[1])  # noqa: NPY002


def test_a_single_autoencoder_trains_like_a_stack_of_one(make_recipe, draw, by_kernel):
    (weights, x), keys, recipe = draw([7, 5]), some_keys(N_EPOCHS), make_recipe()
    module = DenoisingAutoencoder(7, 5, corruption_level=recipe.corruption_level).double()
    arrays = {"weight": weights.encoder, "bias": weights.bias, "decoder_bias": weights.decoder_bias}
    module.load_state_dict({name: torch.from_numpy(array) for name, (array,) in arrays.items()})
    train_with_torch(module, torch.from_numpy(x), recipe, keys)
    trained, _ = by_kernel(weights, x, recipe, keys)
    np.testing.assert_allclose(module.weight.detach(), trained.encoder[0], atol=1e-10)
    np.testing.assert_allclose(module.bias.detach(), trained.bias[0], atol=1e-10)
