"""The blocks of the site's pages: Python runs, commands parse, manifests are what they must be.

A page's Python runs in order, in one namespace, in a folder of its own, and prints what the block
of text below it shows, but for digits. A block that cannot run has a line
``<!-- not run: the reason -->`` right above it.
"""

import re
import shutil
import subprocess
import textwrap
import warnings
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
PAGES = sorted(DOCS.glob("*.md"))
FENCE = re.compile(
    r"^(?P<above>[^\n]*)\n(?P<indent> *)(?P<fence>`{3,})(?P<language>[^`\n]*)\n"
    r"(?P<body>.*?)^(?P=indent)(?P=fence)$",
    re.DOTALL | re.MULTILINE,
)
NOT_RUN = re.compile(r" *<!-- not run: \S.* -->")
VARIES = re.compile(r"b\d{4}|[-+]?\d[\d,.]*(?:e[-+]\d+)?|nan", re.IGNORECASE)  # genes, numbers
NEEDS = {"scale_laptop": ["optuna"]}  # which the tests' environment may lack


class Block:
    """A fenced block, its lines at their place in the page."""

    def __init__(self, text, found):
        self.language = found["language"]
        self.runs = not NOT_RUN.fullmatch(found["above"])
        shown = FENCE.match(text, found.end() + 1)
        is_output = shown is not None and shown["language"] == "text"
        self.output = textwrap.dedent(shown["body"]) if is_output else None
        above = text.count("\n", 0, found.start("body"))
        self.source = "\n" * above + textwrap.dedent(found["body"])


def blocks(text, language=None):
    text = "\n" + text
    for found in FENCE.finditer(text):
        assert "```" not in found["body"], f"a block within a block:\n{found[0]}"
        if language in (None, found["language"]):
            yield Block(text, found)


def run_python(path):
    """Run a page; return what it defines."""
    namespace = {"__name__": "__main__"}
    for block in blocks(path.read_text(encoding="utf-8"), "python"):
        code = compile(block.source, str(path), "exec")  # also of those that cannot run
        if block.runs:
            with redirect_stdout(StringIO()) as printed:
                exec(code, namespace)
            if block.output is not None:
                assert_alike(printed.getvalue(), block.output)
    return namespace


def assert_alike(printed, shown):
    """Outputs differ in digits alone, and most of these little; what is shown may leave out lines.

    Digits depend on the processor, and with them which gene stands first.
    """
    kept = map(re.escape, VARIES.split(" ".join(shown.split())))
    pattern = f"(?:{VARIES.pattern})".join(kept).replace("…", ".*")
    alike = re.fullmatch(pattern, " ".join(printed.split()), re.IGNORECASE)
    assert alike, f"It printed\n{printed}\nand the page shows\n{shown}"


def pages_with(language):
    found = [p for p in PAGES if any(blocks(p.read_text(encoding="utf-8"), language))]
    return pytest.mark.parametrize("path", found, ids=lambda path: path.stem)


def check_laptop(namespace):
    assert namespace["halving"].n_candidates_ == [9, 3, 1]
    assert namespace["halving"].n_resources_ == [2, 6, 18]
    assert len(namespace["study"].trials) == 6


CHECKS = {"scale_laptop": check_laptop}


@pages_with("python")
def test_python_runs(path, tmp_path, monkeypatch):
    for name in NEEDS.get(path.stem, []):
        pytest.importorskip(name, reason=f"{path.name} shows {name}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SKLEARN_DGEX_DATA", raising=False)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*non-interactive")  # plt.show() has no screen
        namespace = run_python(path)
    CHECKS.get(path.stem, lambda namespace: None)(namespace)


@pages_with("bash")
def test_commands_parse(path):
    bash = shutil.which("bash") or pytest.skip("there is no bash")
    for block in blocks(path.read_text(encoding="utf-8"), "bash"):
        done = subprocess.run(
            [bash, "-n"], input=block.source, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{path.name}: {done.stderr}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_block_is_overlooked(path):
    """Each fence belongs to a block, and Python goes by this name alone."""
    text = path.read_text(encoding="utf-8")
    found = list(blocks(text))
    assert len(re.findall(r"^ *```", text, re.MULTILINE)) == 2 * len(found)
    python = {b.language for b in found if re.match(r"\W*(code\S*|py)", b.language)}
    assert python <= {"python"}
    marks = len(re.findall(r"<!-- *not", text))
    assert marks == sum(not b.runs and b.language == "python" for b in found)


def test_a_mark_belongs_to_the_block_below():
    page = (
        "```python\n1\n```\n"
        "<!-- not run: it is slow -->\n```python\n2\n```\n\n"
        "  ```python\n  3\n  ```\n"
    )
    found = list(blocks(page, "python"))
    assert [block.runs for block in found] == [True, False, True]
    assert [eval(block.source.strip()) for block in found] == [1, 2, 3]
    (block,) = blocks("<!-- not run: -->\n```python\n1\n```\n")
    assert block.runs, "a mark without a reason is none"


def test_outputs_are_compared():
    page = "```python\nprint('b0001', 1.5)\n```\n\n```text\nb0002   -17,000\n```\n"
    (block,) = blocks(page, "python")
    assert_alike("b0001 1.5\n", block.output)
    assert_alike("a 1\nmany lines\nz", "a 2\n…\nz")
    for printed in ("b0001 one", "1.5 b0001 2", "genes: b0001 1.5", ""):
        with pytest.raises(AssertionError, match="the page shows"):
            assert_alike(printed, block.output)
    (block,) = blocks("```python\n1\n```\n\nA word.\n\n```text\nnothing\n```\n", "python")
    assert block.output is None


def test_manifests_are_kubernetes_objects():
    yaml = pytest.importorskip("yaml", reason="reading the manifests needs PyYAML")
    page = (DOCS / "scale_kubernetes.md").read_text(encoding="utf-8")
    objects = [
        found for block in blocks(page, "yaml") for found in yaml.safe_load_all(block.source)
    ]
    assert {"PersistentVolumeClaim", "DaskCluster", "Job", "Service"} <= {
        found["kind"] for found in objects
    }
    for found in objects:
        assert set(found) >= {"apiVersion", "kind", "metadata", "spec"}
        assert found["metadata"]["name"].startswith("dgex")
