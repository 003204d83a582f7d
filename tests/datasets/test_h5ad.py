"""h5ad by way of anndata: values, layers, sparse ones, and metadata."""

import doctest

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sklearn_dgex.datasets import (
    ExpressionTable,
    open_expression,
    read_expression,
    read_h5ad,
    write_h5ad,
)

anndata = pytest.importorskip("anndata", reason="anndata is not installed")


NAMES = (("obs", "xyz"), ("var", "ab"))


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    samples = pd.Index([f"s{i}" for i in range(6)], dtype=object)
    genes = pd.Index(["1", "NA", "MARCH1", "inf"], dtype=object)
    values = rng.normal(size=(6, 4)).astype(np.float32)
    values[2, 1] = np.nan
    cells = ["A375", np.nan, "MCF7", "A375", "A375", "MCF7"]
    about = pd.DataFrame({"cell": cells, "none": np.nan, "day": range(6)}, index=samples)
    about["none"] = about["none"].astype(object)
    symbols = pd.DataFrame({"symbol": list("abcd"), "flag": [True, False] * 2}, index=genes)
    return ExpressionTable(pd.DataFrame(values, samples, genes), about, symbols)


def assert_same(read, expected):
    np.testing.assert_array_equal(read.expression.to_numpy(), expected.expression.to_numpy())
    for name in ("samples", "genes"):
        one, other = getattr(read, name), getattr(expected, name)
        assert list(one.index) == list(other.index)
        assert list(one.columns) == list(other.columns)
        for column in one:
            assert one[column].fillna("-").tolist() == other[column].fillna("-").tolist()


def test_what_is_written_is_read_the_same(table, tmp_path):
    path = tmp_path / "a.h5ad"
    write_h5ad(table, path)
    assert_same(read_h5ad(path), table)
    assert_same(read_expression(path), table)
    with open_expression(path) as source:
        np.testing.assert_array_equal(source[[3, 1]], table.expression.to_numpy()[[3, 1]])
    assert [file.name for file in tmp_path.iterdir()] == ["a.h5ad"]


def test_text_of_any_dtype_is_written(tmp_path):
    """As pandas 3 has its own, which anndata does not write."""
    index, genes = pd.Index(["s1", "s2"], dtype="string"), pd.Index(["TP53", "MYC"])
    about = pd.DataFrame({"cell": pd.array(["A375", None], dtype="string")}, index=index)
    frame = pd.DataFrame(np.eye(2), index, genes)
    table = ExpressionTable(frame, about, pd.DataFrame(index=genes))
    write_h5ad(table, tmp_path / "a.h5ad")
    assert_same(read_h5ad(tmp_path / "a.h5ad", dtype=float), table)


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_matrix, sparse.csc_matrix])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_files_of_anndata_are_read(tmp_path, kind, dtype):
    counts = np.random.default_rng(0).poisson(0.3, size=(30, 20)).astype(np.float32)
    data = anndata.AnnData(X=kind(counts), layers={"twice": kind(2 * counts)})
    data.obs_names = pd.Index([f"c{i}" for i in range(30)], dtype=object)
    data.var_names = pd.Index([f"g{i}" for i in range(20)], dtype=object)
    data.obs["cluster"] = pd.Categorical(["b", "a"] * 15)
    data.write_h5ad(tmp_path / "a.h5ad")
    read = read_h5ad(tmp_path / "a.h5ad", dtype=dtype)
    np.testing.assert_array_equal(read.expression.to_numpy(), counts)
    assert read.expression.dtypes.iloc[0] == dtype
    assert read.samples["cluster"].tolist() == ["b", "a"] * 15
    layer = read_h5ad(tmp_path / "a.h5ad", layer="twice")
    np.testing.assert_array_equal(layer.expression.to_numpy(), 2 * counts)
    with pytest.raises(ValueError, match=r"must name a layer of .* Got 'x' instead; .* 'twice'"):
        read_h5ad(tmp_path / "a.h5ad", layer="x")


def test_a_file_without_values_or_with_too_many_is_refused(tmp_path):
    named = {axis: pd.DataFrame(index=pd.Index([*names], dtype=object)) for axis, names in NAMES}
    anndata.AnnData(layers={"a": np.zeros((3, 2))}, **named).write_h5ad(tmp_path / "a.h5ad")
    with pytest.raises(ValueError, match=r"must have values in X. Got none; .* 'a'"):
        read_h5ad(tmp_path / "a.h5ad")
    data = anndata.AnnData(X=sparse.csr_matrix((100_000, 100_000), dtype=np.float32))
    data.obs_names = data.var_names = data.obs_names.astype(object)
    data.write_h5ad(tmp_path / "b.h5ad", compression="gzip")
    with pytest.raises(OSError, match=r"at most 100 times its size. Got 40,000,000,000 bytes"):
        read_h5ad(tmp_path / "b.h5ad")


def test_values_beyond_the_precision_are_refused(table, tmp_path):
    for value, sentence in ((1e300, "Got 1e.300"), (2**24 + 1, "Got 16,777,217")):
        wide = table.expression.astype(float)
        wide.iloc[1, 1] = value
        write_h5ad(ExpressionTable(wide, table.samples, table.genes), tmp_path / "a.h5ad")
        with pytest.raises(ValueError, match=rf"must fit into float32.* {sentence} instead"):
            read_h5ad(tmp_path / "a.h5ad")
        assert read_h5ad(tmp_path / "a.h5ad", dtype=float).expression.iloc[1, 1] == value


@pytest.mark.parametrize("part", [0.2, 0.9])
def test_a_damaged_file_is_one_sentence(table, tmp_path, part):
    path = tmp_path / "damaged.h5ad"
    write_h5ad(table, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    with pytest.raises(OSError, match=r"damaged.h5ad' must be whole. Got an error") as caught:
        read_h5ad(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("function", [read_h5ad, write_h5ad])
def test_examples_run(function):
    """The doctests, which are skipped by themselves: most environments have no anndata."""
    (example,) = doctest.DocTestFinder(recurse=False).find(function, globs={})
    for line in example.examples:
        line.options.pop(doctest.SKIP, None)
    assert doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(example).failed == 0
