"""GCTX files of every make are read alike, in part or whole, and what is none is refused."""

import os
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklearn_dgex.datasets import (
    ExpressionTable,
    read_expression,
    read_gct,
    read_gctx,
    write_gct,
    write_gctx,
)

h5py = pytest.importorskip("h5py", reason="h5py is not installed")
MATRIX = "0/DATA/0/matrix"


def planted(n_samples=50, n_genes=40):
    rng = np.random.default_rng(0)
    samples = pd.Index([f"plate:{i:02}" for i in range(n_samples)], dtype=str)
    genes = pd.Index(["1", "NA", "inf", *[f"{i}_at" for i in range(3, n_genes)]], dtype=str)
    values = rng.normal(8, 2, (n_samples, n_genes)).astype(np.float32)
    values[3, 5] = np.nan
    cells = pd.Series(rng.choice(["A375", "MCF7", "µ"], n_samples), samples, dtype=str)
    about_samples = pd.DataFrame(
        {
            "well": [f"{i}" for i in range(n_samples)],  # numbers as text stay text
            "cell": cells.mask(cells == "MCF7"),
            "day": rng.integers(0, 9, n_samples),
            "dose": rng.random(n_samples).round(3),
        },
        index=samples,
    ).astype({"well": str})
    about_samples.loc["plate:04", "dose"] = np.nan
    about_genes = pd.DataFrame({"symbol": [f"G{i}" for i in range(n_genes)]}, genes, dtype=str)
    return ExpressionTable(pd.DataFrame(values, samples, genes), about_samples, about_genes)


def assert_same(read, expected):
    pd.testing.assert_frame_equal(read.expression, expected.expression)
    pd.testing.assert_frame_equal(read.samples[expected.samples.columns], expected.samples)
    pd.testing.assert_frame_equal(read.genes[expected.genes.columns], expected.genes)


def write_by_h5py(table, path, *, compression=None, chunks=None, shuffle=False, **options):
    """As other tools write it: strings of variable length, -666, metadata gzipped."""
    with h5py.File(path, "w", **options) as file:
        file.attrs["version"] = "GCTX1.0"
        stored = {"compression": compression, "chunks": chunks}
        values = table.expression.to_numpy()
        file.create_dataset(MATRIX, data=values, shuffle=shuffle, **stored)
        for group, frame in (("0/META/COL", table.samples), ("0/META/ROW", table.genes)):
            fields = {"id": frame.index.tolist()}
            for name in frame:
                gap = -666 if frame[name].dtype == float else "-666"
                fields[name] = [gap if pd.isna(value) else value for value in frame[name]]
            for name, values in fields.items():
                file.create_dataset(f"{group}/{name}", data=values, compression=compression)


@pytest.mark.parametrize("compression", [None, 1, 9])
def test_what_is_written_is_read_the_same(tmp_path, compression):
    path = tmp_path / "a.gctx"
    write_gctx(planted(), path, compression=compression)
    assert_same(read_gctx(path), planted())
    assert list(read_gctx(path).samples.columns) == ["well", "cell", "day", "dose"]
    assert os.listdir(tmp_path) == ["a.gctx"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"libver": "latest"},
        {"userblock_size": 512},
        {"chunks": (16, 13)},
        {"chunks": (16, 13), "compression": "gzip", "shuffle": True},
        {"chunks": (7, 40), "compression": "gzip", "libver": "latest"},
        {"chunks": (50, 1), "compression": "gzip", "libver": "latest", "userblock_size": 1024},
    ],
)
def test_files_of_other_tools_are_read_alike(tmp_path, options):
    path = tmp_path / "a.gctx"
    write_by_h5py(planted(), path, **options)
    assert_same(read_gctx(path), planted())
    rows, columns = [40, 3, 3, 17], [39, 0, 12]
    part = read_gctx(path, samples=rows, genes=columns)
    pd.testing.assert_frame_equal(part.expression, planted().expression.iloc[rows, columns])


def test_other_tools_find_what_they_look_for(tmp_path):
    """The places and types that cmapPy, cmapR and cmapM read."""
    path = tmp_path / "a.gctx"
    write_gctx(planted(), path)
    with h5py.File(path) as file:
        assert file.attrs["version"] == b"GCTX1.0"
        assert file.attrs["src"] == "a.gctx"
        assert file[MATRIX].dtype == np.float32
        np.testing.assert_array_equal(file[MATRIX][:], planted().expression.to_numpy())
        genes = [name.decode() for name in file["0/META/ROW/id"][:]]
        assert genes == list(planted().genes.index)
        assert file["0/META/COL/id"][0] == b"plate:00"
        assert {*file["0/META/COL"]} == {"id", "well", "cell", "day", "dose"}
        cells = planted().samples["cell"].isna().to_numpy()
        assert {*file["0/META/COL/cell"][:][cells]} == {b"-666"}
        assert np.isnan(file["0/META/COL/dose"][4])


