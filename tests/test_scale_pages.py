"""What the pages on laptops, SLURM and Kubernetes show parses, and runs where they say so."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
PAGES = [DOCS / f"scale_{name}.md" for name in ("laptop", "slurm", "kubernetes")]
BLOCK = re.compile(r"^(?:\*([^\n*]+)\*\n\n)?```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
RUN = "Run by the tests."
LANGUAGES = {"python", "bash", "yaml", "dockerfile", "text"}


def blocks(path, language=None):
    """Each block of a page: the remark above it, and its lines at their place in the page."""
    text = path.read_text(encoding="utf-8")
    found = list(BLOCK.finditer(text))
    assert text.count("```") == 2 * len(found), f"{path.name}: a block is indented or does not end"
    assert {block[2] for block in found} <= LANGUAGES
    for block in found:
        if language in (None, block[2]):
            yield block[1], "\n" * text.count("\n", 0, block.start(3)) + block[3]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_python_compiles(path):
    sources = [source for _, source in blocks(path, "python")]
    assert sources
    for source in sources:
        compile(source, str(path), "exec")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_commands_parse(path):
    sources = [source for _, source in blocks(path, "bash")]
    assert sources
    bash = shutil.which("bash") or pytest.skip("there is no bash")
    for source in sources:
        done = subprocess.run(
            [bash, "-n"], input=source, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{path.name}: {done.stderr}"


def test_manifests_are_kubernetes_objects():
    yaml = pytest.importorskip("yaml", reason="reading the manifests needs PyYAML")
    sources = [source for _, source in blocks(DOCS / "scale_kubernetes.md", "yaml")]
    objects = [found for source in sources for found in yaml.safe_load_all(source)]
    assert {"PersistentVolumeClaim", "DaskCluster", "Job", "Service"} <= {
        found["kind"] for found in objects
    }
    for found in objects:
        assert set(found) >= {"apiVersion", "kind", "metadata", "spec"}
        assert found["metadata"]["name"].startswith("dgex")


def test_the_laptop_page_runs(tmp_path, monkeypatch):
    path = DOCS / "scale_laptop.md"
    pytest.importorskip("optuna", reason="the page shows Optuna")
    marked = [source for remark, source in blocks(path, "python") if remark == RUN]
    assert len(marked) == 6
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "__main__"}
    for source in marked:
        exec(compile(source, str(path), "exec"), namespace)
    assert namespace["halving"].n_candidates_ == [9, 3, 1]
    assert namespace["halving"].n_resources_ == [2, 6, 18]
    assert len(namespace["study"].trials) == 6
