"""Input that is odd but fine is taken without a murmur."""

import warnings

import numpy as np
import pytest

from sklearn_dgex.baselines import LincsRegression
from sklearn_dgex.exceptions import ConstantGeneWarning, SampleOrderWarning


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_one_target_keeps_its_shape(quick, arrays):
    X, y = arrays
    flat = quick().fit(X, y[:, 0])
    column = quick().fit(X, y[:, :1])
    assert flat.predict(X).shape == (60,)
    assert column.predict(X).shape == (60, 1)
    assert flat.infer(X).shape == (60, 1)
    np.testing.assert_array_equal(flat.predict(X), column.predict(X).ravel())
    assert flat.n_outputs_ == 1


def test_one_landmark(quick, arrays):
    X, y = arrays
    assert quick().fit(X[:, :1], y).predict(X[:, :1]).shape == y.shape


def same_as(model, reference, X):
    np.testing.assert_allclose(model.predict(X), reference.predict(X), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint16, bool, object, np.float16])
def test_other_number_types_equal_the_same_floats(quick, arrays, dtype):
    X, y = (np.round(4 * table + 20).astype(dtype) for table in arrays)
    if dtype is bool:
        X, y = (table > np.median(table, axis=0) for table in arrays)
    model = quick().fit(X, y)
    same_as(model, quick().fit(X.astype(np.float64), y.astype(np.float64)), X.astype(np.float64))
    assert model.predict(X).dtype in (np.float32, np.float64)


def test_read_only_memory_maps(quick, arrays, tmp_path):
    maps = []
    for name, table in zip("Xy", arrays, strict=True):
        np.asarray(table).tofile(tmp_path / name)
        maps.append(np.memmap(tmp_path / name, dtype=table.dtype, mode="r", shape=table.shape))
    model = quick().fit(*maps)
    np.testing.assert_array_equal(model.predict(maps[0]), quick().fit(*arrays).predict(arrays[0]))
    np.testing.assert_array_equal(maps[0], arrays[0])
    weights = np.ones(60)
    weights.flags.writeable = False
    quick().fit(*maps, sample_weight=weights)


def test_fortran_order_and_views(quick, arrays):
    X, y = arrays
    reference = quick().fit(X, y)
    same_as(quick().fit(np.asfortranarray(X), np.asfortranarray(y)), reference, X)
    same_as(quick().fit(np.repeat(X, 2, axis=0)[::2], y[:, ::-1][:, ::-1]), reference, X)
    np.testing.assert_allclose(
        reference.predict(np.asfortranarray(X)), reference.predict(X), rtol=1e-6
    )


@pytest.mark.parametrize("n_samples", [2, 3, 5, 9, 10, 11, 33])
def test_fewer_samples_than_a_batch(quick, arrays, n_samples):
    X, y = (table[:n_samples] for table in arrays)
    model = quick(batch_size=32).fit(X, y)
    assert np.isfinite(model.predict(X)).all()
    assert (model.validation_scores_ is None) == (n_samples < 10)
    assert model.per_gene_quality_["mae"].isna().all() == (n_samples < 10)


