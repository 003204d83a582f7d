"""Results that grow cell by cell: a run that is cut off goes on where it stopped."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("sklearn_dgex", "torch", "skorch", "scikit-learn", "numpy", "scipy", "pandas")
SOURCES = ("../../sklearn_dgex", ":(glob)../**/*.py")  # what bears on a figure
RESULTS = Path(__file__).parent / "results"
PUBLISHED = Path(__file__).parent / "published"
PICTURES = Path(__file__).parents[2] / "docs" / "pictures"


def data_folder() -> Path:
    """Return the folder of real data, named by the environment variable SKLEARN_DGEX_DATA."""
    folder = os.environ.get("SKLEARN_DGEX_DATA")
    if not folder:
        sys.exit("Set SKLEARN_DGEX_DATA to the folder that holds gdsc/expression.parquet.")
    return Path(folder)


def environment() -> dict:
    """Versions, commit and machine, as far as they bear on the figures."""
    return {
        "commit": _git("rev-parse", "--short", "HEAD")
        + ("-dirty" if _git("status", "--porcelain", "--", *SOURCES) else ""),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        **{name: version(name) for name in PACKAGES},
    }


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    ).stdout.strip()


ENVIRONMENT = environment()  # as it was when the code that is measured was loaded


def results_folder(quick: bool) -> Path:
    """Quick results stand apart: they try the scripts out, and are not figures to be quoted."""
    return RESULTS / "quick" if quick else RESULTS


def readable_json(content: dict) -> str:
    """Indent, but with each list of plain values on a line of its own."""
    text = json.dumps(content, indent=1, sort_keys=True)
    return re.sub(r"\[[^][{}]*\]", lambda match: re.sub(r"\s+", " ", match[0]), text) + "\n"


class Results:
    """A JSON file of cells, each under a key of its own and written as soon as it is known."""

    def __init__(self, name: str, folder: Path = RESULTS):
        self.path = folder / f"{name}.json"
        self.cells = self._read()

    def __contains__(self, key: str) -> bool:
        return key in self.cells

    def __getitem__(self, key: str) -> dict:
        return self.cells[key]

    def _read(self) -> dict:
        return json.loads(self.path.read_text())["cells"] if self.path.exists() else {}

    def add(self, key: str, cell: dict) -> None:
        # Read again, so that a second process, on other cells, does not lose its own.
        self.cells = {**self._read(), key: {**cell, "environment": ENVIRONMENT}}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".partial")
        partial.write_text(readable_json({"cells": self.cells}))
        partial.replace(self.path)
