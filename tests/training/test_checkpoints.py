"""When checkpoints are written and kept, and what is made of a folder of them."""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from skorch.callbacks import Callback

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.datasets import make_expression
from sklearn_dgex.exceptions import (
    CheckpointFileError,
    CheckpointMismatchError,
    CheckpointWarning,
)
from sklearn_dgex.training import Checkpoints
from sklearn_dgex.training.checkpoints import folder as folders
from sklearn_dgex.training.checkpoints.differences import differences
from sklearn_dgex.training.checkpoints.file import CHECKPOINT_FILE, Checkpoint, Start
from sklearn_dgex.training.checkpoints.folder import parse_every
from sklearn_dgex.utils import container

SMALL = {"width": 20, "n_towers": 2, "n_members": 2, "max_iter": 6, "random_state": 0}
DATA = make_expression(60, n_landmarks=8, n_targets=5, n_modules=3, random_state=0)


def fitted(folder=None, **parameters):
    every = {"checkpoint_every": 1, "checkpoint_dir": folder}
    return DGEXRegressor(**(SMALL | every | parameters)).fit(*DATA)


def epochs(folder):
    return [int(name[11:17]) for name in sorted(os.listdir(folder))]


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        (1, (1, np.inf)),
        (np.int64(20), (20, np.inf)),
        ("1 min", (np.inf, 60)),
        ("30s", (np.inf, 30)),
        (" 0.5 h ", (np.inf, 1800)),
    ],
)
def test_every(every, expected):
    assert parse_every(every) == expected


@pytest.mark.parametrize(
    ("every", "keep", "expected"),
    [(1, 99, [1, 2, 3, 4, 5, 6]), (1, 2, [5, 6]), (2, 99, [2, 4, 6]), (4, 99, [4, 6]), (9, 1, [6])],
)
def test_epochs_and_how_many_are_kept(every, keep, expected, tmp_path):
    fitted(tmp_path, checkpoint_every=every, checkpoint_keep=keep)
    assert epochs(tmp_path) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, [2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 21]),
        (5, [2, 12, 21]),  # of 20 s an epoch, a twentieth of ten epochs is written in 10 s
    ],
)
def test_slow_disks_are_written_to_more_rarely(seconds, expected, tmp_path, monkeypatch):
    class Clock(Callback):
        now = 0.0

        def on_epoch_end(self, net, **kwargs):
            self.now += 10

    clock, usual = Clock(), folders.write_checkpoint

    def write(*arguments, **settings):
        usual(*arguments, **settings)
        clock.now += seconds

    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(folders, "write_checkpoint", write)
    fitted(
        tmp_path,
        checkpoint_every="20 s",
        checkpoint_keep=99,
        max_iter=21,
        early_stopping=False,
        callbacks=[clock],
    )
    assert epochs(tmp_path) == expected


def test_a_checkpoint_has_the_size_of_its_contents(tmp_path):
    model = fitted(tmp_path, tower_width=300)
    n_bytes = 4 * model.n_parameters_ * model.n_members_
    for path in tmp_path.iterdir():  # weights, two moments, and the best weights if others
        assert 3 * n_bytes < path.stat().st_size < 1.05 * 4 * n_bytes


def test_other_files_are_left_alone_and_leftovers_are_not(tmp_path):
    mine = ["checkpoint-1.safetensors", "notes.txt", ".checkpoint", ".notes.txt.0123abcd"]
    leftovers = [
        ".checkpoint-000003.safetensors.0123abcd",
        ".checkpoint-000000.safetensors.01234567",
    ]
    for name in [*mine, *leftovers]:
        (tmp_path / name).write_text("something")
    fitted(tmp_path)
    last = [f"checkpoint-{epoch:06d}.safetensors" for epoch in (5, 6)]
    assert sorted(os.listdir(tmp_path)) == sorted([*mine, *last])


