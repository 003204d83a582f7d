"""What a file of arrays and a description tells of a disk, and of files of other kinds."""

import errno
import io
import os
import sys

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save

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


EVERY_TYPE = {
    f"{name} {code}": np.arange(size).astype(code)
    for size, name in ((3, "π\n"), (0, "a"), (1, '"'))
    for code in container.CODES
}
EVERY_TYPE |= {"a number": np.array(2.5), "empty": np.zeros((2, 0, 3), "f4"), "none": np.zeros(0)}


def test_files_are_those_of_safetensors():
    stream = io.BytesIO()
    container.write_arrays(stream, EVERY_TYPE, {"π": '"\x01\n'})
    assert stream.getvalue() == save(EVERY_TYPE, {"π": '"\x01\n'})


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12.0).reshape(3, 4).T,
        np.arange(12)[::-3],
        np.asfortranarray(np.eye(3, dtype=bool)),
        np.broadcast_to(np.float32(2), (3, 2)),
        np.arange(5, dtype=">i4"),
        np.array(3, dtype=">f8"),
    ],
)
def test_arrays_in_any_order_are_read_as_they_were(array, tmp_path):
    KIND.write(tmp_path / "x", {}, {"a": array}, {})
    (own,) = KIND.read(tmp_path / "x")[1].values()
    with safe_open(tmp_path / "x", framework="np") as tensors:
        for read in (own, tensors.get_tensor("a")):
            np.testing.assert_array_equal(read, array)
            assert (read.shape, read.dtype) == (array.shape, array.dtype.newbyteorder("="))


@pytest.mark.parametrize("code", ["c16", "O", "U3", "M8[s]"])
def test_types_without_a_name_are_refused(code, tmp_path):
    with pytest.raises(TypeError, match=r"complex64\. Got .* in 'a' instead; convert it\.$"):
        KIND.write(tmp_path / "x", {}, {"a": np.zeros(2, code)}, {})
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="sets a limit of Unix systems")
def test_a_full_disk_is_an_os_error(tmp_path):
    import resource

    (tmp_path / "x").write_text("old")
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, usual[1]))
    try:
        with pytest.raises(OSError, match=os.strerror(errno.EFBIG)) as caught:
            KIND.write(tmp_path / "x", {}, {"a": np.zeros(10_000)}, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert caught.value.errno == errno.EFBIG
    assert os.listdir(tmp_path) == ["x"]
    assert (tmp_path / "x").read_text() == "old"


def test_streams_that_take_a_part_only_get_all():
    class Part(io.BytesIO):
        def write(self, content):
            return super().write(content[:7])

    whole, parts = io.BytesIO(), Part()
    for stream in (whole, parts):
        container.write_arrays(stream, EVERY_TYPE, {})
    assert parts.getvalue() == whole.getvalue()


def test_without_file_handles_it_is_no_damage(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("unable to open file in read-only mode: Too many open files (24)")

    KIND.write(tmp_path / "x", {}, ARRAYS, {})
    monkeypatch.setattr(container, "safe_open", fail)
    with pytest.raises(OSError, match="can't be mapped into memory: unable to open file"):
        KIND.read(tmp_path / "x")


def test_descriptions_beyond_a_header_are_refused(tmp_path):
    with pytest.raises(ValueError, match="description of a matrix must take at most"):
        KIND.write(tmp_path / "x", {"text": "x" * container.HEADER_MOST}, ARRAYS, {})
    assert os.listdir(tmp_path) == []
