"""Draw the pictures of the documentation: python docs/draw [FOLDER].

The folder is docs/_static/drawn, from which the site takes them, or another one. README.md's
picture lies in docs/pictures, since README.md is read where nothing is built.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import matplotlib as mpl

DOCS = Path(__file__).parents[1]
sys.path.insert(0, str(DOCS / "draw"))

import gain  # noqa: E402
import house  # noqa: E402
import networks  # noqa: E402
from style import draw_in_both_looks  # noqa: E402


def draw_all(folder: Path) -> None:
    """Draw every picture for light and dark pages, and for wide and narrow ones if that helps."""
    mpl.use("agg")
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in (("networks", networks), ("gain", gain)):
        draw_in_both_looks(picture.draw, folder / name)
        draw_in_both_looks(partial(picture.draw, tall=True), folder / f"{name}-tall")
    draw_in_both_looks(house.draw, folder / "house")


def main() -> None:
    if sys.argv[1:]:
        draw_all(Path(sys.argv[1]))
    else:
        draw_all(DOCS / "_static" / "drawn")
        draw_in_both_looks(networks.draw, DOCS / "pictures" / "networks")


if __name__ == "__main__":
    main()
