"""What the pictures share: two looks, for light and for dark pages, and how they are written."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt

LONG_NUMBER = re.compile(r"\b[1-9]\d*\.\d{3,}\b")  # no scale of a letter


@dataclass(frozen=True)
class Look:
    """Colours of a page."""

    name: str
    ink: str  # text and lines
    faint: str  # what is less important
    ground: str  # under the picture
    towers: tuple[str, str, str]  # Okabe & Ito's: told apart by colour-blind readers too

    @property
    def accent(self) -> str:
        return self.towers[0]


LOOKS = (
    Look("light", "#1f2328", "#8a9099", "#ffffff", ("#0072b2", "#e69f00", "#009e73")),
    Look("dark", "#e6e9ed", "#7d8590", "#14181e", ("#56b4e9", "#e69f00", "#2fbf93")),
)


def draw_in_both_looks(draw: Callable[[Look], plt.Figure], stem: Path) -> None:
    """Write ``stem-light.svg`` and ``stem-dark.svg``, the same bytes each time."""
    for look in LOOKS:
        settings = {
            "axes.edgecolor": look.faint,
            "axes.labelcolor": look.ink,
            "font.size": 11,
            "svg.fonttype": "path",
            "svg.hashsalt": stem.name,
            "text.color": look.ink,
            "xtick.color": look.ink,
            "ytick.color": look.ink,
        }
        with plt.rc_context(settings):
            figure = draw(look)
            path = stem.with_name(f"{stem.name}-{look.name}.svg")
            figure.savefig(path, transparent=True, metadata={"Date": None})
            plt.close(figure)
            # A hundredth of a point is finer than any screen.
            short = LONG_NUMBER.sub(lambda m: f"{float(m[0]):.2f}", path.read_text("utf-8"))
            path.write_text(short, "utf-8")
