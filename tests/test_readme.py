"""The README's examples run, in order, as they are written: in Python, and in a shell."""

import os
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
TRANSCRIPT = re.compile(r"^<!-- transcript -->\n```bash\n(.*?)^```", re.DOTALL | re.MULTILINE)


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


def test_the_transcript_runs(tmp_path):
    """From a GCTX and a gene map to inferred profiles and back, by shell commands alone."""
    (commands,) = TRANSCRIPT.findall(README.read_text(encoding="utf-8"))
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Landmarks found: 400 of 400" in done.stdout
    # ids, the 65 samples; the first gene's name and its values
    header, first = (tmp_path / "whole.csv").read_text().splitlines()[:2]
    assert len(header.split(",")) == len(first.split(",")) == 66