def test_one_sample_is_what_is_inferred(quick, arrays):
    X, y = (table[:1] for table in arrays)
    with pytest.warns(ConstantGeneWarning):
        model = quick().fit(X, y)
    np.testing.assert_allclose(model.predict(arrays[0]), np.repeat(y, 60, axis=0), rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("target_scaling", ["standard", "minmax"])
def test_constant_genes(quick, frames, dtype, weighted, target_scaling):
    X, y = (table.astype(dtype) for table in frames)
    value = dtype(7.1)
    X["L0003"], y["T0002"] = value, value
    weight = np.linspace(0, 1, 60) if weighted else None
    with pytest.warns(ConstantGeneWarning) as caught:
        model = quick(target_scaling=target_scaling).fit(X, y, sample_weight=weight)
    messages = [str(warning.message) for warning in caught]
    assert any("1 of 8 landmark genes" in m and "'L0003'" in m and "ignored" in m for m in messages)
    assert any("1 of 5 target genes" in m and "'T0002'" in m for m in messages)
    assert len(messages) == 2
    inferred = model.infer(X)
    assert (inferred["T0002"] == value).all()
    np.testing.assert_array_equal(inferred, model.infer(X.assign(L0003=dtype(-50))))
    assert np.isfinite(model.per_gene_quality_).all(axis=None)
    assert model.per_gene_quality_.loc["T0002", "mae"] == 0
    assert caught[0].filename == __file__, "the warning points into the package"


@pytest.mark.parametrize("weighted", [False, True])
def test_constant_targets_without_scaling_are_named_too(quick, frames, weighted):
    X, y = (table.copy() for table in frames)
    y["T0002"] = 7.1
    y.iloc[0, 1] = 5.0 if weighted else 7.1  # what has no weight is not seen
    weight = np.linspace(0, 1, 60) if weighted else None
    with pytest.warns(ConstantGeneWarning) as caught:
        quick(target_scaling="none").fit(X, y, sample_weight=weight)
    (message,) = [str(warning.message) for warning in caught]
    assert "1 of 5 target genes do not vary" in message
    assert "'T0002'" in message
    assert "one value" not in message, "without a scale of its own it is inferred like the others"


def test_frame_of_integers_and_floats(quick, frames):
    X, y = (table.copy() for table in frames)
    X["L0001"] = (10 * X["L0001"]).round().astype(int)
    X["L0002"] = X["L0002"].astype(np.float64)
    y["T0001"] = (10 * y["T0001"]).round().astype(int)
    X["L0004"] = X["L0004"] > 0
    model = quick().fit(X, y)
    same = quick().fit(X.astype(np.float64), y.astype(np.float64))
    same_as(model, same, X)


def test_pandas_extension_types(quick, frames):
    X, y = (table.convert_dtypes() for table in frames)
    same_as(quick().fit(X, y), quick().fit(*frames), frames[0])


def test_polars_frames(quick, frames):
    polars = pytest.importorskip("polars", reason="polars is not installed")
    X, y = (polars.DataFrame({c: t[c].to_numpy() for c in t}) for t in frames)
    model = quick().fit(X, y)
    assert list(model.feature_names_in_) == list(frames[0])
    assert list(model.target_names_in_) == list(frames[1])
    shuffled = X.select(X.columns[::-1])
    np.testing.assert_array_equal(model.predict(shuffled), model.predict(frames[0]))
    assert list(model.infer(X)) == list(frames[1])


def test_predictions_in_the_precision_of_the_input(quick, arrays):
    X, y = arrays
    model = quick().fit(X, y)
    single, double = model.predict(X.astype(np.float32)), model.predict(X.astype(np.float64))
    assert (single.dtype, double.dtype) == (np.float32, np.float64)
    np.testing.assert_allclose(single, double, rtol=1e-4, atol=1e-5)
    rows = np.vstack([model.predict(X[[i]].astype(np.float64)) for i in range(10)])
    np.testing.assert_allclose(rows, double[:10], rtol=1e-12)


@pytest.mark.parametrize("estimator", ["network", "linear"])
def test_other_orders_of_the_same_samples_are_told_of(estimator, quick, frames):
    X, y = frames
    X = X.set_axis([f"s{i}" for i in range(len(X))])
    y = y.set_axis(X.index)
    model = quick() if estimator == "network" else LincsRegression()
    with warnings.catch_warnings():
        warnings.simplefilter("error", SampleOrderWarning)
        expected = model.fit(X, y).predict(X)
        model.fit(X, y[::-1].reset_index(drop=True))  # an index that only counts
        model.fit(X.to_numpy(), y[::-1])
        model.fit(X, y[::-1].add_suffix("b", axis=0))  # other names
    with pytest.warns(SampleOrderWarning, match=r"pass y\.loc\[X\.index\]") as caught:
        model.fit(X, y[::-1])
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(model.fit(X, y[::-1].loc[X.index]).predict(X), expected)
