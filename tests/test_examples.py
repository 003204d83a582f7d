"""Every example runs from its first line to its last, and draws something."""

import runpy
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("plot_*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(path):
    plt.close("all")
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message=".*non-interactive"
        )  # plt.show() without a screen
        runpy.run_path(str(path), run_name="__main__")
    assert plt.get_fignums(), f"{path.name} drew nothing"
    plt.close("all")
