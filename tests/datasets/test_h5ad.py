"""h5ad by way of anndata: values, layers, sparse ones, and metadata."""

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


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_matrix, sparse.csc_matrix])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_files_of_anndata_are_read(tmp_path, kind, dtype):
    counts = np.random.default_rng(0).poisson(0.3, size=(30, 20)).astype(np.float32)
    data = anndata.AnnData(X=kind(counts), layers={"twice": kind(2 * counts)})
    data.obs_names = [f"c{i}" for i in range(30)]
    data.var_names = [f"g{i}" for i in range(20)]
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
    anndata.AnnData(shape=(3, 2), layers={"a": np.zeros((3, 2))}).write_h5ad(tmp_path / "a.h5ad")
    with pytest.raises(ValueError, match=r"must have values in X. Got none; .* 'a'"):
        read_h5ad(tmp_path / "a.h5ad")
    empty = sparse.csr_matrix((100_000, 100_000), dtype=np.float32)
    anndata.AnnData(X=empty).write_h5ad(tmp_path / "b.h5ad", compression="gzip")
    with pytest.raises(OSError, match=r"at most 100 times its size. Got 40,000,000,000 bytes"):
        read_h5ad(tmp_path / "b.h5ad")


@pytest.mark.parametrize("part", [0.2, 0.9])
def test_a_damaged_file_is_one_sentence(table, tmp_path, part):
    path = tmp_path / "damaged.h5ad"
    write_h5ad(table, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    with pytest.raises(OSError, match=r"damaged.h5ad' must be whole. Got an error") as caught:
        read_h5ad(path)
    assert "\n" not in str(caught.value)
