"""Fits on files: read as they are learnt from, to the result that arrays in memory give."""

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest

from sklearn_dgex import DGEXRegressor, training
from sklearn_dgex._dgex import data
from sklearn_dgex.datasets import make_expression, open_expression, write_gctx
from sklearn_dgex.exceptions import GeneMismatchError
from sklearn_dgex.training import streams
from sklearn_dgex.utils import rows

SETTINGS = {"width": 30, "max_iter": 3, "random_state": 0, "shuffle_buffer": 80}


@pytest.fixture(autouse=True)
def all_files_are_large(monkeypatch):
    monkeypatch.setattr(data, "LOADED_BYTES", 0)
    monkeypatch.setattr(streams, "BLOCK_BYTES", 4 * 50 * 20)  # twenty samples: blocks of 16


@pytest.fixture(scope="module")
def profiles():
    X, y = make_expression(330, n_landmarks=20, n_targets=30, as_frame=True, random_state=0)
    return X.astype(np.float32), y.astype(np.float32)


def memory_map(folder, X, y):
    whole = np.hstack([X, y]).astype(np.float32)
    whole.tofile(folder / "map")
    table = np.memmap(folder / "map", np.float32, "r", shape=whole.shape)
    return table[:, : X.shape[1]], table[:, X.shape[1] :]


def hdf5(folder, X, y):
    file = pytest.importorskip("h5py").File(folder / "h5", "w")
    return file.create_dataset("X", data=X), file.create_dataset("y", data=y, chunks=(8, 6))


def zarr_arrays(folder, X, y):
    zarr = pytest.importorskip("zarr")
    made = []
    for name, table in (("X", X), ("y", y)):
        array = zarr.create_array(
            str(folder / name), shape=table.shape, chunks=(4, 10), dtype=np.float32
        )
        array[:] = table.to_numpy()
        made.append(array)
    return made


def dask_arrays(folder, X, y):
    dask_array = pytest.importorskip("dask.array")
    return [dask_array.from_array(table.to_numpy(), chunks=(16, 20)) for table in (X, y)]


def gctx(folder, X, y):
    pytest.importorskip("h5py")
    write_gctx(pd.concat([X, y], axis=1), folder / "all.gctx")
    source = open_expression(folder / "all.gctx")
    return source.select(X.columns), source.select(y.columns)


KINDS = {
    "memory map": memory_map,
    "HDF5": hdf5,
    "zarr": zarr_arrays,
    "dask": dask_arrays,
    "GCTX": gctx,
    "landmarks on disk": lambda folder, X, y: (memory_map(folder, X, y)[0], y),
    "targets on disk": lambda folder, X, y: (X, memory_map(folder, X, y)[1]),
}


def assert_equal_fits(first, second):
    for ours, theirs in zip(
        first.net_.module_.parameters(), second.net_.module_.parameters(), strict=True
    ):
        assert (ours == theirs).all()
    assert first.validation_scores_ == second.validation_scores_
    assert first.loss_curve_ == second.loss_curve_
    np.testing.assert_array_equal(first.per_gene_quality_, second.per_gene_quality_)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_gives_what_arrays_in_memory_give(kind, profiles, tmp_path):
    X, y = profiles
    on_disk = KINDS[kind](tmp_path, X, y)
    weight = np.random.default_rng(0).random(len(X))
    for settings in ({}, {"n_members": 3, "n_networks": 2, "mixup": 0.0, "solver": "sgd"}):
        model = DGEXRegressor(**SETTINGS).set_params(**settings)
        there = model.fit(*on_disk, sample_weight=weight)
        inferred = there.predict(on_disk[0])
        here = DGEXRegressor(**model.get_params()).fit(X, y, sample_weight=weight)
        assert_equal_fits(there, here)
        np.testing.assert_allclose(inferred, here.predict(X), rtol=1e-5, atol=1e-5)


def test_genes_of_a_file_keep_their_names_and_find_their_places(profiles, tmp_path):
    X, y = profiles
    X_there, y_there = gctx(tmp_path, X, y)
    model = DGEXRegressor(**SETTINGS).fit(X_there, y_there)
    assert list(model.feature_names_in_) == list(X.columns)
    assert list(model.target_names_in_) == list(model.per_gene_quality_.index) == list(y.columns)
    expected = model.predict(X)
    turned = pickle.loads(pickle.dumps(X_there)).select(X.columns[::-1])
    np.testing.assert_allclose(model.predict(turned), expected, rtol=1e-5, atol=1e-5)
    with pytest.raises(GeneMismatchError, match="missing from the table"):
        model.predict(X_there.select(X.columns[1:]))
    with pytest.raises(GeneMismatchError, match="Got 1 others"):
        X_there.select(["TP53"])
    again = model.set_params(warm_start=True)
    with pytest.raises(GeneMismatchError):
        again.fit(X_there, y_there.select(y.columns[1:]))
    again.fit(turned, y_there.select(y.columns[::-1]))
    assert list(again.target_names_in_) == list(y.columns)


