"""
What a checkerboard connects
============================

Separate towers meet only in front of the output layer. In a checkerboard, they exchange halves of
their layers. Which towers has a neuron heard of, layer by layer?
"""

# %%
# Twelve towers in five hidden layers, joined in three ways. ``reconnection`` says which towers a
# layer joins: the neighbour, in every other layer (the paper's), or ever farther ones.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.colors import PowerNorm

from sklearn_dgex.nn import TowerNetwork
from sklearn_dgex.nn.sizing import count_parameters, tower_width

N_TOWERS, N_LAYERS, WIDTH = 12, 5, 4
ways = {
    "separate": {"n_folds": 1},
    "neighbour": {"n_folds": 2, "reconnection": "neighbour"},
    "spread": {"n_folds": 2, "reconnection": "spread"},
}

# %%
# The layers themselves are asked. With all weights at one, and one tower of the first layer active
# at a time, a neuron answers with the number of paths on which it hears of that tower.


@torch.no_grad()
def paths(**connections):
    """Paths from each tower of the first layer: (layer, neuron, tower)."""
    network = TowerNetwork(1, 1, WIDTH, n_towers=N_TOWERS, n_hidden_layers=N_LAYERS, **connections)
    h = torch.eye(N_TOWERS)[None, :, :, None].expand(-1, -1, -1, WIDTH)  # tower, active one, neuron
    answers = [h]
    for layer in network.hidden_layers:
        layer.weight.fill_(1.0)
        answers.append(h := layer(h))
    return np.stack([h[0].transpose(1, 2).flatten(0, 1) for h in answers])


heard = {way: paths(**connections) for way, connections in ways.items()}
layers = pd.Index(range(1, N_LAYERS + 1), name="hidden layer")
n_towers = {way: (n_paths > 0).sum(axis=2).mean(axis=1) for way, n_paths in heard.items()}
print("towers that a neuron has heard of:")
print(pd.DataFrame(n_towers, layers).to_string(float_format="{:g}".format))

# %%
# With the paper's pattern, each layer adds one tower. With the other, each doubles their number:
# by the fifth layer, all neurons have heard of all towers.
figure, axes = plt.subplots(
    len(ways), N_LAYERS, figsize=(9, 5.8), layout="constrained", sharex=True, sharey=True
)
edges = np.arange(N_TOWERS + 1)
for row, (way, n_paths) in zip(axes, heard.items(), strict=True):
    for ax, n in zip(row, n_paths, strict=True):
        share = n / n.sum(axis=1, keepdims=True)
        mesh = ax.pcolormesh(
            edges,
            np.linspace(0, N_TOWERS, len(n) + 1),
            share,
            cmap="Blues",
            norm=PowerNorm(0.5, 0, 1),
        )
        ax.set_box_aspect(1)
    row[0].set_ylabel(f"{way}\nneurons, by tower")
for ax, layer in zip(axes[0], layers, strict=True):
    ax.set_title(f"hidden layer {layer}", fontsize="medium")
axes[0, 0].set(xticks=[], yticks=edges, yticklabels=[], ylim=(N_TOWERS, 0))
figure.supxlabel("towers of hidden layer 1", fontsize="medium")
figure.colorbar(mesh, ax=axes, label="share of the paths to a neuron", shrink=0.6)
plt.show()

# %%
# None of this costs a parameter: each neuron listens to as many others as before. For networks of
# the papers' size, this is what twelve towers need, beside a single tower of as many neurons.
sizes = {"n_features_in": 943, "n_targets": 4760}
width = tower_width(3000, N_TOWERS, **sizes)
budgets = {
    "one tower of 3,000": count_parameters(3000, 1, **sizes),
    f"{N_TOWERS} towers of {width:,}, joined or not": count_parameters(width, N_TOWERS, **sizes),
    f"one tower of {N_TOWERS * width:,}": count_parameters(N_TOWERS * width, 1, **sizes),
}
for name, n_parameters in budgets.items():
    print(f"{name:<34} {n_parameters / 1e6:6.1f} million parameters")
