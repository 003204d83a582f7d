"""Blocks of samples add up to the file that the whole table would have made, or to none."""

import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sklearn_dgex.datasets import (
    ExpressionTable,
    expression_writer,
    read_expression,
    write_delimited,
    write_expression,
)
from sklearn_dgex.datasets._formats import scratch
from sklearn_dgex.exceptions import GeneMismatchError

pytest.importorskip("h5py", reason="h5py is not installed")
ENDS = ["a.gctx", "a.gct", "a.gct.gz", "a.csv", "a.tsv.gz", "a.txt"]


def planted(n_samples=53, n_genes=31):
    rng = np.random.default_rng(0)
    samples = pd.Index([f"s{i}" for i in range(n_samples)], dtype=str)
    genes = pd.Index([f"g{i}" for i in range(n_genes)], dtype=str)
    values = rng.normal(size=(n_samples, n_genes)).astype(np.float32)
    values[7, 3] = np.nan
    return ExpressionTable(
        pd.DataFrame(values, samples, genes),
        pd.DataFrame({"dose": rng.random(n_samples)}, samples),
        pd.DataFrame({"symbol": [f"G{i}" for i in range(n_genes)]}, genes, dtype=str),
    )


def write_in_blocks(table, path, sizes, **options):
    with expression_writer(path, samples=table.samples, genes=table.genes, **options) as writer:
        start = 0
        for i, size in enumerate(sizes):
            block = table.expression.iloc[start : start + size]
            writer.write(block if i % 2 else block.to_numpy(dtype=np.float64))
            start += size
            assert writer.n_written == start


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("sizes", [[53], [1] * 53, [20, 0, 30, 3]])
@pytest.mark.parametrize("tile_bytes", [1, 1000, 1 << 20])
def test_blocks_make_the_file_of_the_whole(tmp_path, monkeypatch, end, sizes, tile_bytes):
    monkeypatch.setattr(scratch, "TILE_BYTES", tile_bytes)
    table = planted()
    write_in_blocks(table, tmp_path / end, sizes)
    read = read_expression(tmp_path / end)
    pd.testing.assert_frame_equal(read.expression, table.expression)
    if end.startswith("a.gct"):
        pd.testing.assert_frame_equal(read.samples, table.samples)
        pd.testing.assert_frame_equal(read.genes, table.genes)
    if not end.endswith("gctx"):
        whole = tmp_path / f"whole{end[1:]}"
        write_expression(table, whole)
        assert whole.read_bytes() == (tmp_path / end).read_bytes()
        whole.unlink()
    assert os.listdir(tmp_path) == [end]


def test_samples_may_be_in_rows(tmp_path):
    table = planted()
    write_in_blocks(table, tmp_path / "a.csv", [50, 3], genes_in="columns")
    write_delimited(table, tmp_path / "b.csv", genes="columns")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_gctx_may_be_compressed(tmp_path):
    import h5py

    write_in_blocks(planted(), tmp_path / "a.gctx", [50, 3], compression=3)
    with h5py.File(tmp_path / "a.gctx") as file:
        assert file["0/DATA/0/matrix"].compression == "gzip"
    read = read_expression(tmp_path / "a.gctx").expression
    pd.testing.assert_frame_equal(read, planted().expression)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [
        ([20, 30], "add up to the 53 samples that were named. Got 50 instead"),
        ([53, 1], "add up to the 53 samples that were named. Got 54 instead"),
        ([], "Got 0 instead; the file was not written"),
    ],
)
def test_blocks_that_do_not_add_up_leave_the_old_file(tmp_path, end, sizes, sentence):
    table, path = planted(), tmp_path / end
    path.write_text("old")

    def write():
        with expression_writer(path, samples=table.samples, genes=table.genes) as writer:
            for size in sizes:
                writer.write(np.zeros((size, 31)))

    with pytest.raises(ValueError, match=sentence):
        write()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == [end]


