"""The README's examples run, in order, as they are written, and it stays short."""

from pathlib import Path

from test_docs_pages import blocks, run_python

README = Path(__file__).parent.parent / "README.md"


def test_examples_run(tmp_path, monkeypatch):
    text = README.read_text(encoding="utf-8")
    found = list(blocks(text, "python"))
    assert found, "README.md has no example in Python"
    assert text.count("```python") == len(found), "a block does not end, or is indented"
    assert all(block.runs for block in found)
    monkeypatch.chdir(tmp_path)
    run_python(README)


def test_it_is_short():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 150