def test_gct_and_gctx_of_one_table_agree(tmp_path):
    table = planted()
    table = ExpressionTable(table.expression, table.samples.drop(columns="well"), table.genes)
    for write, name in ((write_gct, "a.gct"), (write_gctx, "a.gctx")):
        write(table, tmp_path / name)
    assert_same(read_gct(tmp_path / "a.gct"), read_gctx(tmp_path / "a.gctx"))


def test_a_real_file_survives_gctx(tmp_path):
    folder = os.environ.get("SKLEARN_DGEX_DATA")
    path = Path(folder or "") / "l1000" / "LJP009_QNORM_n371x978.gct"
    if not folder or not path.exists():
        pytest.skip(f"{path.name} is not in the folder named by SKLEARN_DGEX_DATA")
    table = read_expression(path)
    write_gctx(table, tmp_path / "a.gctx")
    samples = table.samples.rename(columns={"id": "id.1"})  # "id" is the ids'
    expected = ExpressionTable(table.expression, samples, table.genes)
    assert_same(read_expression(tmp_path / "a.gctx"), expected)


@pytest.fixture(params=[None, 4], ids=["plain", "gzipped"])
def written(tmp_path, request):
    write_gctx(planted(), tmp_path / "a.gctx", compression=request.param)
    return tmp_path / "a.gctx"


@pytest.mark.parametrize(
    ("samples", "genes"),
    [
        (["plate:09", "plate:02"], None),
        (None, ["inf", "1"]),
        ([9, 2, -1], slice(3, 30, 4)),
        (np.arange(50) % 7 == 0, []),
        (slice(None, None, -1), ["NA"]),
        (pd.Index(["plate:40"]), np.array([0, 0])),
    ],
)
def test_parts_by_id_position_and_mask(written, samples, genes):
    expected = planted().expression

    def chosen(index, key):
        if key is None:
            return np.arange(len(index))
        if not isinstance(key, slice) and len(key) and isinstance(key[0], str):
            return [index.get_loc(name) for name in key]
        return np.arange(len(index))[key]

    rows, columns = chosen(expected.index, samples), chosen(expected.columns, genes)
    part = read_gctx(written, samples=samples, genes=genes, dtype=np.float64)
    pd.testing.assert_frame_equal(
        part.expression, expected.iloc[rows, columns].astype(np.float64), check_names=False
    )
    pd.testing.assert_frame_equal(part.samples, planted().samples.iloc[rows])


def test_unknown_and_repeated_ids_are_refused(tmp_path):
    table = planted()
    genes = table.genes.set_axis(["twice", *table.genes.index[:-2], "twice"])
    table = ExpressionTable(table.expression.set_axis(genes.index, axis=1), table.samples, genes)
    write_gctx(table, tmp_path / "a.gctx")
    with pytest.raises(ValueError, match=r"'samples' .* Got 1 unknown \('x'\) and 0"):
        read_gctx(tmp_path / "a.gctx", samples=["plate:01", "x"])
    with pytest.raises(ValueError, match=r"'genes' .* Got 0 unknown \(\) and 1 .*\('twice'\)"):
        read_gctx(tmp_path / "a.gctx", genes=["twice"])


def test_only_the_rows_that_are_asked_for_are_read(written, monkeypatch):
    from sklearn_dgex.datasets._formats.hdf5.file import HDF5File

    n_read, real = [], HDF5File.read_into
    monkeypatch.setattr(
        HDF5File,
        "read_into",
        lambda self, at, out: (n_read.append(out.nbytes), real(self, at, out)),
    )
    everything = planted().expression.to_numpy().nbytes
    read_gctx(written)
    whole = sum(n_read)
    n_read.clear()
    read_gctx(written, samples=["plate:07"])
    assert whole - sum(n_read) > everything // 2


@pytest.mark.parametrize("dtype", [">f8", "<f2", "i2", "u1", ">i4"])
def test_numbers_of_any_make(tmp_path, dtype):
    values = np.arange(2000).reshape(50, 40) % 100
    with h5py.File(tmp_path / "a.gctx", "w") as file:
        file[MATRIX] = values.astype(dtype)
        file["0/META/COL/id"] = np.arange(50)
        file["0/META/ROW/id"] = np.array([f"g{i}".encode() for i in range(40)])
    read = read_gctx(tmp_path / "a.gctx")
    np.testing.assert_array_equal(read.expression.to_numpy(), values)
    assert read.expression.dtypes.iloc[0] == np.float32
    assert list(read.samples.index[:2]) == ["0", "1"]


