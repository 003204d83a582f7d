"""Annotated data: whole or landmark profiles in, inferred genes beside them, scanpy's way."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.linear_model import Ridge

from sklearn_dgex.exceptions import FilledLandmarksWarning, GeneMismatchError, UnknownGenesWarning

anndata = pytest.importorskip("anndata", reason="annotated data need the extra anndata")


def annotated(table, convert=np.asarray):
    return anndata.AnnData(
        convert(table.to_numpy()),
        obs=pd.DataFrame(index=table.index.astype(str)),
        var=pd.DataFrame(index=table.columns.astype(str)),
    )


@pytest.fixture
def adata(new, landmarks):
    return annotated(new[landmarks[::-1]])


CONVERT = [np.asarray, sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array]


@pytest.mark.parametrize("convert", CONVERT)
def test_inferred_genes_stand_beside_the_measured(fitted, new, targets, convert, landmarks):
    adata = annotated(new[landmarks], convert)
    before = adata.copy()
    assert fitted.transform_anndata(adata) is None
    inferred = adata.obsm["inferred"]
    pd.testing.assert_frame_equal(inferred, fitted.infer(new))
    np.testing.assert_allclose(inferred, new[targets])
    assert inferred.index.equals(adata.obs_names)
    assert adata.uns["inferred"]["landmarks"].tolist() == landmarks
    assert adata.uns["inferred"]["params"] == {
        "missing_landmarks": "error",
        "regressor": "LincsRegression",
    }
    assert list(adata.obs) == []
    assert type(adata.X) is type(before.X)
    assert (adata.X != before.X).sum() == 0


@pytest.mark.parametrize("convert", CONVERT)
def test_fit_on_annotated_data(imputer, fitted, whole, convert):
    model = imputer().fit_anndata(annotated(whole[:40], convert))
    assert model.feature_names_in_.tolist() == list(whole)
    pd.testing.assert_frame_equal(model.infer(whole), fitted.infer(whole))


def test_weights_reach_the_regressor(imputer, whole):
    model = imputer(regressor=Ridge())
    by_frame = model.fit(whole, sample_weight=np.arange(60)).infer(whole)
    by_adata = model.fit_anndata(annotated(whole), sample_weight=np.arange(60)).infer(whole)
    pd.testing.assert_frame_equal(by_adata, by_frame)


def test_copy_leaves_the_input_alone(fitted, adata):
    changed = fitted.transform_anndata(adata, copy=True, key_added="dgex")
    assert set(changed.obsm) == set(changed.uns) == {"dgex"}
    assert not len(adata.obsm)
    assert not len(adata.uns)


def test_layer(imputer, fitted, adata, whole, new):
    adata.layers["log"] = sparse.csr_matrix(adata.X)
    adata.X = np.full(adata.shape, np.nan)
    fitted.transform_anndata(adata, layer="log")
    pd.testing.assert_frame_equal(adata.obsm["inferred"], fitted.infer(new))
    assert adata.uns["inferred"]["params"]["layer"] == "log"
    training = annotated(whole[:40])
    training.layers["log"], training.X = training.X.copy(), None
    model = imputer().fit_anndata(training, layer="log")
    pd.testing.assert_frame_equal(model.infer(whole), fitted.infer(whole))
    with pytest.raises(ValueError, match="has no X to read"):
        fitted.transform_anndata(training)


@pytest.mark.parametrize("dtype", [object, "category"])
def test_gene_symbols(imputer, fitted, adata, new, whole, dtype):
    adata.var["symbol"] = adata.var_names.astype(object)
    adata.var_names = [f"ENSG{i}" for i in range(adata.n_vars)]
    adata.var["symbol"] = adata.var["symbol"].astype(dtype)
    fitted.transform_anndata(adata, gene_symbols="symbol")
    pd.testing.assert_frame_equal(adata.obsm["inferred"], fitted.infer(new))
    assert adata.uns["inferred"]["params"]["gene_symbols"] == "symbol"
    training = annotated(whole.rename(columns=str.lower))
    names = ["t0005" if name == "T0005" else name for name in whole]
    for mark in (None, "---"):  # the gene keeps its name
        symbols = [mark if name == "T0005" else name for name in whole]
        training.var["symbol"] = pd.Series(symbols, training.var_names, dtype=dtype)
        model = imputer().fit_anndata(training, gene_symbols="symbol")
        assert model.feature_names_in_.tolist() == names


def test_symbols_that_are_no_strings_are_refused(imputer, whole):
    adata = annotated(whole)
    adata.var["entrez"] = range(100, 120)
    with pytest.raises(ValueError, match="names of a frame of genes must be strings"):
        imputer(landmarks=[0, 1]).fit_anndata(adata, gene_symbols="entrez")


def test_one_warning_of_unknown_genes(fitted, new, landmarks):
    table = new[landmarks].assign(ACTB=1.0, GAPDH=2.0)
    adata = annotated(table)
    with pytest.warns(UnknownGenesWarning, match="2 of 10 columns.*'ACTB', 'GAPDH'") as caught:
        fitted.transform_anndata(adata)
    assert len(caught) == 1
    pd.testing.assert_frame_equal(adata.obsm["inferred"], fitted.infer(new))


def test_fills_are_counted_in_obs(imputer, whole, new, landmarks):
    model = imputer(missing_landmarks="mean").fit(whole[:40])
    new.loc[new.index[3], "L0001"] = np.nan
    adata = annotated(new[landmarks[:-1]])
    with pytest.warns(FilledLandmarksWarning):
        model.transform_anndata(adata)
    assert adata.obs["inferred_n_filled"].tolist() == [2 if i == 3 else 1 for i in range(20)]
    model.set_params(missing_landmarks="error")
    adata = annotated(new.fillna(0.0))
    adata.obs["inferred_n_filled"] = 9  # of an earlier call
    model.transform_anndata(adata)
    assert "inferred_n_filled" not in adata.obs


def test_errors_change_nothing(fitted, adata, imputer, whole):
    fewer = adata[:, 1:].copy()
    with pytest.raises(GeneMismatchError, match="Got 1 missing"):
        fitted.transform_anndata(fewer)
    for wrong in ({"layer": "counts"}, {"gene_symbols": "symbol"}):
        (name,) = wrong
        with pytest.raises(ValueError, match=f"'{name}' parameter must be one of adata"):
            fitted.transform_anndata(fewer, **wrong)
        with pytest.raises(ValueError, match=f"'{name}' parameter must be one of adata"):
            fitted.fit_anndata(fewer, **wrong)
    nameless = imputer(landmarks=[0, 1]).fit(whole.to_numpy())
    with pytest.raises(ValueError, match="so the model must know names"):
        nameless.transform_anndata(fewer)
    assert not len(fewer.obsm)
    assert not len(fewer.uns)


def test_views_and_files(fitted, new, landmarks, targets, tmp_path):
    path = tmp_path / "new.h5ad"
    adata = annotated(new[landmarks].astype(np.float32), sparse.csr_matrix)
    view = adata[5:15]
    with pytest.warns(UserWarning, match="view"):
        fitted.transform_anndata(view)
    assert not len(adata.obsm)
    view.write_h5ad(path)
    again = anndata.read_h5ad(path)
    np.testing.assert_array_equal(again.obsm["inferred"], view.obsm["inferred"])
    assert list(again.obsm["inferred"]) == targets
    assert again.obsm["inferred"]["T0001"].dtype == np.float32
    assert again.uns["inferred"]["landmarks"].tolist() == landmarks
    assert again.uns["inferred"]["params"]["regressor"] == "LincsRegression"


@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_matrix])
def test_data_left_on_disk_is_read_in_blocks(
    fitted, new, landmarks, tmp_path, convert, monkeypatch
):
    monkeypatch.setattr("sklearn_dgex._imputer.annotated.BLOCK_ROWS", 7)
    annotated(new[landmarks[::-1]], convert).write_h5ad(tmp_path / "new.h5ad")
    backed = anndata.read_h5ad(tmp_path / "new.h5ad", backed="r")
    fitted.transform_anndata(backed)
    pd.testing.assert_frame_equal(
        backed.obsm["inferred"], fitted.infer(new), check_index_type=False
    )
