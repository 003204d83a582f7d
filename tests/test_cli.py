"""The command line does its one job, and answers a mistake with one sentence and status 2."""

import io
import os
import subprocess
import sys

import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor

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


class Log(io.StringIO):
    """A file that knows what of it others can see."""

    seen = ""

    def flush(self):
        self.seen = self.getvalue()


@pytest.mark.parametrize(
    ("more", "how_long"),
    [([], "about two minutes"), (["--targets", "3"], "two minutes at most")],
)
def test_a_log_has_each_line_of_the_demo_at_once(more, how_long, tmp_path, monkeypatch):
    class Quick(DummyRegressor):
        def fit(self, X, y):
            seen.append((out.seen, error.seen))
            self.per_gene_quality_ = pd.DataFrame({"correlation": [0.0]})
            return super().fit(X, y)

    compared, seen = dict.fromkeys(["mean", "DGEXRegressor"], Quick()), []
    small = _demo.split(3)
    monkeypatch.setattr(_demo, "split", lambda n_targets: small)
    monkeypatch.setattr(_demo, "methods", lambda data: compared)
    monkeypatch.setattr(_demo, "draw", lambda *_: None)
    monkeypatch.setattr(sys, "stdout", out := Log())
    monkeypatch.setattr(sys, "stderr", error := Log())
    assert main(["demo", *more, "--picture", str(tmp_path / "x.png")]) == 0
    heading, row = (seen[i][0].splitlines()[-1] for i in (0, 1))
    assert heading.split() == ["method", "MMAE", "genes", "with", "r", ">", "0.5", "fit", "(s)"]
    assert row.startswith("mean  ")
    assert len(row) == len(heading)
    training = f"Training DGEXRegressor: {how_long} on two free cores.\n"
    assert [said for _, said in seen] == ["", training]


@pytest.mark.usefixtures("_no_training")
def test_a_folder_that_is_not_there_is_named_before_training(tmp_path, capsys):
    picture = tmp_path / "missing" / "x.png"
    assert main(["demo", "--picture", str(picture)]) == 2
    out, error = capsys.readouterr()
    assert not out
    assert error.startswith("sklearn-dgex: error: The folder to write to must exist. Got ")
    assert repr(str(picture.parent)) in error
    assert error.count("\n") == 1


@pytest.mark.usefixtures("_no_training")
def test_a_picture_that_may_not_be_written_is_refused_before_training(
    tmp_path, capsys, monkeypatch
):
    assert main(["demo", "--picture", str(tmp_path)]) == 2  # a folder
    assert "The path to write to must be a file. Got the folder" in capsys.readouterr().err
    assert main(["demo", "--picture", str(tmp_path / "x.word")]) == 2
    assert "picture's name must end in one of " in capsys.readouterr().err
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    assert main(["demo", "--picture", str(tmp_path / "x.png")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("sklearn-dgex: error: The folder to write to must be writable. Got ")
    assert repr(str(tmp_path / "x.png")) in error
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
    for bug in (AssertionError("a bug"), ImportError("No module named 'x'", name="x")):
        fail(bug)
        with pytest.raises(type(bug)):
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
    assert "The folder to write to must exist" in done.stderr


@pytest.mark.parametrize("error", [MemoryError(), MemoryError("Unable to allocate 9 TiB")])
def test_too_little_memory_is_one_sentence(error, monkeypatch, capsys):
    monkeypatch.setattr(_demo, "run", lambda **_: (_ for _ in ()).throw(error))
    assert main(["demo"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("sklearn-dgex: error: The memory must hold what the command ")
    assert str(error) in said
    assert said.count("\n") == 1


def test_an_extra_that_is_missing_is_one_sentence(monkeypatch, capsys):
    def run(**_):
        try:
            import no_such_module  # noqa: F401
        except ImportError as error:
            raise ImportError("This needs that; install it.") from error

    monkeypatch.setattr(_demo, "run", run)
    assert main(["demo"]) == 2
    assert capsys.readouterr().err == "sklearn-dgex: error: This needs that; install it.\n"


@pytest.mark.parametrize("arguments", [["--help"], ["info", "x.csv"]], ids=lambda args: args[0])
def test_a_reader_who_leaves_is_no_error(arguments, tmp_path):
    (tmp_path / "x.csv").write_text("gene,s1\nTP53,1\n")
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "sklearn_dgex", *arguments]
    done = subprocess.run(
        command, cwd=tmp_path, check=False, stdout=writer, stderr=subprocess.PIPE, timeout=120
    )
    os.close(writer)
    assert done.stderr == b""
    assert done.returncode == (0 if "--help" in arguments else 141)  # argparse minds no reader