def build(path, matrix=None, *, n_samples=4, n_genes=3, **datasets):
    """A file whose matrix, or other dataset, is made by a function of the file."""
    with h5py.File(path, "w") as file:
        if matrix is None:
            file[MATRIX] = np.zeros((n_samples, n_genes), np.float32)
        else:
            matrix(file)
        for group, n in (("COL", n_samples), ("ROW", n_genes)):
            if group not in datasets and "0" in file and file.get("0", getlink=True):
                with_ids = np.array([f"x{i}".encode() for i in range(n)])
                file.create_dataset(f"0/META/{group}/id", data=with_ids)
        for name, data in datasets.items():
            file[f"0/META/COL/{name}"] = data


def bomb(file):
    stored = file.create_dataset(MATRIX, (4, 3), "f4", chunks=(4, 3), compression="gzip")
    squeezed = zlib.compressobj(9)
    content = b"".join(squeezed.compress(bytes(1 << 20)) for _ in range(20)) + squeezed.flush()
    stored.id.write_direct_chunk((0, 0), content)


def virtual(file):
    layout = h5py.VirtualLayout((4, 3), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (4, 3))
    file.create_virtual_dataset(MATRIX, layout)


def contiguous(file):
    space = h5py.h5s.create_simple((10**6, 10**6))
    group = file.create_group("0/DATA/0").id
    h5py.h5d.create(group, b"matrix", h5py.h5t.IEEE_F32LE, space)


def dataset(shape, dtype="f4", **options):
    return lambda file: file.create_dataset(MATRIX, shape, dtype, **options)


CHUNKS = {"chunks": (64, 1000)}


@pytest.mark.parametrize(
    ("matrix", "sentence"),
    [
        (lambda file: file.create_group("0"), "be there. Got none instead"),
        (lambda file: file.create_group(MATRIX), "be a dataset. Got a group instead"),
        (dataset((4,), data=np.zeros(4)), "be a matrix of numbers. Got 1 dimensions of float32"),
        (
            dataset((4, 3), "S3", data=np.full((4, 3), b"x")),
            "be a matrix of numbers. Got 2 dimensions of bytes24",
        ),
        (dataset((4, 3), "c8"), "numbers or strings as usual. Got the HDF5 type 'compound'"),
        (dataset((10**6, 10**6), **CHUNKS), "hold what it claims. Got 0 bytes for 4,000,000,000,"),
        (dataset((10**6, 10**6), compression="gzip", **CHUNKS), "hold what it claims"),
        (contiguous, "hold data. Got none instead"),
        (bomb, "have all its chunks whole. Got none or a damaged one"),
        (dataset((4, 3), chunks=(2, 3), compression="gzip"), "all its chunks whole. Got none or"),
        (dataset((4, 3), external=[("/etc/passwd", 0, 48)]), "Got external storage instead"),
        (virtual, "in one piece or in chunks. Got another layout"),
        (dataset((4, 3), compression="lzf"), r"with gzip and shuffle. Got the filters \[32000\]"),
        (dataset((4, 3), fletcher32=True), "h5repack -f GZIP=4"),
    ],
)
def test_a_matrix_that_cannot_be_trusted_is_refused(tmp_path, matrix, sentence):
    build(tmp_path / "a.gctx", matrix)
    with pytest.raises(OSError, match=rf"'/0/DATA/0/matrix' of .*a\.gctx' must .*{sentence}"):
        read_gctx(tmp_path / "a.gctx")


def test_a_chunk_does_not_expand_beyond_its_size():
    from sklearn_dgex.datasets._formats.hdf5.chunks import decode
    from sklearn_dgex.datasets._formats.hdf5.errors import DamagedError

    content = np.arange(100, dtype=np.float32).tobytes()
    shuffled = np.frombuffer(content, np.uint8).reshape(-1, 4).T.tobytes()
    squeezed = zlib.compress(shuffled)
    assert decode(squeezed, 0, (2, 1), 400, 4) == content
    assert decode(shuffled, 0b10, (2, 1), 400, 4) == content  # gzip was skipped for this chunk
    for bad in (zlib.compress(bytes(1 << 24)), squeezed[:-1], zlib.compress(content[:-4])):
        with pytest.raises(DamagedError, match="hold whole chunks"):
            decode(bad, 0, (2, 1), 400, 4)