HOLD = """
import os, sys
import numpy as np
from sklearn_dgex.utils.container import Container

def wait(handle):
    print("written", flush=True)
    sys.stdin.read()
    usual(handle)

usual, os.fsync = os.fsync, wait
kind = Container(format="any", version=1, noun="file", wrote="a test", error=ValueError)
kind.write(sys.argv[1], {}, {"a": np.zeros(9)}, {})
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no locks there")
@pytest.mark.parametrize("is_killed", [False, True])
def test_what_another_process_is_writing_is_no_leftover(is_killed, tmp_path):
    """Until it is killed: then the next fit clears it away."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "checkpoint-000003.safetensors")]
    last = ["checkpoint-000005.safetensors", "checkpoint-000006.safetensors"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as other:
        assert other.stdout.readline() == "written\n"
        (aside,) = os.listdir(tmp_path)
        fitted(tmp_path)
        assert sorted(os.listdir(tmp_path)) == [aside, *last]
        if is_killed:
            other.kill()
        else:
            other.communicate("", timeout=60)
            assert other.returncode == 0
            aside = "checkpoint-000003.safetensors"
    fitted(tmp_path)  # a finished fit clears nothing away
    assert sorted(os.listdir(tmp_path)) == [aside, *last]
    (tmp_path / last[1]).unlink()
    fitted(tmp_path)
    assert sorted(os.listdir(tmp_path)) == last


@pytest.mark.parametrize("error", [OSError(24, "Too many open files"), PermissionError(13, "No")])
def test_what_can_not_be_read_today_is_kept(error, tmp_path, monkeypatch):
    fit = partial(fitted, tmp_path, max_iter=7, early_stopping=False)
    fit(checkpoint_keep=3)
    (tmp_path / "checkpoint-000007.safetensors").rename(tmp_path / "checkpoint-000099.safetensors")
    usual = folders.Checkpoint.read

    def read(path):
        if path.name == "checkpoint-000099.safetensors":
            raise error
        return usual(path)

    monkeypatch.setattr(folders.Checkpoint, "read", read)
    with pytest.warns(CheckpointWarning, match=f"does not open: .*{error.strerror}") as caught:
        fit(checkpoint_keep=1)
    assert len(caught) == 1
    assert epochs(tmp_path) == [7, 99]
    (tmp_path / "checkpoint-000007.safetensors").unlink()
    with pytest.raises(CheckpointFileError, match="none does; choose another 'checkpoint_dir'"):
        fit()
    assert epochs(tmp_path) == [99]


@pytest.mark.parametrize("newer", ["format", "content"])
def test_a_checkpoint_of_a_newer_version_is_kept(newer, tmp_path):
    fitted(tmp_path)
    last = tmp_path / "checkpoint-000006.safetensors"
    description, arrays, versions = CHECKPOINT_FILE.read(last)
    kind = CHECKPOINT_FILE
    if newer == "format":
        kind = replace(kind, version=kind.version + 1)
    else:
        arrays.pop("record")
    kind.write(tmp_path / "checkpoint-000008.safetensors", description, arrays, versions)
    last.unlink()
    with pytest.warns(CheckpointWarning, match=r"what is newer does not open: .* version"):
        fitted(tmp_path)
    assert epochs(tmp_path) == [5, 6, 8]


@pytest.mark.parametrize("part", ["header", "content"])
def test_a_full_memory_is_no_damage(part, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise MemoryError

    fitted(tmp_path)
    if part == "header":
        monkeypatch.setattr(container, "json", SimpleNamespace(loads=fail))
    else:
        monkeypatch.setattr(Start, "generator", fail)
    with pytest.raises(MemoryError):
        fitted(tmp_path)
    assert epochs(tmp_path) == [5, 6]


def test_a_file_that_can_not_be_removed_keeps_no_other(tmp_path, monkeypatch):
    usual = Path.unlink

    def unlink(path, **settings):
        if path.name == "checkpoint-000008.safetensors":
            raise PermissionError
        usual(path, **settings)

    fitted(tmp_path)
    (tmp_path / "checkpoint-000006.safetensors").unlink()
    for epoch in (7, 8):
        (tmp_path / f"checkpoint-{epoch:06d}.safetensors").write_bytes(b"half")
    monkeypatch.setattr(Path, "unlink", unlink)
    with pytest.warns(CheckpointWarning, match="does not open"):
        fitted(tmp_path, checkpoint_keep=1)
    assert epochs(tmp_path) == [6, 8]


@pytest.mark.parametrize("epoch", [1, 40])
def test_two_fits_with_other_parameters_in_one_folder(epoch, tmp_path):
    """Each removes its own files alone, ahead or behind, and says once that there are others."""
    fitted(tmp_path / "other", n_towers=1, checkpoint_keep=1)
    (theirs,) = (tmp_path / "other").iterdir()

    class Arrive(Callback):
        def on_epoch_end(self, net, **kwargs):
            if len(net.history) == 4:
                theirs.rename(tmp_path / "mine" / f"checkpoint-{epoch:06d}.safetensors")

    message = f"Another fit writes .* such as 'checkpoint-0000{epoch:02d}"
    with pytest.warns(CheckpointWarning, match=message) as caught:
        fitted(tmp_path / "mine", callbacks=[Arrive()])
    assert len(caught) == 1
    assert epochs(tmp_path / "mine") == sorted([5, 6, epoch])


@pytest.mark.filterwarnings("ignore:Another fit writes")
def test_two_fits_in_one_folder_at_once(tmp_path):
    """Neither spoils the other's files, whoever writes last."""
    expected, results = fitted(max_iter=30), [None, None]

    def fit(i):
        results[i] = fitted(tmp_path, max_iter=30)

    threads = [threading.Thread(target=fit, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for model in [*results, fitted(tmp_path, max_iter=30)]:
        np.testing.assert_array_equal(model.predict(DATA[0]), expected.predict(DATA[0]))
    assert all(Checkpoint.read(path).finished in (True, False) for path in tmp_path.iterdir())


def test_a_process_that_only_reads(tmp_path, monkeypatch):
    def reading(*arguments, **settings):
        return Checkpoints(*arguments, **settings | {"writes": False})

    fitted(tmp_path)
    (tmp_path / "checkpoint-000006.safetensors").unlink()
    monkeypatch.setattr("sklearn_dgex.training.Checkpoints", reading)
    model, again = fitted(tmp_path / "new"), fitted(tmp_path)
    np.testing.assert_array_equal(again.predict(DATA[0]), model.predict(DATA[0]))
    assert again.net_.history[:5] != model.net_.history[:5], "nothing was read: durations differ"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["checkpoint-000005.safetensors"]
    assert not (tmp_path / "new").exists()


CHANGES = {
    "no record": lambda record, arrays: record.clear(),
    "another number of epochs": lambda record, arrays: record["history"].pop(),
    "an epoch without loss": lambda record, arrays: record["history"][0].pop("train_loss"),
    "an epoch of lists": lambda record, arrays: record["history"][0].update(a=[1]),
    "best of the future": lambda record, arrays: record.update(best=[0.1, 99, 0.1, 0]),
    "a best of text": lambda record, arrays: record.update(best=["x", 1, 0.1, 0]),
    "no best": lambda record, arrays: record.update(best=None),
    "a generator of numpy's out of bounds": lambda record, arrays: record.update(
        start=["MT19937", 2**30, 0, 0.0]
    ),
    "half a generator of torch's": lambda record, arrays: arrays.update(
        {"generator/000": arrays["generator/000"][:9]}
    ),
    "no fingerprint": lambda record, arrays: record.update(fingerprint=3),
    "an optimiser's state without number": lambda record, arrays: arrays.update(
        {"optimizer/x/step": np.zeros(())}
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_contents_that_can_not_be(change, tmp_path):
    """Of another version, perhaps: the checksum is right."""
    fitted(tmp_path, checkpoint_keep=1)
    (path,) = tmp_path.iterdir()
    description, arrays, versions = CHECKPOINT_FILE.read(path)
    arrays = {name: array.copy() for name, array in arrays.items()}
    record = json.loads(arrays["record"].tobytes())
    CHANGES[change](record, arrays)
    arrays["record"] = np.frombuffer(json.dumps(record).encode(), np.uint8)
    CHECKPOINT_FILE.write(path, description, arrays, versions)
    with pytest.raises(CheckpointFileError, match="must hold what this version knows"):
        Checkpoint.read(path)
    with pytest.raises(CheckpointFileError, match="Got 1 of which none does"):
        fitted(tmp_path)


MISFITS = {
    "weights: of another network": lambda arrays: arrays.pop("module/input_weight"),
    "the optimiser's state: of another network": lambda arrays: arrays.update(
        {"optimizer/0/exp_avg": np.zeros((2, 3), "f4")}
    ),
    "random generators: of another network": lambda arrays: arrays.pop("generator/001"),
}


@pytest.mark.parametrize("line", MISFITS)
def test_the_state_of_another_network(line, tmp_path):
    fitted(tmp_path, checkpoint_keep=1)
    (path,) = tmp_path.iterdir()
    description, arrays, versions = CHECKPOINT_FILE.read(path)
    arrays = {name: array.copy() for name, array in arrays.items()}
    MISFITS[line](arrays)
    CHECKPOINT_FILE.write(path, description, arrays, versions)
    with pytest.raises(CheckpointMismatchError, match=line):
        fitted(tmp_path)


def test_a_start_draws_as_its_generator_does():
    rng = np.random.RandomState(3)
    rng.randn(3)  # an odd number: one is held back
    again = Start.of(rng).generator()
    np.testing.assert_array_equal(again.randn(5), rng.randn(5))


def test_differences_in_words():
    theirs = {"a": 1, "b": "sha256:1", "c": None, "d": ["x", "y"], "gone": 3, "same": 0}
    ours = {"a": 2, "b": "sha256:2", "c": "sha256:3", "d": ["x"], "new": 1.5, "same": 0}
    assert differences(theirs, ours) == [
        "a: 1 there, 2 here",
        "b: other values",
        "c: none there, some here",
        "d: 2 names there, 1 here; only there 'y'",
        "new: none there, 1.5 here",
        "gone: 3 there, none here",
    ]
    assert differences(ours, ours) == []


def test_differences_of_many_names():
    names = [f"G{i}" for i in range(9)]
    for other, line in (
        ([*names[:7], "X", "G8"], "9 names there, 9 here; only there 'G7'; only here 'X'"),
        ([*names, "X"], "9 names there, 10 here; only here 'X'"),
        (
            [*names[:6], "G7", "G6", "G8"],
            "9 names there, 9 here; in another order, first at 7 'G6' there, 'G7' here",
        ),
        (None, "9 names ('G0', 'G1', 'G2', 'G3', 'G4', …) there, none here"),
    ):
        assert differences({"genes": names}, {"genes": other}) == [f"genes: {line}"]
