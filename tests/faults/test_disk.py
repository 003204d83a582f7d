"""Disks that are full, folders that can't be written to, files that were cut short."""

import json
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.datasets import make_expression
from sklearn_dgex.exceptions import CheckpointFileError, CheckpointWarning
from sklearn_dgex.utils import container

SMALL = {"width": 20, "n_towers": 2, "n_members": 2, "max_iter": 6, "random_state": 0}
DATA = make_expression(60, n_landmarks=8, n_targets=5, n_modules=3, random_state=0)


def fitted(folder=None, **parameters):
    every = {"checkpoint_every": 1, "checkpoint_dir": folder}
    return DGEXRegressor(**(SMALL | every | parameters)).fit(*DATA)


def names(folder):
    return sorted(os.listdir(folder))


def check_equal(model, expected):
    np.testing.assert_array_equal(model.predict(DATA[0]), expected.predict(DATA[0]))
    assert model.validation_scores_ == expected.validation_scores_


@pytest.fixture(scope="module")
def expected():
    return fitted()


ON_A_FULL_DISK = """
import json, os, resource, sys, warnings
import numpy as np
from sklearn_dgex import DGEXRegressor
from sklearn_dgex.datasets import make_expression

folder, small = sys.argv[1], json.loads(sys.argv[2])
X, y = make_expression(60, n_landmarks=8, n_targets=5, n_modules=3, random_state=0)

def fit(n_bytes, **parameters):
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, resource.RLIM_INFINITY))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = DGEXRegressor(
            **(small | parameters), checkpoint_dir=folder, checkpoint_every=1
        ).fit(X, y)
    return model, [f"{type(one.message).__name__}: {one.message}" for one in caught]

unlimited = resource.RLIM_INFINITY
from skorch.callbacks import Callback

class Shrink(Callback):
    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == 3:
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, unlimited))

model, messages = fit(unlimited, callbacks=[Shrink()])
left = sorted(os.listdir(folder))
again, others = fit(unlimited)
print(json.dumps({
    "messages": messages, "left": left, "others": others,
    "equal": bool(np.array_equal(model.predict(X), again.predict(X))),
    "n_iter": again.n_iter_, "after": sorted(os.listdir(folder)),
}))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sets a limit of Unix systems")
def test_a_full_disk(tmp_path):
    command = [sys.executable, "-c", ON_A_FULL_DISK, str(tmp_path), json.dumps(SMALL)]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    outcome = json.loads(result.stdout.splitlines()[-1])
    (message,) = outcome["messages"]
    assert message == (
        f"CheckpointWarning: A checkpoint could not be written to {str(tmp_path)!r} (File too "
        "large), and the last one is of epoch 2; the fit goes on, and tries again."
    )
    assert outcome["left"] == ["checkpoint-000001.safetensors", "checkpoint-000002.safetensors"]
    assert outcome["others"] == []
    assert outcome["equal"]
    assert outcome["n_iter"] == 6
    assert outcome["after"] == ["checkpoint-000005.safetensors", "checkpoint-000006.safetensors"]


@pytest.mark.parametrize("code", ["ENOSPC", "EROFS", "EIO", "EDQUOT"])
def test_a_disk_that_is_full_for_a_while(code, expected, tmp_path, monkeypatch):
    import errno

    usual, n_calls = container.write_arrays, [0]

    def fail(*arguments, **settings):
        n_calls[0] += 1
        usual(*arguments, **settings)
        if 2 <= n_calls[0] <= 4:
            raise OSError(getattr(errno, code), os.strerror(getattr(errno, code)))

    monkeypatch.setattr(container, "write_arrays", fail)
    with pytest.warns(CheckpointWarning, match="and the last one is of epoch 1; ") as caught:
        model = fitted(tmp_path)
    assert len(caught) == 1
    assert os.strerror(getattr(errno, code)) in str(caught[0].message)
    check_equal(model, expected)
    assert names(tmp_path) == ["checkpoint-000005.safetensors", "checkpoint-000006.safetensors"]


def test_no_room_from_the_start(expected, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(container, "write_arrays", fail)
    with pytest.warns(CheckpointWarning, match="there is none yet; the fit goes on"):
        check_equal(fitted(tmp_path), expected)
    assert names(tmp_path) == []


def test_a_folder_that_vanishes(expected, tmp_path):
    from skorch.callbacks import Callback

    class Remove(Callback):
        def on_epoch_end(self, net, **kwargs):
            if len(net.history) == 3:
                for path in (tmp_path / "new").iterdir():
                    path.unlink()
                (tmp_path / "new").rmdir()

    with pytest.warns(CheckpointWarning, match="could not be written"):
        check_equal(fitted(tmp_path / "new", callbacks=[Remove()]), expected)


@pytest.mark.parametrize("what", ["a file", "under a file", "not writable", "no such disk"])
def test_a_folder_that_can_not_be(what, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("my own")
    folder = {
        "a file": tmp_path / "file",
        "under a file": tmp_path / "file" / "below",
        "not writable": tmp_path / "locked",
        "no such disk": "/proc/checkpoints",
    }[what]
    if what == "not writable":
        folder.mkdir()
        folder.chmod(0o500)
        if os.access(folder, os.W_OK):  # as root may
            pytest.skip("nothing is forbidden to this user")
    if what == "no such disk" and not os.path.isdir("/proc/self"):
        pytest.skip("there is no folder here in which none can be made")
    model = DGEXRegressor(**SMALL, checkpoint_dir=folder)
    monkeypatch.setattr("sklearn_dgex.training.ProfileNet.train", lambda *_: pytest.fail("trained"))
    with pytest.raises(OSError, match="must be a folder that can be written to") as caught:
        model.fit(*DATA)
    assert "\n" not in str(caught.value)
    assert str(folder) in str(caught.value)
    assert not hasattr(model, "feature_names_in_")
    assert not hasattr(model, "n_features_in_")
    assert (tmp_path / "file").read_text() == "my own"


def test_a_read_only_folder_of_a_finished_fit(expected, tmp_path, monkeypatch):
    from sklearn_dgex.training import Checkpoints

    fitted(tmp_path)

    def fail(self):
        raise PermissionError("read-only")

    monkeypatch.setattr(Checkpoints, "_check_writable", fail)
    check_equal(fitted(tmp_path), expected)


def flipped(content, place):
    changed = bytearray(content)
    changed[place] ^= 4
    return bytes(changed)


DAMAGES = {
    "empty": lambda content: b"",
    "half": lambda content: content[: len(content) // 2],
    "cut in the header": lambda content: content[:100],
    "the last byte is missing": lambda content: content[:-1],
    "a bit flipped in the arrays": lambda content: flipped(content, -40_000),
    "a bit flipped in the header": lambda content: flipped(content, 60),
    "a bit flipped in the length": lambda content: flipped(content, 1),
    "zeros": lambda content: bytes(len(content)),
    "a pickle": lambda content: pickle.dumps({"a": 1}),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_newest_file(damage, expected, tmp_path):
    fitted(tmp_path, checkpoint_keep=3)
    (tmp_path / "checkpoint-000006.safetensors").unlink()
    newest = tmp_path / "checkpoint-000005.safetensors"
    newest.write_bytes(DAMAGES[damage](newest.read_bytes()))
    message = r"goes on from 'checkpoint-000004.*', since what is newer does not open: .*000005"
    with pytest.warns(CheckpointWarning, match=message) as caught:
        check_equal(fitted(tmp_path), expected)
    assert len(caught) == 1
    assert "\n" not in str(caught[0].message)
    assert names(tmp_path) == ["checkpoint-000005.safetensors", "checkpoint-000006.safetensors"]
    check_equal(fitted(tmp_path), expected)


def test_damaged_files_are_removed_once_there_is_a_new_one(expected, tmp_path):
    fitted(tmp_path)
    for epoch in (7, 8):
        (tmp_path / f"checkpoint-{epoch:06d}.safetensors").write_bytes(b"half")
    (tmp_path / "checkpoint-000006.safetensors").unlink()
    with pytest.warns(CheckpointWarning, match="goes on from 'checkpoint-000005"):
        check_equal(fitted(tmp_path), expected)
    assert names(tmp_path) == ["checkpoint-000005.safetensors", "checkpoint-000006.safetensors"]


def test_nothing_but_damaged_files(tmp_path):
    fitted(tmp_path)
    for path in tmp_path.iterdir():
        path.write_bytes(b"half")
    model = DGEXRegressor(**SMALL, checkpoint_dir=tmp_path)
    with pytest.raises(CheckpointFileError, match=r"Got 2 of which none does; delete") as caught:
        model.fit(*DATA)
    assert "\n" not in str(caught.value)
    assert not hasattr(model, "n_features_in_")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"half"] * 2
