"""A file is written whole or not at all."""

import os
import stat

import pytest

from sklearn_dgex.utils.files import remove_leftovers, stream_aside, write_aside


def test_the_new_file_takes_the_place_of_the_old_one_at_the_end(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with write_aside(path, suffix=".x") as aside:
        assert aside.parent == tmp_path
        assert aside.name.endswith(".x")
        aside.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("begun", [False, True])
def test_any_error_leaves_the_old_file_and_nothing_else(tmp_path, error, begun):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail():
        with write_aside(path) as aside:
            if begun:
                aside.write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("writer", [write_aside, stream_aside])
def test_an_error_is_not_hidden_by_a_file_that_can_not_be_removed(writer, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("pathlib.Path.unlink", fail)
    with pytest.raises(KeyboardInterrupt), writer(tmp_path / "a"):
        raise KeyboardInterrupt


def test_a_stream_keeps_its_file_from_who_removes_leftovers(tmp_path):
    with stream_aside(tmp_path / "a") as stream:
        stream.write(b"new")
        remove_leftovers(tmp_path, "a")
    assert (tmp_path / "a").read_bytes() == b"new"
    (tmp_path / ".a.0123abcd").write_bytes(b"left")
    remove_leftovers(tmp_path, "a")
    assert os.listdir(tmp_path) == ["a"]


def test_a_block_that_writes_nothing_is_an_error(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(FileNotFoundError), write_aside(path):
        pass
    assert path.read_text() == "old"


def test_the_old_mode_is_kept_and_a_link_is_followed(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    with write_aside(link) as aside:
        aside.write_text("new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_the_file_reaches_the_disk_before_it_is_renamed(tmp_path, monkeypatch):
    done = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *a, n=name, r=real: (done.append(n), r(*a)))
    with write_aside(tmp_path / "a") as aside:
        aside.write_text("new")
    assert done[:2] == ["fsync", "replace"]


@pytest.mark.parametrize(
    ("name", "error", "sentence"),
    [
        ("no/a.txt", FileNotFoundError, "The folder to write to must exist. Got .*no/a.txt"),
        (".", IsADirectoryError, "must be a file. Got the folder"),
    ],
)
def test_a_path_that_cannot_be_written_is_refused_before_the_block(tmp_path, name, error, sentence):
    with pytest.raises(error, match=sentence), write_aside(tmp_path / name):
        raise AssertionError("the block ran")


def test_pipes_and_devices_are_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="must be a usual file"), write_aside(pipe) as aside:
        aside.write_text("new")
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_new_file_may_be_read_as_the_user_wants(tmp_path):
    before = os.umask(0o022)
    try:
        with write_aside(tmp_path / "new") as aside:
            aside.touch(mode=0o600)
    finally:
        os.umask(before)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o644
