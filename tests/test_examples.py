"""Every example runs from its first line to its last, and draws something."""

import ast
import re
import runpy
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

NEEDS = {"plot_anndata_workflow": "anndata"}  # which the tests' environment may lack
EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("plot_*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(path):
    if path.stem in NEEDS:
        pytest.importorskip(NEEDS[path.stem], reason=f"{path.name} needs the extra of this name")
    plt.close("all")
    with warnings.catch_warnings():
        # a reader of the gallery would see it
        warnings.filterwarnings("error", category=UserWarning)
        warnings.filterwarnings(
            "ignore", message=".*non-interactive"
        )  # plt.show() without a screen
        runpy.run_path(str(path), run_name="__main__")
    assert plt.get_fignums(), f"{path.name} drew nothing"
    plt.close("all")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_blocks_end_in_what_a_reader_is_to_see(path):
    """The gallery shows the value of a block's last line, be it ``<Legend object at …>``."""
    for block in re.split(r"^# %%$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        *_, last = ast.parse(block).body or [None]
        if isinstance(last, ast.Expr):
            assert ast.unparse(last).startswith(("print(", "plt.show("))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_has_the_gallerys_form(path):
    title, line, _, *text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))).split(
        "\n"
    )
    assert line == "=" * len(title)
    assert text
    assert "" not in text, f"{path.name}: one paragraph below the title"
