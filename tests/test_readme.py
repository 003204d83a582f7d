"""The README's examples run, in order, as they are written, and it stays short."""

import re
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def test_examples_run(tmp_path, monkeypatch):
    text = README.read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(text))
    assert blocks, "README.md has no example in Python"
    assert text.count("```python") == len(blocks), "a block does not end, or is indented"
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "__main__"}
    for block in blocks:
        # Padded so that a traceback shows the line of the README.
        source = "\n" * text.count("\n", 0, block.start(1)) + block[1]
        exec(compile(source, str(README), "exec"), namespace)


def test_it_is_short():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 150
