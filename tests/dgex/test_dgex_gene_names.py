"""Gene and sample names are never lost, and never silently mixed up."""

import numpy as np
import pytest

from sklearn_dgex.exceptions import GeneMismatchError


@pytest.fixture
def fitted(quick, frames):
    return quick().fit(*frames)


def test_reordered_genes_infer_the_same(fitted, frames):
    X, _ = frames
    shuffled = X[list(np.random.default_rng(0).permutation(X.columns))]
    assert list(shuffled) != list(X)
    np.testing.assert_array_equal(fitted.predict(shuffled), fitted.predict(X))
    assert not np.allclose(fitted.predict(X), _without_names(fitted, shuffled))


def _without_names(model, frame):
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        return model.predict(frame.to_numpy())


def test_infer_gives_names_of_samples_and_genes(fitted, frames):
    X, y = frames
    table = fitted.infer(X.iloc[5:9])
    assert list(table.index) == list(X.index[5:9])
    assert list(table.columns) == list(y.columns)
    np.testing.assert_array_equal(table, fitted.predict(X.iloc[5:9]))


def test_names_are_kept(fitted, frames):
    X, y = frames
    assert list(fitted.feature_names_in_) == list(X)
    assert list(fitted.target_names_in_) == list(y)
    assert list(fitted.per_gene_quality_.index) == list(y)
    assert fitted.per_gene_quality_.index.name == "gene"


def test_a_series_has_a_name_too(quick, frames):
    X, y = frames
    model = quick().fit(X, y["T0003"])
    assert list(model.target_names_in_) == ["T0003"]
    assert list(model.infer(X)) == ["T0003"]
    assert model.predict(X).ndim == 1


def test_a_fit_on_arrays_forgets_the_names(fitted, arrays):
    fitted.fit(*arrays)
    assert not hasattr(fitted, "feature_names_in_")
    assert not hasattr(fitted, "target_names_in_")
    assert list(fitted.infer(arrays[0])) == list(range(5))
    assert fitted.infer(arrays[0].tolist()).shape == (60, 5)


def test_a_series_of_another_gene_is_a_mismatch(quick, frames):
    X, y = frames
    model = quick(warm_start=True).fit(X, y["T0001"]).fit(X, y["T0001"])
    assert model.predict(X).shape == (60,)
    with pytest.raises(GeneMismatchError, match="'T0001'"):
        model.partial_fit(X, y["T0002"])


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_targets_in_another_order_are_aligned(quick, frames, method):
    X, y = frames
    models = [quick(warm_start=True).fit(X, y) for _ in range(2)]
    getattr(models[0], method)(X, y)
    getattr(models[1], method)(X[list(X)[::-1]], y[list(y)[::-1]])
    assert list(models[1].target_names_in_) == list(y)
    np.testing.assert_array_equal(models[0].predict(X), models[1].predict(X))


def test_score_is_that_of_the_aligned_genes(fitted, frames):
    X, y = frames
    assert fitted.score(X[list(X)[::-1]], y) == fitted.score(X, y)


def test_mismatch_is_a_value_error(fitted, frames):
    with pytest.raises(ValueError, match="missing from the table") as caught:
        fitted.infer(frames[0].iloc[:, :3])
    assert isinstance(caught.value, GeneMismatchError)


def test_long_lists_of_names_are_cut(fitted, frames):
    X, _ = frames
    with pytest.raises(GeneMismatchError) as caught:
        fitted.predict(X.rename(columns=lambda name: f"other {name}"))
    assert "missing from the table (8): 'L0001'" in str(caught.value)
    assert "'L0005', …" in str(caught.value)
    assert "'L0006'" not in str(caught.value)
