"""Fits that are killed, at random moments and while they write, end as if they had not been."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("killed_fits.py")


def outcome_of(mode, folder):
    command = [sys.executable, str(SCRIPT), mode, str(folder)]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}  # so that forked processes have all threads
    result = subprocess.run(
        command, env=one_thread, stdout=subprocess.PIPE, text=True, check=True, timeout=300
    )
    return json.loads(result.stdout.splitlines()[-1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here")
@pytest.mark.parametrize(("mode", "n_kills"), [("random", 20), ("writing", 9)])
def test_killed_fits_end_with_the_same_weights(mode, n_kills, tmp_path):
    outcome = outcome_of(mode, tmp_path)
    assert outcome["kills"] == n_kills
    assert outcome["most"] == 0
    last = [f"checkpoint-{outcome['epochs'] - i:06d}.safetensors" for i in (1, 0)]
    assert outcome["left"] == [last] * outcome["fits"]
