"""A file as an array: any index numpy would take, whatever the format."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_dgex.datasets import open_expression, write_delimited, write_expression, write_gctx
from sklearn_dgex.datasets._formats.hdf5 import chunks

pytest.importorskip("h5py", reason="h5py is not installed")
N_SAMPLES, N_GENES = 37, 23
VALUES = np.random.default_rng(0).normal(size=(N_SAMPLES, N_GENES)).astype(np.float32)
FRAME = pd.DataFrame(
    VALUES,
    pd.Index([f"s{i}" for i in range(N_SAMPLES)], dtype=str),
    pd.Index([f"g{i}" for i in range(N_GENES)], dtype=str),
)


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sources")
    write_gctx(FRAME, folder / "plain.gctx")
    write_gctx(FRAME, folder / "gzipped.gctx", compression=4)
    write_expression(FRAME, folder / "a.gct.gz")
    write_delimited(FRAME, folder / "a.csv")
    return sorted(folder.iterdir())


@pytest.fixture(params=range(4), ids=["csv", "gct", "gzipped gctx", "gctx"])
def source(paths, request):
    with open_expression(paths[request.param]) as opened:
        yield opened


def test_it_looks_like_an_array(source):
    assert source.shape == (N_SAMPLES, N_GENES)
    assert source.ndim == 2
    assert source.size == VALUES.size
    assert len(source) == N_SAMPLES
    assert source.dtype == np.float32
    assert list(source.samples.index) == list(FRAME.index)
    assert list(source.genes.index) == list(FRAME.columns)
    np.testing.assert_array_equal(np.asarray(source), VALUES)
    assert np.asarray(source, dtype=np.float64).dtype == np.float64
    assert "37 samples × 23 genes, float32" in repr(source)
    with pytest.raises(ValueError, match="cannot be had uncopied"):
        np.array(source, copy=False)


ROWS = [
    3,
    -1,
    np.int64(5),
    slice(None),
    slice(30, 2, -5),
    slice(5, 5),
    [],
    [4],
    [30, 2, 2, 17, -1],
    np.array([36, 0, 1, 2, 3, 20], dtype=np.uint8),
    np.arange(N_SAMPLES) % 3 == 0,
    np.zeros(N_SAMPLES, bool),
    np.random.default_rng(0).permutation(N_SAMPLES),
    ...,
]


@pytest.mark.parametrize("rows", ROWS, ids=str)
def test_rows_are_those_of_the_array(source, rows):
    expected = VALUES[np.array(rows, int) if isinstance(rows, list) else rows]
    got = source[rows]
    np.testing.assert_array_equal(got, expected)
    assert got.shape == expected.shape
    assert got.dtype == np.float32


def keys(n):
    return st.one_of(
        st.integers(-n, n - 1),
        st.slices(n),
        st.lists(st.integers(-n, n - 1), max_size=6).map(lambda key: np.array(key, int)),
        st.lists(st.booleans(), min_size=n, max_size=n).map(np.array),
    )


@pytest.fixture(scope="module")
def sources(paths):
    opened = [open_expression(path) for path in paths]
    yield opened
    for source in opened:
        source.close()


@settings(max_examples=80, deadline=None, derandomize=True)
@given(rows=keys(N_SAMPLES), columns=keys(N_GENES))
def test_rows_and_columns_are_chosen_one_by_the_other(sources, rows, columns):
    expected = VALUES[rows][..., columns]
    for source in sources:
        np.testing.assert_array_equal(source[rows, columns], expected)


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        (37, "below 37. Got 37 as the highest"),
        ([0, -38], "below 37. Got 0 as the highest and -38"),
        ((0, [23]), "below 23"),
        (np.ones(5, bool), r"must have 37 values. Got the shape \(5,\)"),
        ([0.5], "an int, a slice, a mask or a list of integers. Got 1 dimensions of float64"),
        ("s1", "an int, a slice"),
        ([[0, 1]], "Got 2 dimensions of int64"),
        (None, "of rows, or of rows and columns"),
        ((0, 0, 0), "of rows and columns. Got 3 instead"),
    ],
)
def test_other_indices_are_refused(source, key, sentence):
    with pytest.raises(IndexError, match=sentence):
        source[key]


def test_a_closed_source_says_so(paths):
    for path in paths:
        source = open_expression(path)
        source.close()
        source.close()
        with pytest.raises(ValueError, match=r"must be open. Got a closed one"):
            source[0]
        assert "closed" in repr(source)


def test_a_pickle_opens_the_file_again(source):
    again = pickle.loads(pickle.dumps(source))
    np.testing.assert_array_equal(again[[3, 1]], VALUES[[3, 1]])
    again.close()
    np.testing.assert_array_equal(source[0], VALUES[0])


def test_precision_is_that_asked_for(paths):
    for path in paths:
        with open_expression(path, dtype="float64") as source:
            assert source[:5].dtype == source.dtype == np.float64
            np.testing.assert_allclose(source[:], VALUES, rtol=1e-6)


def test_genes_may_be_in_columns(tmp_path):
    write_delimited(FRAME, tmp_path / "a.csv", genes="columns")
    with open_expression(tmp_path / "a.csv", genes="columns") as source:
        np.testing.assert_array_equal(source[:], VALUES)


def test_what_was_handed_out_is_ones_own(source):
    source[:][:] = 0
    source[:3][:] = 0
    np.testing.assert_array_equal(source[:3], VALUES[:3])


def test_batches_of_a_large_file_take_little_memory(tmp_path, monkeypatch):
    import tracemalloc

    monkeypatch.setattr(chunks, "CACHE_BYTES", 100_000)

    rng = np.random.default_rng(0)
    values = rng.normal(size=(5000, 200)).astype(np.float32)
    frame = pd.DataFrame(values, [f"s{i}" for i in range(5000)], [f"g{i}" for i in range(200)])
    order = rng.permutation(5000)
    for compression in (None, 1):
        write_gctx(frame, tmp_path / "a.gctx", compression=compression)
        with open_expression(tmp_path / "a.gctx") as source:
            source[:10]
            tracemalloc.start()
            for start in range(0, 1000, 100):
                batch = order[start : start + 100]
                np.testing.assert_array_equal(source[batch], values[batch])
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak < values.nbytes // 4
