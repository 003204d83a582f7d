"""The site's reference has every public name, and its tools see what they are to see."""

import importlib.util
import re
from importlib import import_module
from pathlib import Path

import pytest
from documented import ROOMS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def referenced_names():
    module = ""
    for line in (DOCS / "api.rst").read_text(encoding="utf-8").splitlines():
        if found := re.match(r"\.\. currentmodule:: (\S+)", line):
            module = found[1]
        elif found := re.match(r"   (\w+)$", line):
            yield f"{module}.{found[1]}"


def test_the_reference_has_every_public_name_once():
    referenced = list(referenced_names())
    assert len(set(referenced)) == len(referenced)
    names = {f"{room}.{name}" for room in ROOMS[:-1] for name in import_module(room).__all__}
    names -= {"sklearn_dgex.__version__", "sklearn_dgex.nn.sizing"}  # no page of their own
    sizes = {"tower_width", "count_parameters", "count_neurons"}
    assert set(referenced) == names | {f"sklearn_dgex.nn.sizing.{name}" for name in sizes}


def test_every_page_is_in_a_table_of_contents():
    listed = set()
    for page in ("index.md", "user_guide.md", "results.md", "developing.md"):
        text = (DOCS / page).read_text(encoding="utf-8")
        for block in re.findall(r"```\{toctree\}\n(.*?)```", text, re.DOTALL):
            entries = (line for line in block.splitlines() if line and line[0] != ":")
            listed |= {re.sub(r".*<(.*)>$", r"\1", entry) for entry in entries}
    pages = {path.stem for suffix in ("md", "rst") for path in DOCS.glob(f"*.{suffix}")}
    assert listed == (pages - {"index", "sg_execution_times"}) | {"gallery/index"}


@pytest.fixture
def check_links():
    spec = importlib.util.spec_from_file_location("check_links", DOCS / "check_links.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_broken_links_are_found(check_links, tmp_path):
    (tmp_path / "a.html").write_text(
        '<h1 id="top">A</h1><a href="b.html#here"></a><a href="#top"></a><a href="https://x.org"></a>'
        '<a href="b.html#gone"></a><a href="c.html"></a><img src="a%20b.png"><a href="#bottom"></a>'
    )
    (tmp_path / "b.html").write_text('<p id="here"></p><a href="a.html"></a>')
    (tmp_path / "a b.png").write_bytes(b"")
    assert check_links.broken_links(tmp_path) == [
        "a.html: #bottom",
        "a.html: b.html#gone",
        "a.html: c.html",
    ]
