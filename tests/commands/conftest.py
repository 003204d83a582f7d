"""A folder of its own, and a lab's files in it: profiles, a linear model of them, a gene map."""

import pandas as pd
import pytest

from sklearn_dgex import LandmarkImputer
from sklearn_dgex.__main__ import main
from sklearn_dgex.baselines import LincsRegression
from sklearn_dgex.datasets import make_expression, write_gctx
from sklearn_dgex.persistence import save


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def whole():
    X, y = make_expression(90, n_landmarks=12, n_targets=20, as_frame=True, random_state=0)
    return pd.concat([y.iloc[:, :7], X, y.iloc[:, 7:]], axis=1).astype("float32")


@pytest.fixture(scope="session")
def landmarks(whole):
    return [gene for gene in whole.columns if gene.startswith("L")]


@pytest.fixture(scope="session")
def model(whole, landmarks):
    return LandmarkImputer(LincsRegression("gcv"), landmarks).fit(whole[:60])


@pytest.fixture
def files(whole, landmarks, model):
    """Files new.gctx (landmarks of 30 samples), whole.gctx, landmarks.txt, model.safetensors."""
    save(model, "model.safetensors")
    write_gctx(whole[60:], "whole.gctx")
    write_gctx(whole.loc[whole.index[60:], landmarks], "new.gctx")
    with open("landmarks.txt", "w") as stream:
        stream.writelines(f"{gene}\n" for gene in landmarks)


@pytest.fixture
def run(capsys):
    """Run a command that must succeed, and return what it printed."""

    def run(*arguments):
        status = main([*map(str, arguments)])
        out, error = capsys.readouterr()
        assert status == 0, error
        return out

    return run


@pytest.fixture
def mistake(capsys):
    """Run a command that must fail, and return its one sentence."""

    def mistake(*arguments):
        assert main([*map(str, arguments)]) == 2
        out, error = capsys.readouterr()
        assert error.startswith("sklearn-dgex: error: ")
        assert "Traceback" not in error + out
        return error.removeprefix("sklearn-dgex: error: ").rstrip()

    return mistake
