"""The picture of the house: its rooms on their floors, and the imports that are really there."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from style import Look

PACKAGE = Path(__file__).parents[2] / "sklearn_dgex"
FLOORS = (  # from the ground up; tests/test_layers.py keeps the imports to it
    ("exceptions", "utils"),
    ("nn", "training", "metrics", "datasets", "preprocessing"),
    ("differential_expression", "plotting"),
    ("_sda", "_dgex", "_imputer", "baselines"),
    ("model_selection", "persistence"),
    ("_cluster", "_demo", "_commands", "__main__"),
)
LABELS = {
    "differential_expression": "differential\nexpression",
    "model_selection": "model\nselection",
    "_dgex": "DGEXRegressor",
    "_sda": "SDATransformer",
    "_imputer": "LandmarkImputer",
}
HEIGHT, WIDTH, ROOM, STOREY = 0.62, 1.7, 2.05, 1.35


def imports() -> Counter:
    """How many import statements of one room name another room."""
    found = Counter()
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            for target in _targets(node):
                if target != room:
                    found[room, target] += 1
    return found


def _targets(node: ast.AST) -> list[str]:
    rooms = {room for floor in FLOORS for room in floor}
    if isinstance(node, ast.ImportFrom) and node.module:
        package, _, rest = node.module.partition(".")
        if package == "sklearn_dgex":
            names = [rest.split(".")[0]] if rest else [alias.name for alias in node.names]
            return [name for name in names if name in rooms]
    return []


def draw(look: Look, *, tall: bool = False) -> plt.Figure:
    """Rooms as boxes; a line for each pair of rooms, the darker the more imports it stands for."""
    figure, ax = plt.subplots(figsize=(9.6, 7.2))
    figure.subplots_adjust(0, 0, 1, 1)
    places = {
        room: ((number - (len(floor) - 1) / 2) * ROOM, level * STOREY)
        for level, floor in enumerate(FLOORS)
        for number, room in enumerate(floor)
    }
    for level in range(len(FLOORS)):
        ax.axhspan(level * STOREY - 0.52, level * STOREY + 0.52, color=look.faint, alpha=0.10, lw=0)
        ax.text(-5.75, level * STOREY, f"{level}", va="center", fontsize=15, color=look.faint)
    for (above, below), number in imports().items():
        if above in places:
            _draw_import(ax, places[above], places[below], number, look)
    for room, (x, y) in places.items():
        _draw_room(ax, x, y, LABELS.get(room, room), look)
    ax.set(xlim=(-6.0, 5.6), ylim=(-0.6, (len(FLOORS) - 1) * STOREY + 0.6))
    ax.axis("off")
    return figure


def _draw_room(ax, x: float, y: float, label: str, look: Look) -> None:
    box = (x - WIDTH / 2, y - HEIGHT / 2), WIDTH, HEIGHT
    style = "round,pad=0,rounding_size=0.1"
    ax.add_patch(FancyBboxPatch(*box, boxstyle=style, fc=look.ground, ec=look.ink, zorder=3))
    ax.text(x, y, label, ha="center", va="center", fontsize=10, zorder=4, linespacing=1.0)


def _draw_import(ax, start, end, number: int, look: Look) -> None:
    (x0, y0), (x1, y1) = start, end
    if y0 == y1:  # neighbours: from side to side
        side = WIDTH / 2 if x1 > x0 else -WIDTH / 2
        start, end = (x0 + side, y0), (x1 - side, y1)
    else:
        start, end = (x0, y0 - HEIGHT / 2), (x1, y1 + HEIGHT / 2)
    ax.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=9,
            color=look.accent,
            alpha=min(0.9, 0.22 + 0.05 * number),
            lw=1.0,
            shrinkA=0,
            shrinkB=0,
            zorder=2,
        )
    )
