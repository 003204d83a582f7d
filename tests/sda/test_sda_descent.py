"""Without noise and in full batches a fit is plain descent, which autograd can follow."""

from itertools import product

import numpy as np
import pytest
import torch

from sklearn_dgex import SDATransformer
from sklearn_dgex.training.autoencoder import AutoencoderWeights

ACTIVATIONS = {
    "sigmoid": lambda z: 1 / (1 + torch.exp(-z)),
    "tanh": torch.tanh,
    "relu": torch.relu,
    "identity": lambda z: z,
}
RATE, N_EPOCHS, N_FINETUNE_EPOCHS = 0.03, 7, 5


def as_layers(weights):
    """Matrix, bias, decoder bias and, if it has its own, decoder matrix of each layer."""
    lists = [weights.encoder, weights.bias, weights.decoder_bias]
    lists += [] if weights.tied else [weights.own_decoder]
    return [
        [torch.tensor(array, dtype=torch.float64) for array in arrays]
        for arrays in zip(*lists, strict=True)
    ]


def mean_loss(x, layers, activation, output, loss):
    """Mean loss of profiles that go up through all layers and down again."""
    values = x
    for w, b, *_ in layers:
        values = activation(values @ w + b)
    for w, _, c, *own in reversed(layers):
        sums = values @ (own or [w])[0].T + c
        values = activation(sums)
    if loss == "squared_error":
        return ((ACTIVATIONS[output](sums) - x) ** 2).sum(1).mean()
    z = torch.sigmoid(sums)
    return -(x * torch.log(z) + (1 - x) * torch.log(1 - z)).sum(1).mean()


def descend(x, layers, n_epochs, *, momentum, **kinds):
    """Move the layers down their gradients, in place; return the loss before each step."""
    parameters, losses = [array.requires_grad_() for layer in layers for array in layer], []
    speeds = [0.0] * len(parameters)
    for _ in range(n_epochs):
        loss = mean_loss(x, layers, **kinds)
        gradients = torch.autograd.grad(loss, parameters)
        losses.append(loss.item())
        with torch.no_grad():
            for i, gradient in enumerate(gradients):
                speeds[i] = momentum * speeds[i] + gradient
                parameters[i] -= RATE * speeds[i]
    for array in parameters:
        array.requires_grad_(False)
    return losses


def train_by_autograd(x, layers, *, activation, loss, momentum):
    """Train layer by layer on the codes below, then the whole; return the losses of each."""
    f, output = ACTIVATIONS[activation], "sigmoid" if loss == "cross_entropy" else "identity"
    whole = {"activation": f, "output": output, "loss": loss}
    of_codes = loss if activation == "sigmoid" else "squared_error"
    upper = {"activation": f, "output": activation, "loss": of_codes}
    values, curves = x, []
    for depth, layer in enumerate(layers):
        kinds = upper if depth else whole
        curves.append(descend(values, [layer], N_EPOCHS, momentum=momentum, **kinds))
        values = f(values @ layer[0] + layer[1])
    return [*curves, descend(x, layers, N_FINETUNE_EPOCHS, momentum=momentum, **whole)]


@pytest.mark.parametrize("engine", ["kernel", "torch"])
@pytest.mark.parametrize("sizes", [(4,), (6, 3), (6, 5, 2)])
@pytest.mark.parametrize(
    ("activation", "loss", "tied", "momentum"),
    list(product(ACTIVATIONS, ["cross_entropy", "squared_error"], [True, False], [0.0, 0.7])),
)
def test_a_fit_is_plain_descent(arrays, activation, loss, tied, momentum, sizes, engine):
    kinds = {"activation": activation, "loss": loss, "momentum": momentum}
    model = SDATransformer(
        sizes,
        corruption_level=0,
        tied_weights=tied,
        batch_size=80,
        max_iter=N_EPOCHS,
        finetune_max_iter=N_FINETUNE_EPOCHS,
        learning_rate_init=RATE,
        engine=engine,
        random_state=0,
        **kinds,
    ).fit(arrays)
    start = AutoencoderWeights.draw(
        [8, *sizes], activation=activation, tied=tied, rng=np.random.RandomState(0)
    )
    layers = as_layers(start)
    x = torch.tensor((arrays - arrays.min(0)) / np.ptp(arrays, axis=0))
    curves = train_by_autograd(x, layers, **kinds)
    for found, expected in zip(as_layers(model.weights_), layers, strict=True):
        for one, another in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, another, rtol=1e-4, atol=2e-5)
    for found, expected in zip(
        [*model.loss_curve_, model.finetune_loss_curve_], curves, strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-4)
