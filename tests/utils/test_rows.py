"""Tables on disk are told from those in memory, and read by rows as numpy would slice them."""

import sys

import numpy as np
import pandas as pd
import pytest

from sklearn_dgex.utils.rows import Rows, is_on_disk, loaded

N, P = 57, 7


def values(dtype=np.float32):
    return (10 * np.random.default_rng(0).standard_normal((N, P))).astype(dtype)


def memory_map(folder, array, mode="r"):
    array.tofile(folder / "map")
    return np.memmap(folder / "map", array.dtype, mode, shape=array.shape)


def hdf5(folder, array, chunks=None):
    h5py = pytest.importorskip("h5py")
    file = h5py.File(folder / "h5", "w")
    return file.create_dataset("table", data=array, chunks=chunks)


def zarr_array(folder, array):
    zarr = pytest.importorskip("zarr")
    made = zarr.create_array(
        str(folder / "z.zarr"), shape=array.shape, chunks=(10, 4), dtype=array.dtype
    )
    made[:] = array
    return made


def dask_array(folder, array):
    return pytest.importorskip("dask.array").from_array(array, chunks=((20, 20, 17), (3, 4)))


TABLES = {
    "memory map": memory_map,
    "HDF5": hdf5,
    "HDF5 in chunks": lambda folder, array: hdf5(folder, array, (16, 2)),
    "zarr": zarr_array,
    "dask": dask_array,
}


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.int32])
def test_rows_of_any_table_are_those_of_an_array(kind, dtype, tmp_path):
    array = values(dtype)
    table = TABLES[kind](tmp_path, array)
    assert is_on_disk(table)
    rows, order = Rows(table), [3, 0, 6]
    wanted = array if dtype in (np.float32, np.float64) else array.astype(np.float64)
    assert rows.dtype == wanted.dtype
    for part in (slice(0, 1), slice(5, 29), slice(50, 57), slice(0, 57), slice(9, 9)):
        np.testing.assert_array_equal(rows[part], wanted[part])
        np.testing.assert_array_equal(Rows(table, order)[part], wanted[part][:, order])
    starts, blocks = zip(*rows.blocks(n_bytes=200), strict=True)
    np.testing.assert_array_equal(np.concatenate(blocks), wanted)
    assert len(blocks) > 1
    assert starts == tuple(np.cumsum([0, *map(len, blocks[:-1])]))
    np.testing.assert_array_equal(loaded(table), wanted)


@pytest.mark.parametrize(
    ("kind", "n_together"), [("memory map", 1), ("HDF5", 1), ("HDF5 in chunks", 16), ("zarr", 10)]
)
def test_what_is_stored_together_is_known(kind, n_together, tmp_path):
    assert Rows(TABLES[kind](tmp_path, values())).n_together == n_together
    assert Rows(dask_array(tmp_path, values())).n_together == 20


@pytest.mark.parametrize(
    "table",
    [
        values(),
        values().tolist(),
        pd.DataFrame(values()),
        np.array([["a"]]),
        "file.gctx",
        None,
        object(),
    ],
)
def test_what_lies_in_memory_is_left_as_it_is(table):
    assert not is_on_disk(table)
    assert loaded(table) is table


def test_a_table_without_numbers_or_of_one_axis_is_not_read_by_rows(tmp_path):
    assert not is_on_disk(memory_map(tmp_path, np.array([b"a", b"b"])))
    assert not is_on_disk(memory_map(tmp_path, np.ones(4)))
    assert not is_on_disk(hdf5(tmp_path, np.ones(4)))


@pytest.mark.skipif(sys.platform != "linux", reason="asks the system by its files in /proc")
def test_reading_a_map_takes_no_memory_that_stays(tmp_path):
    def resident():
        status = open("/proc/self/status").read()  # noqa: SIM115
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    np.memmap(tmp_path / "map", np.float32, "w+", shape=(50_000, 250))[:] = 1  # 50 MB
    table = np.memmap(tmp_path / "map", np.float32, "r", shape=(50_000, 250))
    rows, before = Rows(table[:, 10:]), resident()
    for start in range(0, len(table), 1000):
        rows[start : start + 1000]
    assert resident() - before < 10e6
    for start in range(0, len(table), 1000):
        np.array(table[start : start + 1000])
    assert resident() - before > 40e6  # without that care


def test_changes_of_a_private_map_are_not_lost(tmp_path):
    array = values()
    table = memory_map(tmp_path, array, mode="c")
    table[3] = 7
    rows = Rows(table)
    assert (rows[0:10][3] == 7).all()
    assert (rows[0:10][3] == 7).all()
    written = memory_map(tmp_path, array, mode="r+")
    written[4] = 8
    assert (Rows(written)[4:5] == 8).all()
    assert (Rows(written)[4:5] == 8).all()
