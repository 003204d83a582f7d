"""The measured cells, from the JSON that the benchmarks wrote."""

from __future__ import annotations

import json
from pathlib import Path

HERE = Path(__file__).parent


def cells(name: str, folder: str = "paper", *, quick: bool = False) -> dict:
    """Read results/``name``.json of the benchmarks in ``folder``, or that of a quick run."""
    path = HERE / folder / "results" / ("quick" if quick else "") / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))["cells"]