def test_small_files_are_loaded(profiles, tmp_path, monkeypatch):
    X, y = profiles
    monkeypatch.setattr(data, "LOADED_BYTES", 4 * (X.size + y.size))
    monkeypatch.setattr(training, "ProfileStream", None)  # which would fail
    settings = SETTINGS | {"shuffle_buffer": "auto"}
    here = DGEXRegressor(**settings).fit(X.to_numpy(), y.to_numpy())
    for kind in ("memory map", "HDF5", "dask"):
        there = DGEXRegressor(**settings).fit(*KINDS[kind](tmp_path, X, y))
        assert_equal_fits(there, here)
    named = DGEXRegressor(**settings).fit(*gctx(tmp_path, X, y))
    assert list(named.feature_names_in_) == list(X.columns)


def test_a_stream_learns_as_well_as_memory(profiles, tmp_path):
    X, y = make_expression(2000, n_landmarks=20, n_targets=30, random_state=1)
    order = np.argsort(X[:, 0])  # neighbours alike, as in files sorted by tissue
    X, y = X[order].astype(np.float32), y[order].astype(np.float32)
    train, test = np.arange(2000) % 5 > 0, np.arange(2000) % 5 == 0
    settings = {"width": 60, "max_iter": 15, "n_members": 1, "random_state": 0}
    errors = []
    for shuffle_buffer in ("auto", 200):
        model = DGEXRegressor(**settings, shuffle_buffer=shuffle_buffer).fit(X[train], y[train])
        errors.append(np.abs(model.predict(X[test]) - y[test]).mean())
    assert errors[1] < 1.03 * errors[0]


def test_bad_values_in_a_file_are_named_by_their_place(profiles, tmp_path):
    X, y = profiles
    X_bad, y_bad = X.copy(), y.copy()
    X_bad.iloc[321, 2], y_bad.iloc[7, 29] = np.nan, np.inf
    model = DGEXRegressor(**SETTINGS).fit(X, y)
    before = dict(vars(model))
    with pytest.raises(ValueError, match="the first in sample 321, column 2"):
        model.fit(*memory_map(tmp_path, X_bad, y))
    with pytest.raises(ValueError, match=f"sample 7, gene {y.columns[29]!r}"):
        model.fit(*gctx(tmp_path, X, y_bad))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(memory_map(tmp_path, X, y)[0][1:], y)
    assert vars(model).items() == before.items()


def test_a_file_that_cannot_be_read_is_named_in_every_pass(profiles, tmp_path):
    h5py = pytest.importorskip("h5py")
    X, y = profiles
    file = h5py.File(tmp_path / "h5", "w")
    whole, damaged = (
        file.create_dataset(name, data=X, chunks=(33, 20), compression="gzip") for name in "ab"
    )
    damaged.id.write_direct_chunk((99, 0), b"no gzip")
    model = DGEXRegressor(**SETTINGS).fit(whole, y)
    place = r"samples 0 to 329 .* from the landmark table .*filter"
    with pytest.raises(OSError, match=place):
        model.predict(damaged)
    with pytest.raises(OSError, match=place.replace(" .* ", " of the training data .* ", 1)):
        model.fit(damaged, y)
    with pytest.raises(OSError, match="from the target table"):
        model.fit(X, damaged)
    file.close()
    for read in (lambda: model.fit(whole, y), lambda: model.predict(whole)):
        with pytest.raises(OSError, match="The landmark table can't be read"):
            read()
    with pytest.raises(OSError, match="The target table can't be read"):
        model.fit(X, whole)


def test_dask_arrays_of_unknown_length_are_refused(profiles, tmp_path):
    X, y = dask_arrays(tmp_path, *profiles)
    unknown = y[y[:, 0] > -np.inf]
    with pytest.raises(ValueError, match=r"target table .*compute_chunk_sizes\(\)"):
        DGEXRegressor(**SETTINGS).fit(X, unknown)
    DGEXRegressor(**SETTINGS).fit(X, unknown.compute_chunk_sizes())


@pytest.mark.parametrize("n_together", [None, 60_000])
def test_an_answer_is_held_once(n_together, profiles, tmp_path, monkeypatch):
    h5py = pytest.importorskip("h5py")
    X, y = (table.to_numpy() for table in profiles)
    model = DGEXRegressor(**SETTINGS).fit(X, y)
    many = np.tile(X, (200, 1))[:60_000]
    chunks = n_together and (n_together, X.shape[1])
    table = h5py.File(tmp_path / "h5", "w").create_dataset("X", data=many, chunks=chunks)
    expected = model.predict(many)
    monkeypatch.setattr(rows, "BLOCK_BYTES", 1 << 17)
    tracemalloc.start()
    try:
        inferred = model.predict(table)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    np.testing.assert_allclose(inferred, expected, rtol=1e-5, atol=1e-5)
    assert peak < 1.6 * inferred.nbytes


def test_partial_fit_takes_files(profiles, tmp_path):
    X, y = profiles
    on_disk = memory_map(tmp_path, X, y)
    there, here = DGEXRegressor(**SETTINGS), DGEXRegressor(**SETTINGS)
    for _ in range(2):
        there.partial_fit(*on_disk)
        here.partial_fit(X.to_numpy(), y.to_numpy())
    assert_equal_fits(there, here)


def test_one_target_and_batches_of_one(profiles):
    X, y = profiles
    model = DGEXRegressor(**SETTINGS, batch_size=1).set_params(max_iter=1, shuffle_buffer=3)
    model.fit(X[:40], y.iloc[:40, 0])
    assert model.predict(X).shape == (330,)
    assert np.isfinite(model.loss_curve_).all()
