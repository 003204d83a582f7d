"""A file is read by what is in it, and by its name only where that leaves it open."""

import gzip
import shutil

import numpy as np
import pandas as pd
import pytest

from sklearn_dgex.datasets import read_expression, write_expression, write_gct, write_gctx

FRAME = pd.DataFrame(
    np.arange(6, dtype=np.float32).reshape(2, 3),
    pd.Index(["a", "b"], dtype=str),
    pd.Index(["x", "y", "z"], dtype=str),
)


@pytest.mark.parametrize("name", ["a.gct", "a.gctx", "a.csv", "a", "a.txt", "a.h5ad"])
def test_gct_and_gctx_are_told_under_any_name(tmp_path, name):
    pytest.importorskip("h5py", reason="h5py is not installed")
    for write, end in ((write_gct, ".gct"), (write_gctx, ".gctx")):
        write(FRAME, tmp_path / f"b{end}")
        shutil.move(tmp_path / f"b{end}", tmp_path / name)
        pd.testing.assert_frame_equal(read_expression(tmp_path / name).expression, FRAME)


def test_gzip_is_told_by_content(tmp_path):
    write_expression(FRAME, tmp_path / "a.csv")
    (tmp_path / "b.csv").write_bytes(gzip.compress((tmp_path / "a.csv").read_bytes(), mtime=0))
    (tmp_path / "c.csv.gz").write_bytes((tmp_path / "a.csv").read_bytes())
    for name in ("a.csv", "b.csv", "c.csv.gz"):
        pd.testing.assert_frame_equal(read_expression(tmp_path / name).expression, FRAME)


def test_a_format_may_be_named(tmp_path):
    write_expression(FRAME, tmp_path / "a.csv")
    read = read_expression(tmp_path / "a.csv", format="delimited", genes="columns")
    pd.testing.assert_frame_equal(read.expression, FRAME.T)
    with pytest.raises(ValueError, match=r"'format' parameter must be one of 'gct', .* Got 'xls'"):
        read_expression(tmp_path / "a.csv", format="xls")
    with pytest.raises(ValueError, match=r"Line 1 of .* must be '#1.2' or '#1.3'"):
        read_expression(tmp_path / "a.csv", format="gct")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.xlsx", b"PK\x03\x04xxx", "Got an Excel or zip file instead; save it as CSV"),
        ("a.parquet", b"PAR1xxxx", "Got a Parquet file"),
        ("a.gct", b"g,s\nx,1\n", "Line 1 of .* must be '#1.2' or '#1.3'"),
        ("a.gctx", b"g,s\nx,1\n", "HDF5 structure of .* must be whole"),
        ("a.gctx", b"", "HDF5 structure of .* must be whole"),
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0", "Line 1 of .* must be UTF-8 text"),
        ("a", b"", "must name the columns. Got an empty file"),
    ],
)
def test_other_files_are_refused(tmp_path, name, content, sentence):
    (tmp_path / name).write_bytes(content)
    with pytest.raises((ValueError, OSError), match=sentence):
        read_expression(tmp_path / name)


def test_an_hdf5_file_of_another_kind_is_refused(tmp_path):
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(ValueError, match=r"must have a group '0', as GCTX, or .* Got 'x' instead"):
        read_expression(tmp_path / "a.h5")


def test_a_name_that_says_no_format_is_not_written_to(tmp_path):
    with pytest.raises(ValueError, match=r"must end in .gct, .* Got 'a.xlsx' instead"):
        write_expression(FRAME, tmp_path / "a.xlsx")


def test_gzipped_gctx_is_to_be_unpacked(tmp_path):
    pytest.importorskip("h5py", reason="h5py is not installed")
    write_gctx(FRAME, tmp_path / "a.gctx")
    (tmp_path / "b.gctx.gz").write_bytes(gzip.compress((tmp_path / "a.gctx").read_bytes(), mtime=0))
    with pytest.raises(ValueError, match=r"must be unpacked. Got .* run gunzip on it first"):
        read_expression(tmp_path / "b.gctx.gz")


@pytest.mark.parametrize("end", [".gct", ".gctx", ".csv"])
def test_frames_of_any_numbers_are_written_and_others_refused(tmp_path, end):
    pytest.importorskip("h5py", reason="h5py is not installed")
    path = tmp_path / f"a{end}"
    for dtype in ("int64", "float64", "bool", "Float32", "Int16"):
        write_expression(FRAME.astype(dtype), path)
        read = read_expression(path).expression
        np.testing.assert_array_equal(read.to_numpy(), FRAME.astype(dtype).astype("float32"))
    gap = FRAME.astype("Int16").mask(FRAME == 3)
    write_expression(gap, path)
    np.testing.assert_array_equal(read_expression(path).expression, FRAME.mask(FRAME == 3))
    with pytest.raises(ValueError, match=r"must be numbers. Got 1 columns of others \('y'\)"):
        write_expression(FRAME.assign(y="text"), path)
