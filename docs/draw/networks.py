"""The picture that explains towers and checkerboards, read off the networks of `sklearn_dgex.nn`.

Which neuron a neuron listens to is asked of the layers themselves: of a layer whose weights are all
one, those outputs move that listen to the one input that is moved.
"""

from __future__ import annotations

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.collections import LineCollection
from matplotlib.patches import FancyBboxPatch, Wedge
from style import Look

from sklearn_dgex.nn import TowerNetwork
from sklearn_dgex.nn.sizing import tower_width

SIZES = {"n_features_in": 943, "n_targets": 4760}  # of the papers' networks, for the captions
WIDTH = 3000
LAYER_X = (0.0, 1.25, 2.5)
INPUT_X, OUTPUT_X = -1.05, 3.55
RADIUS = 0.105


@dataclass(frozen=True)
class Panel:
    """A network small enough to draw, and what it is called."""

    title: str
    n_towers: int
    tower_width: int  # neurons drawn
    n_folds: int
    lines: tuple[str, str]

    def network(self) -> TowerNetwork:
        return TowerNetwork(
            4, 4, self.tower_width, n_towers=self.n_towers, n_folds=self.n_folds
        ).requires_grad_(False)

    @property
    def size(self) -> str:
        width = tower_width(WIDTH, self.n_towers, **SIZES)
        towers = f"{self.n_towers} towers of" if self.n_towers > 1 else "one tower of"
        return f"{towers} {width:,} neurons a layer"


PANELS = (
    Panel("Dense", 1, 9, 1, ("every neuron hears", "all of the layer before")),
    Panel("Towers", 3, 4, 1, ("each tower hears itself alone;", "their answers are averaged")),
    Panel("Checkerboard", 3, 4, 2, ("half of each tower trades places", "with a neighbour's half")),
)


def listeners(layer: torch.nn.Module, n_towers: int, width: int) -> np.ndarray:
    """Which neurons listen to which: bool (to, from), neurons of one tower after another."""
    layer.weight.fill_(1.0)
    n = n_towers * width
    one_each = torch.eye(n).view(n, n_towers, width).transpose(0, 1)[None]  # (1, k, B, w)
    answers = layer(one_each)  # (1, k, B, w)
    return (answers[0].transpose(0, 1).reshape(n, n) != 0).numpy().T


def heard_towers(network: TowerNetwork) -> list[np.ndarray]:
    """Share of each tower in the first-layer neurons that a neuron hears of: (n, k) a layer."""
    k, w = network.n_towers, network.tower_width
    own = np.repeat(np.eye(k), w, axis=0)  # (n, k)
    reach, shares = np.eye(k * w), [own]
    for layer in network.hidden_layers:
        reach = (listeners(layer, k, w) @ reach > 0).astype(float)
        shares.append(reach @ own / reach.sum(1, keepdims=True))
    return shares


def draw(look: Look, *, tall: bool = False) -> plt.Figure:
    """Three networks side by side; ``tall`` puts one above the other, for phones."""
    shape, size = ((3, 1), (4.4, 12.6)) if tall else ((1, 3), (12, 4.5))
    figure, axes = plt.subplots(*shape, figsize=size)
    figure.subplots_adjust(left=0.005, right=0.995, bottom=0, top=1, wspace=0.02, hspace=0.02)
    for ax, panel in zip(axes, PANELS, strict=True):
        _draw_panel(ax, panel, look)
    return figure


def _draw_panel(ax, panel: Panel, look: Look) -> None:
    network = panel.network()
    k, w = network.n_towers, network.tower_width
    colours = look.towers if k > 1 else (look.faint,)
    shares = heard_towers(network)
    y = _heights(k, w)
    _draw_ends(ax, y, look)
    for number, layer in enumerate(network.hidden_layers):
        links = listeners(layer, k, w)
        start, end = LAYER_X[number : number + 2]
        for to, source in np.argwhere(links):
            _draw_link(ax, (start, y[source]), (end, y[to]), colours[source // w])
    for x, share in zip(LAYER_X, shares, strict=True):
        for neuron, height in enumerate(y):
            _draw_neuron(ax, (x, height), share[neuron], colours, look)
    ax.text(1.25, 2.52, panel.title, ha="center", fontsize=16, weight="bold")
    ax.text(1.25, 2.22, panel.size, ha="center", fontsize=10.5, color=look.ink)
    for line, text in enumerate(panel.lines):
        ax.text(1.25, -2.38 - 0.28 * line, text, ha="center", fontsize=11.5)
    ax.set(xlim=(-1.45, 3.95), ylim=(-2.8, 3.0), aspect="equal")
    ax.axis("off")


def _heights(n_towers: int, width: int) -> np.ndarray:
    gap = 0.3 if n_towers > 1 else 0.0
    y = np.arange(n_towers * width, 0, -1) * 0.295 + gap * np.repeat(
        np.arange(n_towers, 0, -1), width
    )
    return y - y.mean() - 0.02


def _draw_ends(ax, y: np.ndarray, look: Look) -> None:
    """Landmarks, which every tower sees whole, and the genes to infer."""
    top, bottom = y.max() + 0.1, y.min() - 0.1
    for x, neurons_x, name in (
        (INPUT_X, LAYER_X[0], "landmark genes"),
        (OUTPUT_X, LAYER_X[-1], "inferred genes"),
    ):
        # A fan, as all end neurons have links to all of these genes.
        ax.fill(
            [x, neurons_x, neurons_x, x],
            [top, top, bottom, bottom],
            color=look.faint,
            alpha=0.13,
            lw=0,
        )
        box, style = ((x - 0.14, bottom), 0.28, top - bottom), "round,pad=0.02,rounding_size=0.12"
        ax.add_patch(FancyBboxPatch(*box, boxstyle=style, fc=look.ground, ec=look.ink, lw=1.2))
        ax.text(x, (top + bottom) / 2, name, rotation=90, ha="center", va="center", fontsize=10.5)


def _draw_link(ax, start, end, colour) -> None:
    ax.add_collection(LineCollection([[start, end]], colors=colour, lw=0.9, alpha=0.55, zorder=1))


def _draw_neuron(ax, centre, shares: np.ndarray, colours, look: Look) -> None:
    angle = 90.0
    for share, colour in zip(shares, colours, strict=True):
        if share:
            ax.add_patch(
                Wedge(centre, RADIUS, angle, angle + 360 * share, fc=colour, ec="none", zorder=3)
            )
            angle += 360 * share
    ax.add_patch(Wedge(centre, RADIUS, 0, 360, fc="none", ec=look.ground, lw=1.0, zorder=4))
