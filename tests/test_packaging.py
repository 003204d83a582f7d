"""What is published with the package: its metadata, the files beside it, the workflows."""

import importlib.util
import os
import re
import tomllib
from pathlib import Path

import pytest

import sklearn_dgex

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))
SCRIPT = re.compile(r"(?<![\w/])\.ci/[\w.]+")
ACTION = re.compile(r"uses: (\S+)")
MAJOR = re.compile(r"[\w-]+/[\w-]+@(v\d+|release/v\d+)")

needs_checkout = pytest.mark.skipif(
    not (ROOT / ".ci").is_dir(), reason="CI's scripts are not part of a source distribution"
)


@pytest.fixture
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def ci_module(name):
    """A module of the folder .ci, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / ".ci" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_classifiers(project):
    known = pytest.importorskip("trove_classifiers", reason="trove-classifiers lists them all")
    assert set(project["classifiers"]) <= known.classifiers


def test_classifiers_name_every_python_from_the_lowest(project):
    pythons = re.findall(r"Python :: 3\.(\d+)", "\n".join(project["classifiers"]))
    lowest = int(project["requires-python"].removeprefix(">=3."))
    assert list(map(int, pythons)) == list(range(lowest, lowest + len(pythons)))
    assert len(pythons) > 1
    assert not [name for name in project["classifiers"] if name.startswith("License ::")]


def test_the_citation_is_of_this_version():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {sklearn_dgex.__version__}\n" in text
    yaml = pytest.importorskip("yaml", reason="reading CITATION.cff needs PyYAML")
    citation = yaml.safe_load(text)
    assert {"cff-version", "message", "title", "authors", "version", "license"} <= set(citation)
    assert len(citation["references"]) == 3
    for paper in citation["references"]:
        assert {"type", "title", "authors", "year"} <= set(paper)


@needs_checkout
@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_call_scripts_that_exist(path):
    text = path.read_text(encoding="utf-8")
    scripts = SCRIPT.findall(text)
    assert scripts, "a workflow's steps stand in .ci/, so that they run anywhere"
    assert not [name for name in scripts if not (ROOT / name).is_file()]
    assert all(MAJOR.fullmatch(action) for action in ACTION.findall(text))
    yaml = pytest.importorskip("yaml", reason="reading workflows needs PyYAML")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert {"runs-on", "steps", "timeout-minutes"} <= set(job)


@needs_checkout
def test_every_workflow_is_there():
    assert {path.stem for path in WORKFLOWS} == {"ci", "docs", "minimum", "nightly", "release"}
    pages = (ROOT / "docs" / "releasing.md").read_text(encoding="utf-8")
    assert all(f"`{path.name}`" in pages for path in WORKFLOWS)


@needs_checkout
def test_the_table_of_versions_is_that_of_the_bounds():
    bounds = ci_module("bounds")
    page = bounds.PAGE.read_text(encoding="utf-8")
    assert bounds.TABLE.search(page)[0].splitlines()[1:-1] == bounds.table().splitlines()


@needs_checkout
def test_lowest_versions():
    bounds = ci_module("bounds")
    lowest = bounds.lowest()
    asked = bounds.requirements()
    assert [line.replace("==", ">=", 1) for line in lowest[: len(asked)]] == asked
    assert any(line.startswith("numba==") for line in lowest), "extras of extras count, too"
    assert bounds.lower_bound("triton>=3.4; x == 'y'") == ("triton", "3.4", "; x == 'y'")
    with pytest.raises(SystemExit, match="Got 'numpy<3'"):
        bounds.lower_bound("numpy<3")
    assert {bounds.normalized(line.partition("==")[0]) for line in lowest} <= set(bounds.pinned())


@needs_checkout
def test_a_file_that_is_left_out_is_told(tmp_path, monkeypatch):
    check = ci_module("check_files")
    path = tmp_path / "a.whl"
    path.write_bytes(bytes(100))
    wanted = {"sklearn_dgex/py.typed", "LICENSE"}
    assert check.flaws(path, wanted, wanted) == []
    assert check.flaws(path, {"LICENSE"}, wanted) == ["a.whl lacks sklearn_dgex/py.typed."]
    monkeypatch.setattr(check, "MOST_BYTES", 99)
    assert check.flaws(path, wanted, wanted) == ["a.whl has 100 bytes, more than 99."]


@pytest.fixture
def release(tmp_path):
    """The files that a release's check reads, ready for v1.2.3."""
    (tmp_path / "sklearn_dgex").mkdir()
    (tmp_path / "sklearn_dgex" / "__init__.py").write_text('__version__ = "1.2.3"\n')
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## [1.2.3] - 2030-01-31\n\n## [1.2.2]\n")
    (tmp_path / "CITATION.cff").write_text("cff-version: 1.2.0\nversion: 1.2.3\n")
    (tmp_path / "SECURITY.md").write_text("| version | mended |\n|---|---|\n| 1.2 | yes |\n")
    return tmp_path


@needs_checkout
@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("sklearn_dgex/__init__.py", "1.2.3", "1.2.4", "The tag must be 'v1.2.4'"),
        ("CHANGELOG.md", "1.2.3", "1.3.0", "CHANGELOG.md starts with version 1.3.0"),
        ("CHANGELOG.md", "2030-01-31", "unreleased", "no date for 1.2.3, but 'unreleased'"),
        ("CITATION.cff", ": 1.2.3", ": 1.2.2", "CITATION.cff names version 1.2.2"),
        ("SECURITY.md", "| 1.2 |", "| 1.1 |", "SECURITY.md has no row for version 1.2"),
    ],
)
def test_a_release_whose_files_disagree_is_refused(release, file, old, new, said):
    check = ci_module("check_release")
    assert check.disagreements("v1.2.3", release) == []
    path = release / file
    path.write_text(path.read_text().replace(old, new))
    assert any(said in sentence for sentence in check.disagreements("v1.2.3", release))


@needs_checkout
def test_this_version_lacks_nothing_but_a_date():
    check = ci_module("check_release")
    hurdles = check.disagreements(f"v{sklearn_dgex.__version__}")
    assert [sentence for sentence in hurdles if "has no date" not in sentence] == []
    (wrong,) = set(check.disagreements("v0.0.0")) - set(hurdles)
    assert wrong.startswith("The tag must be")


@needs_checkout
@pytest.mark.skipif(os.name == "nt", reason="Windows does not mark files as programs")
def test_scripts_are_programs():
    scripts = [path for path in (ROOT / ".ci").iterdir() if path.is_file() and not path.suffix]
    assert scripts
    for path in scripts:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[0] == "#!/usr/bin/env bash"
        assert "set -euo pipefail" in lines
        assert os.access(path, os.X_OK), f"{path.name} can't be run as it is"
