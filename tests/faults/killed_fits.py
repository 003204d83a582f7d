"""Fits in processes that are killed and started again: what test_killed.py runs, and prints JSON.

A process of its own forks them, so that each does without the seconds that torch takes to load.
"""

import json
import os
import resource
import signal
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.datasets import make_expression
from sklearn_dgex.utils import container, files

SMALL = {"width": 20, "n_towers": 2, "n_members": 2, "random_state": 0, "device": "cpu"}
SMALL |= {"n_iter_no_change": 20, "max_iter": 60}


def fitted(folder=None):
    X, y = make_expression(60, n_landmarks=8, n_targets=5, n_modules=3, random_state=0)
    return DGEXRegressor(**SMALL, checkpoint_dir=folder, checkpoint_every=1).fit(X, y)


def weights(model):
    return np.concatenate([p.detach().numpy().ravel() for p in model.net_.module_.parameters()])


def forked(work):
    """Start ``work`` in a process of its own; return its id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def ended(child):
    """Wait for a process; return whether it was killed. One that failed is an error."""
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, -signal.SIGKILL, -signal.SIGXFSZ), code
    return code != 0


def killed_after(seconds, work):
    child = forked(work)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return ended(child)


def kill_myself(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def half_written(*arguments):
    """Write a part of a file, wherever it goes, and be killed by the system."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    write_container(*arguments)


write_container = container.Container.write
MOMENTS = {
    "in the midst of the file": (container.Container, "write", half_written),
    "before it gets its name": (files.os, "replace", kill_myself),
    "when it has its name": (Path, "unlink", kill_myself),  # of the oldest one
}


def killed_at(moment, n_th, folder):
    """Fit until the n-th checkpoint is at a certain moment."""
    owner, name, struck = MOMENTS[moment]
    usual, n_calls = getattr(owner, name), [0]

    def counted(*arguments, **settings):
        n_calls[0] += 1
        return (struck if n_calls[0] == n_th else usual)(*arguments, **settings)

    setattr(owner, name, counted)
    fitted(folder)


def at_random_moments(n_kills, folder):
    rng, expected = np.random.default_rng(0), weights(fitted())
    outcome = {"kills": 0, "fits": 0, "most": 0.0, "left": []}
    while outcome["kills"] < n_kills:
        with tempfile.TemporaryDirectory(dir=folder) as fit:
            while killed_after(rng.uniform(0, 0.5), partial(fitted, fit)):
                outcome["kills"] += 1
                if outcome["kills"] >= n_kills:
                    break
            record(outcome, fit, expected)
    return outcome


def while_writing(folder):
    expected = weights(fitted())
    outcome = {"kills": 0, "fits": 0, "most": 0.0, "left": []}
    for moment in MOMENTS:
        with tempfile.TemporaryDirectory(dir=folder) as fit:
            for n_th in (1, 4, 9):
                child = forked(partial(killed_at, moment, n_th, fit))
                outcome["kills"] += ended(child)
            record(outcome, fit, expected)
    return outcome


def record(outcome, fit, expected):
    """Fit to the end, and add what came of it."""
    model = fitted(fit)
    outcome["fits"] += 1
    outcome["most"] = max(outcome["most"], float(np.abs(weights(model) - expected).max()))
    outcome["left"].append(sorted(os.listdir(fit)))
    outcome["epochs"] = model.n_iter_


if __name__ == "__main__":
    mode, folder = sys.argv[1:]
    run = {"random": partial(at_random_moments, 20), "writing": while_writing}[mode]
    print(json.dumps(run(folder)))
