"""What a file of arrays and a description tells of a disk, and of files of other kinds."""

import errno
import os

import numpy as np
import pytest
from safetensors import SafetensorError

from sklearn_dgex.utils import container
from sklearn_dgex.utils.container import Container


class WrongFile(ValueError):
    pass


KIND = Container(format="a kind", version=2, noun="matrix", wrote="a test", error=WrongFile)
OTHER = Container(format="another", version=2, noun="matrix", wrote="a test", error=WrongFile)
ARRAYS = {"a": np.arange(6.0).reshape(2, 3), "empty": np.zeros((0, 3), "f4"), "one": np.array(3)}


def test_what_is_written_is_read(tmp_path):
    KIND.write(tmp_path / "x", {"π": [1, None]}, ARRAYS, {"numpy": "2"})
    description, arrays, versions = KIND.read(tmp_path / "x")
    assert (description, versions) == ({"π": [1, None]}, {"numpy": "2"})
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert (arrays[name].dtype, arrays[name].shape) == (array.dtype, array.shape)


def test_kinds_and_versions_are_told_apart(tmp_path):
    KIND.write(tmp_path / "x", {}, ARRAYS, {})
    with pytest.raises(WrongFile, match="which is not; pass a file that a test wrote"):
        OTHER.read(tmp_path / "x")
    older = Container(format="a kind", version=1, noun="matrix", wrote="a test", error=WrongFile)
    with pytest.raises(WrongFile, match="matrix file must be of format version 1 or older"):
        older.read(tmp_path / "x")
    older.write(tmp_path / "x", {}, ARRAYS, {})
    KIND.read(tmp_path / "x")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EFBIG])
def test_a_full_disk_is_an_os_error(code, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise SafetensorError(f"Error while serializing: I/O error: Full (os error {code})")

    monkeypatch.setattr(container, "save_file", fail)
    with pytest.raises(OSError, match=os.strerror(code)) as caught:
        KIND.write(tmp_path / "x", {}, ARRAYS, {})
    assert caught.value.errno == code
    assert os.listdir(tmp_path) == []


def test_descriptions_beyond_a_header_are_refused(tmp_path):
    with pytest.raises(ValueError, match="description of a matrix must take at most"):
        KIND.write(tmp_path / "x", {"text": "x" * container.HEADER_MOST}, ARRAYS, {})
    assert os.listdir(tmp_path) == []
