"""The command line does its one job, and answers a mistake with one sentence and status 2."""

import os
import subprocess
import sys

import pytest

from sklearn_dgex import DGEXRegressor, __version__, _demo
from sklearn_dgex.__main__ import main
from sklearn_dgex.exceptions import DivergedError


@pytest.fixture
def _no_training(monkeypatch):
    def methods(data):
        raise AssertionError("training began")

    monkeypatch.setattr(_demo, "methods", methods)


@pytest.fixture
def names(monkeypatch):
    """Names of the methods that the demo compares, ours made cheap."""
    compared = _demo.methods(_demo.split(3))
    small = {"width": 20, "n_towers": 2, "n_members": 2, "max_iter": 2, "random_state": 0}
    compared["DGEXRegressor"] = DGEXRegressor(**small)
    monkeypatch.setattr(_demo, "methods", lambda data: compared)
    return list(compared)


def test_demo_prints_the_table_and_draws_the_picture(names, tmp_path, capsys):
    picture = tmp_path / "x.png"
    assert main(["demo", "--targets", "3", "--picture", str(picture)]) == 0
    out = capsys.readouterr().out
    rows = [line.strip() for line in out.splitlines()]
    assert all(any(row.startswith(name) for row in rows) for name in names)
    assert "-> 3 inferred genes" in out
    assert f"Picture: {picture}" in out
    assert picture.read_bytes().startswith(b"\x89PNG\r\n")


@pytest.mark.usefixtures("_no_training")
def test_a_folder_that_is_not_there_is_named_before_training(tmp_path, capsys):
    picture = tmp_path / "missing" / "x.png"
    assert main(["demo", "--picture", str(picture)]) == 2
    out, error = capsys.readouterr()
    assert not out
    assert error.startswith("sklearn-dgex: error: The picture's folder must exist. Got ")
    assert repr(str(picture.parent)) in error
    assert error.count("\n") == 1


@pytest.mark.usefixtures("_no_training")
def test_a_picture_that_may_not_be_written_is_refused_before_training(
    tmp_path, capsys, monkeypatch
):
    assert main(["demo", "--picture", str(tmp_path)]) == 2  # a folder
    assert "must be a file that may be written" in capsys.readouterr().err
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    assert main(["demo", "--picture", str(tmp_path / "x.png")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("sklearn-dgex: error: The picture must be a file that may be written.")
    assert error.count("\n") == 1


@pytest.mark.usefixtures("_no_training")
@pytest.mark.parametrize("number", ["0", "-3", "2.5", "all"])
def test_a_bad_number_of_targets_is_one_sentence(number, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["demo", f"--targets={number}"])
    assert ended.value.code == 2
    message = f"--targets: must be an integer of at least 1. Got '{number}' instead."
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("expected", [ValueError, OSError, DivergedError])
def test_expected_errors_are_sentences_and_others_tracebacks(expected, monkeypatch, capsys):
    def fail(error):
        monkeypatch.setattr(_demo, "run", lambda **_: (_ for _ in ()).throw(error))

    fail(expected("What, and what to do."))
    assert main(["demo"]) == 2
    assert capsys.readouterr().err == "sklearn-dgex: error: What, and what to do.\n"
    fail(AssertionError("a bug"))
    with pytest.raises(AssertionError):
        main(["demo"])
    fail(KeyboardInterrupt())
    assert main(["demo"]) == 130
    assert "Interrupted" in capsys.readouterr().err


def test_version(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"sklearn_dgex {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["dance"]], ids=["no command", "unknown command"])
def test_without_a_known_command_it_says_how_to_call_it(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: sklearn-dgex" in capsys.readouterr().err


def test_the_module_hands_its_status_to_the_shell(tmp_path):
    command = [sys.executable, "-m", "sklearn_dgex", "demo", "--picture", "missing/x.png"]
    done = subprocess.run(
        command, cwd=tmp_path, check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "picture's folder" in done.stderr
