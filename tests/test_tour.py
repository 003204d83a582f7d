"""The tour's commands run in a shell, from a GCTX and a gene map to inferred profiles and back."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_docs_pages import blocks

TOUR = Path(__file__).parent.parent / "docs" / "tour.md"
COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)$", re.MULTILINE)  # and the lines it goes on in


def test_the_commands_run(tmp_path):
    consoles = blocks(TOUR.read_text(encoding="utf-8"), "console")
    commands = [command for console in consoles for command in COMMAND.findall(console.source)]
    assert len(commands) >= 5
    bash = shutil.which("bash") or pytest.skip("there is no bash")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [bash, "-euo", "pipefail", "-c", "\n".join(commands)],
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
