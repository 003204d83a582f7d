"""Another process that opens models, and two fitted ones."""

import subprocess
import sys

import numpy as np
import pytest

from sklearn_dgex import DGEXRegressor, SDATransformer
from sklearn_dgex.datasets import make_expression

OPEN_MODELS = """
import sys, warnings
import numpy as np
import pandas as pd
from sklearn_dgex.persistence import load
warnings.simplefilter("error")
X = pd.read_pickle(sys.argv[1])
for line in sys.stdin:
    model, answer, verb = line.split()
    np.save(answer, np.asarray(getattr(load(model), verb)(X)))
    print("done", flush=True)
"""


@pytest.fixture(scope="session")
def frames():
    return make_expression(
        60, n_landmarks=8, n_targets=5, n_modules=3, as_frame=True, random_state=0
    )


@pytest.fixture(scope="session")
def elsewhere(frames, tmp_path_factory):
    """Return ``answer(model_file, verb)``: what a model answers in a process of its own."""
    folder = tmp_path_factory.mktemp("elsewhere")
    frames[0].astype(np.float32).to_pickle(folder / "X.pickle")
    command = [sys.executable, "-c", OPEN_MODELS, str(folder / "X.pickle")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def answer(model_file, verb):
            print(model_file, folder / "answer.npy", verb, file=process.stdin, flush=True)
            assert process.stdout.readline() == "done\n", "the other process failed"
            return np.load(folder / "answer.npy")

        yield answer
        process.stdin.close()


@pytest.fixture(scope="session")
def regressor(frames):
    small = {"width": 20, "n_towers": 2, "n_members": 2, "max_iter": 3, "random_state": 0}
    return DGEXRegressor(**small).fit(*frames)


@pytest.fixture(scope="session")
def autoencoder(frames):
    return SDATransformer((6, 3), max_iter=3, random_state=0).fit(frames[0])