@pytest.mark.parametrize("end", ENDS)
def test_an_interruption_leaves_nothing(tmp_path, end):
    def write():
        with expression_writer(tmp_path / end, samples=["s"], genes=["g"]) as writer:
            writer.write(np.zeros((1, 1)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize(
    "block", [np.zeros((2, 30)), np.zeros(31), [["x"] * 31], np.zeros((1, 31), complex)]
)
def test_blocks_of_another_kind_are_refused(tmp_path, block):
    def write():
        with expression_writer(tmp_path / "a.csv", samples=["s"], genes=["g"] * 31) as writer:
            writer.write(block)

    with pytest.raises(ValueError, match=r"must be numbers of shape \(n, 31\). Got "):
        write()


def write_frames(path, table, *frames):
    with expression_writer(path, samples=table.samples, genes=table.genes) as writer:
        for frame in frames:
            writer.write(frame)


@pytest.mark.parametrize("end", ["a.gctx", "a.csv"])
def test_a_frame_is_put_in_order_by_its_names(tmp_path, end):
    table = planted()
    first, second = table.expression[:20], table.expression[20:]
    write_frames(tmp_path / end, table, first[first.columns[::-1]], second.sample(31, axis=1))
    pd.testing.assert_frame_equal(read_expression(tmp_path / end).expression, table.expression)


def test_labels_that_only_count_are_no_names(tmp_path):
    table = planted()
    bare = pd.DataFrame(table.expression.to_numpy())
    write_frames(tmp_path / "a.gctx", table, bare[:20], bare[20:])
    read = read_expression(tmp_path / "a.gctx").expression
    pd.testing.assert_frame_equal(read, table.expression)


def test_ids_that_are_numbers_are_compared_as_the_text_they_become(tmp_path):
    genes = pd.DataFrame(index=[7157, 672, 1956])
    expression = pd.DataFrame([[1.0, 2, 3]], ["s"], genes.index)
    table = ExpressionTable(expression, pd.DataFrame(index=["s"]), genes)
    write_frames(tmp_path / "a.gctx", table, table.expression[[1956, 7157, 672]])
    read = read_expression(tmp_path / "a.gctx").expression
    assert read.loc["s"].to_dict() == {"7157": 1, "672": 2, "1956": 3}


def test_a_frame_of_other_genes_or_samples_is_refused(tmp_path):
    table, path = planted(), tmp_path / "a.csv"
    path.write_text("old")
    frame = table.expression
    for other in (frame.rename(columns={"g3": "x"}), frame.drop(columns="g3").assign(x=1.0)):
        with pytest.raises(GeneMismatchError, match=r"31 of the file(.|\n)*'g3'(.|\n)*'x'"):
            write_frames(path, table, other)
    with pytest.raises(GeneMismatchError, match=r"missing from the table \(1\): 'g3'"):
        write_frames(path, table, frame.drop(columns="g3"))
    for blocks in ([frame[::-1]], [frame[:20], frame[21:]], [frame[:20], frame[:20]]):
        with pytest.raises(ValueError, match=r"must be the samples that are due. Got 's"):
            write_frames(path, table, *blocks)
    assert path.read_text() == "old"


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    values=arrays(
        st.sampled_from([np.float32, np.float64]),
        (4, 3),
        elements=st.floats(width=32, allow_infinity=False) | st.just(0.1),
    ),
    end=st.sampled_from(["a.gctx", "a.gct", "a.csv"]),
)
def test_numbers_are_read_back_to_the_last_digit(tmp_path_factory, values, end):
    values = values * values.dtype.type(1 / 3)  # digits that only this precision has
    path = tmp_path_factory.getbasetemp() / end
    about = {"samples": list("abcd"), "genes": list("xyz"), "dtype": values.dtype}
    with expression_writer(path, **about) as writer:
        writer.write(values[:1])
        writer.write(values[1:])
    write_expression(pd.DataFrame(values, [*"abcd"], [*"xyz"]), path.with_name(f"whole.{end[2:]}"))
    for name in (end, f"whole.{end[2:]}"):
        read = read_expression(path.with_name(name), dtype=values.dtype).expression
        is_text = not name.endswith("gctx")  # which pandas 2 reads as doubles to 15 digits
        tolerance = 1e-14 if is_text and values.dtype == np.float64 else 0
        np.testing.assert_allclose(read.to_numpy(), values, rtol=tolerance, atol=0)


@pytest.mark.parametrize("end", ["a.gctx", "a.csv"])
def test_values_beyond_the_precision_are_refused(tmp_path, end):
    def write(dtype):
        with expression_writer(tmp_path / end, samples=["s"], genes=["g"], dtype=dtype) as writer:
            writer.write(np.array([[1e300]]))

    with pytest.raises(ValueError, match=r"must fit into float32. Got 1e.300 instead"):
        write("float32")
    write("float64")
    assert read_expression(tmp_path / end, dtype="float64").expression.iloc[0, 0] == 1e300


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("a.xlsx", {}, "must end in .gct, .gctx, .csv, .tsv, .txt or .h5ad.* Got 'a.xlsx'"),
        ("a.gctx.gz", {}, "Got 'a.gctx.gz'"),
        ("a.h5ad", {}, "must be GCTX or text. Got 'a.h5ad'"),
        ("a.csv", {"genes_in": "x"}, "'rows' or 'columns'"),
        ("a.csv", {"dtype": int}, "float32 or float64"),
        ("a.gctx", {"compression": 0}, "level of gzip"),
        ("no/a.csv", {}, "The folder to write to must exist"),
    ],
)
def test_mistakes_are_named_before_anything_is_written(tmp_path, name, options, sentence):
    with pytest.raises((ValueError, OSError), match=sentence):  # noqa: SIM117
        with expression_writer(tmp_path / name, samples=["s"], genes=["g"], **options):
            raise AssertionError("the block ran")
    assert not os.listdir(tmp_path)


def test_memory_is_bounded(tmp_path, monkeypatch):
    """Four tiles at most, while the whole is fifty."""
    import tracemalloc

    monkeypatch.setattr(scratch, "TILE_BYTES", 40_000)
    block, n_blocks = np.ones((100, 100), np.float32), 50
    samples, genes = [f"s{i}" for i in range(5000)], [f"g{i}" for i in range(100)]
    for end in ("a.gctx", "a.csv"):
        tracemalloc.start()
        with expression_writer(tmp_path / end, samples=samples, genes=genes) as writer:
            before = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            for _ in range(n_blocks):
                writer.write(block)
            assert tracemalloc.get_traced_memory()[1] - before < 4 * 40_000
        tracemalloc.stop()