@pytest.mark.parametrize(
    "link",
    [
        lambda: h5py.ExternalLink("other.gctx", "/0"),
        lambda: h5py.SoftLink("/0/DATA/0/matrix"),
        lambda: h5py.SoftLink("/elsewhere"),
    ],
    ids=["external", "loop", "soft"],
)
def test_links_are_not_followed(tmp_path, link):
    build(tmp_path / "other.gctx")

    def linked(file):
        name = "0" if isinstance(link(), h5py.ExternalLink) else MATRIX
        file["elsewhere"] = np.zeros((4, 3), np.float32)
        file[name] = link()

    with h5py.File(tmp_path / "a.gctx", "w") as file:
        linked(file)
    with pytest.raises(OSError, match=r"part of the file itself. Got a (External|Soft)Link at"):
        read_gctx(tmp_path / "a.gctx")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (np.zeros(5), r"have 4 values, as the matrix has. Got the shape \(5,\)"),
        (np.array([b"\xb5m"] * 4), "must hold UTF-8 text"),
        (np.zeros(4, "c8"), "Got the HDF5 type 'compound'"),
    ],
)
def test_metadata_that_cannot_be_right_is_refused(tmp_path, data, sentence):
    build(tmp_path / "a.gctx", field=data)
    with pytest.raises(OSError, match=rf"The dataset '/0/META/COL/field' of .*{sentence}"):
        read_gctx(tmp_path / "a.gctx")


def test_ids_must_be_there(tmp_path):
    build(tmp_path / "a.gctx", COL=np.zeros(4))
    with pytest.raises(OSError, match=r"The dataset '/0/META/COL/id' .* must be there"):
        read_gctx(tmp_path / "a.gctx")


def test_a_damaged_heap_of_strings_is_refused_and_not_followed(tmp_path):
    """What the library itself loops over, or takes gigabytes for."""
    path = tmp_path / "a.gctx"
    write_by_h5py(planted(), path)
    content = path.read_bytes()
    heap = content.index(b"GCOL")
    refused, n_read = [], 0
    for offset in range(heap, heap + 200, 4):
        for value in (b"\0\0\0\0", b"\xff\xff\xff\x7f"):
            path.write_bytes(content[:offset] + value + content[offset + 4 :])
            try:
                table = read_gctx(path)
            except OSError as error:
                refused.append(str(error))
            else:
                n_read += 1
                assert_same_but_for(table, planted(), n_texts=1)  # the one that was overwritten
    assert len(refused) > 10
    assert n_read > 10
    assert all("The dataset '/0/META/" in message for message in refused)


def assert_same_but_for(table, expected, n_texts):
    np.testing.assert_array_equal(table.expression.to_numpy(), expected.expression.to_numpy())
    n_others = 0
    for one, other in ((table.samples, expected.samples), (table.genes, expected.genes)):
        assert sorted(one.columns) == sorted(other.columns)
        n_others += np.count_nonzero(one.index != other.index)
        for name in other:
            pairs = zip(map(str, one[name]), map(str, other[name]), strict=True)
            n_others += sum(text != expected_text for text, expected_text in pairs)
    assert n_others <= n_texts


@pytest.mark.parametrize("part", [0.3, 0.7, 0.95])
def test_a_file_that_was_cut_off_is_refused(written, part):
    content = written.read_bytes()
    written.write_bytes(content[: int(part * len(content))])
    with pytest.raises(OSError, match=r"a\.gctx' must"):
        read_gctx(written)


def test_what_cannot_be_written_leaves_no_file(tmp_path):
    table, path = planted(), tmp_path / "a.gctx"
    with pytest.raises(ValueError, match=r"level of gzip from 1 to 9. Got 12 instead"):
        write_gctx(table, path, compression=12)
    bad = ExpressionTable(table.expression, table.samples, table.genes.assign(**{"a/b": 1}))
    with pytest.raises(ValueError, match=r"have no '/'.* Got 'a/b' instead"):
        write_gctx(bad, path)
    bad = ExpressionTable(table.expression, table.samples, table.genes.assign(a="x\0y"))
    with pytest.raises(ValueError, match="must have no NUL"):
        write_gctx(bad, path)
    assert not os.listdir(tmp_path)


def test_without_h5py_the_extra_is_named(tmp_path, monkeypatch):
    path = tmp_path / "a.gctx"
    write_gctx(planted(), path)
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    for act in (lambda: read_expression(path), lambda: write_gctx(planted(), path)):
        with pytest.raises(ImportError, match=r"pip install 'sklearn_dgex\[gctx\]'"):
            act()
