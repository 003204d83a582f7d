"""Tables on disk are told from those in memory, and read by rows as numpy would slice them."""

import mmap
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sklearn_dgex.utils.rows import MOST_BLOCKS, Rows, is_on_disk, loaded

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
    assert Rows(table, order)[:].flags.c_contiguous  # or sums would be rounded otherwise


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


@pytest.mark.skipif(not hasattr(mmap, "MADV_WILLNEED"), reason="asks for this advice")
@pytest.mark.parametrize("together", [True, False])
def test_no_more_of_a_map_is_read_ahead_than_is_wanted(together, tmp_path):
    flat = memory_map(tmp_path, np.ones((1, 400_000), np.float32))[0]
    rows_first, genes_first = flat.reshape(4000, 100), flat.reshape(100, 4000)
    tables = (rows_first, rows_first[:, 5:40], rows_first[::2], rows_first[:, ::-1])
    if not together:
        tables = (genes_first.T, genes_first.T[:, 5:40], rows_first[::-1].T, rows_first[::-1])
    for table in tables:
        asked = []
        rows = Rows(table)
        rows._map.pages = SimpleNamespace(madvise=lambda *advice, to=asked: to.append(advice))
        rows[40:72]
        ahead = [n_bytes for advice, _, n_bytes in asked if advice == mmap.MADV_WILLNEED]
        assert len(ahead) == together
        assert sum(ahead) <= 32 * abs(table.strides[0]) + mmap.PAGESIZE


class Stored:
    """A table in chunks, which counts how often each is read."""

    def __init__(self, array, n_together):
        self.array, self.n_together, self.n_reads = array, n_together, []
        self.chunks, self.shape, self.dtype = (n_together, 1), array.shape, array.dtype

    def __getitem__(self, rows):
        first, stop, _ = rows.indices(len(self.array))
        self.n_reads += range(first // self.n_together, -(-stop // self.n_together))
        return self.array[rows]


@pytest.mark.parametrize("n_together", [1, 4, 10, 17, 57, 80])
@pytest.mark.parametrize("n_rows", [1, 3, 10, 16, 56, 57, 90])
@pytest.mark.parametrize("n_bytes", [1, 12 * 4 * P, 1000 * 4 * P])
def test_pieces_are_cut_anywhere_and_chunks_are_read_once(n_together, n_rows, n_bytes, monkeypatch):
    monkeypatch.setattr("sklearn_dgex.utils.rows.BLOCK_BYTES", n_bytes)
    array = values()
    table = Stored(array, n_together)
    pieces = [(first, piece.copy()) for first, piece in Rows(table).pieces(n_rows)]
    assert [first for first, _ in pieces] == list(range(0, N, n_rows))
    assert {len(piece) for _, piece in pieces[:-1]} <= {n_rows}
    np.testing.assert_array_equal(np.concatenate([piece for _, piece in pieces]), array)
    if n_together * 4 * P <= MOST_BLOCKS * n_bytes:
        assert table.n_reads == list(range(-(-N // n_together)))


def test_of_a_table_in_one_chunk_no_block_is_without_bounds():
    rows = Rows(Stored(values(), 10_000))
    for n_rows in (1, 3, 5):
        starts, blocks = zip(*rows.blocks(n_bytes=n_rows * 4 * P), strict=True)
        assert len(blocks[0]) == MOST_BLOCKS * n_rows
        assert starts == tuple(np.cumsum([0, *map(len, blocks[:-1])]))
        np.testing.assert_array_equal(np.concatenate(blocks), values())


def test_an_unknown_number_of_samples_is_refused(tmp_path):
    table = dask_array(tmp_path, values())
    table = table[table[:, 0] > 0]
    expected = r"The target table must have known .* \(nan, 7\) .* compute_chunk_sizes\(\)"
    with pytest.raises(ValueError, match=expected):
        is_on_disk(table, "target")
    assert is_on_disk(table.compute_chunk_sizes(), "target")


def test_a_table_that_cannot_be_read_is_named_with_its_rows(tmp_path):
    h5py = pytest.importorskip("h5py")
    file = h5py.File(tmp_path / "h5", "w")
    table = file.create_dataset("X", data=values(), chunks=(8, P), maxshape=(None, P))
    rows, whole = Rows(table, what="landmark", part_of="training data"), Rows(table)
    table.resize(30, axis=0)
    with pytest.raises(OSError, match=r"samples 24 to 31 of the training .* \(6 of them are left"):
        rows[24:32]
    file.close()
    with pytest.raises(OSError, match=r"samples 0 to 0 of the .* from the landmark table .*open"):
        rows.first()
    with pytest.raises(OSError, match=r"The samples 0 to 56 can't .* table of type h5py.Dataset"):
        whole[:]
    with pytest.raises(OSError, match=r"The landmark table can't be read .*open"):
        is_on_disk(table, "landmark")


def test_a_lack_of_memory_is_not_the_files_fault():
    class Large(Stored):
        def __getitem__(self, rows):
            raise MemoryError("Unable to allocate 3 GiB")

    with pytest.raises(MemoryError, match=r"^Unable to allocate 3 GiB$"):
        Rows(Large(values(), 8))[:]
