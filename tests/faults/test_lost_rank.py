"""A rank that is killed: the others say so within seconds, and torchrun brings all of them back."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("lost_ranks.py")
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}


def free_port():
    with socket.socket() as listener:
        listener.bind(("localhost", 0))
        return listener.getsockname()[1]


@pytest.mark.parametrize("moment", ["epoch", "batch"])
def test_the_other_rank_is_told_within_seconds(moment):
    # By no launcher, which would end the others itself.
    shared = {"MASTER_ADDR": "localhost", "MASTER_PORT": str(free_port()), "WORLD_SIZE": "2"}
    first, second = (
        subprocess.Popen(
            [sys.executable, str(SCRIPT), moment],
            env=ONE_THREAD | shared | {"RANK": str(rank)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    )
    printed, _ = first.communicate(timeout=120)
    assert second.wait(10) == -signal.SIGKILL
    second.stdout.close()
    assert first.returncode == 0
    in_fit, in_next = json.loads(printed)
    for message, seconds in (in_fit, in_next):
        assert message.startswith("Another rank of this fit ended")
        assert "'torchrun --max-restarts'" in message
        assert "'checkpoint_dir'" in message
        assert seconds < 30


def test_torchrun_goes_on_from_the_last_checkpoint(tmp_path):
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--max-restarts=1"]
    command = [*launcher, "--nproc-per-node=2", str(SCRIPT), "resume", str(tmp_path)]
    result = subprocess.run(
        command, env=ONE_THREAD, stdout=subprocess.PIPE, text=True, check=True, timeout=240
    )
    *lines, answer = result.stdout.splitlines()
    assert json.loads(answer) == {"attempt": 1, "n_iter": 8, "difference": 0.0}
    # Of the epochs that were done before, none is done again.
    assert sum("epoch 5/8" in line for line in lines) <= 2
    assert sum("epoch 3/8" in line for line in lines) == 1
