"""Synthetic expression: the planted structure is there, seeded, and made within its own memory."""

import tracemalloc

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.linear_model import LinearRegression
from sklearn.metrics import adjusted_rand_score

from sklearn_dgex.datasets import make_expression
from sklearn_dgex.datasets._synthetic import BLOCK_ROWS


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 1, 5), (BLOCK_ROWS + 1, 3, 2)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shapes_and_dtype(shape, dtype):
    n_samples, n_landmarks, n_targets = shape
    X, y, modules = make_expression(*shape, dtype=dtype, random_state=0, return_modules=True)
    assert X.shape == (n_samples, n_landmarks)
    assert y.shape == (n_samples, n_targets)
    assert X.dtype == y.dtype == dtype
    assert modules.shape == (n_landmarks + n_targets,)
    assert np.isfinite(X).all()
    assert np.isfinite(y).all()


def test_first_rows_do_not_depend_on_n_samples():
    long = make_expression(3 * BLOCK_ROWS + 5, 7, 11, random_state=3)
    for n_samples in [1, BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1]:
        for short, whole in zip(
            make_expression(n_samples, 7, 11, random_state=3), long, strict=True
        ):
            np.testing.assert_array_equal(short, whole[:n_samples])


def test_rows_differ_between_blocks_and_seeds():
    X, _ = make_expression(2 * BLOCK_ROWS, 5, 5, random_state=0)
    assert len(np.unique(X, axis=0)) == 2 * BLOCK_ROWS
    other, _ = make_expression(2 * BLOCK_ROWS, 5, 5, random_state=1)
    assert not np.isin(other, X).any()


def test_global_generator_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    make_expression(10, 5, 5, random_state=0)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_float64_holds_the_float32_values():
    for narrow, wide in zip(
        make_expression(9, 4, 6, random_state=0),
        make_expression(9, 4, 6, random_state=0, dtype=np.float64),
        strict=True,
    ):
        np.testing.assert_array_equal(narrow, wide.astype(np.float32))


def test_genes_have_about_unit_variance():
    for saturation in [0.0, 1.5, 5.0]:
        X, y = make_expression(5000, 20, 40, saturation=saturation, random_state=0)
        np.testing.assert_allclose(X.std(axis=0), 1.0, atol=0.05)
        np.testing.assert_allclose(y.std(axis=0), 1.0, atol=0.2)


def test_modules_come_back_by_clustering_the_genes():
    X, y, modules = make_expression(
        400, 60, 140, n_modules=5, noise=0.1, random_state=0, return_modules=True
    )
    genes = np.hstack([X, y]).T
    genes = (genes - genes.mean(axis=1, keepdims=True)) / genes.std(axis=1, keepdims=True)
    found = KMeans(5, n_init=5, random_state=0).fit_predict(genes)
    assert adjusted_rand_score(modules, found) > 0.9


def test_every_module_has_a_landmark_where_possible():
    *_, modules = make_expression(2, 30, 5, n_modules=30, random_state=0, return_modules=True)
    assert sorted(modules[:30]) == list(range(30))


def test_without_noise_and_saturation_targets_are_linear():
    def residual(**levels):
        X, y = make_expression(300, 20, 15, n_modules=8, random_state=0, **levels)
        return np.abs(LinearRegression().fit(X, y).predict(X) - y).max()

    assert residual(noise=0.0, saturation=0.0) < 1e-4
    assert residual(noise=0.0, saturation=2.0) > 0.1


def test_noise_is_the_share_of_variance_not_shared():
    X, y = make_expression(5000, 100, 1, n_modules=1, noise=0.36, saturation=0.0, random_state=0)
    correlation = np.corrcoef(X, rowvar=False)[np.triu_indices(100, 1)]
    np.testing.assert_allclose(np.abs(correlation), 1 - 0.36, atol=0.05)
    X, y = make_expression(5000, 3, 3, noise=1.0, random_state=0)
    assert np.abs(np.corrcoef(X, y, rowvar=False) - np.eye(6)).max() < 0.06


def test_frames_are_named_and_equal_the_arrays():
    X, y = make_expression(3, 2, 4, random_state=0)
    X_frame, y_frame = make_expression(3, 2, 4, random_state=0, as_frame=True)
    assert X_frame.columns.tolist() == ["L0001", "L0002"]
    assert y_frame.columns.tolist() == ["T0001", "T0002", "T0003", "T0004"]
    assert X_frame.index.equals(y_frame.index)
    np.testing.assert_array_equal(X_frame, X)
    np.testing.assert_array_equal(y_frame, y)


@pytest.mark.parametrize("as_frame", [False, True])
def test_memory_is_that_of_the_result(as_frame):
    make_expression(2, 2, 2, as_frame=as_frame)  # imports are not the generator's memory
    tracemalloc.start()
    X, y = make_expression(8000, 100, 900, random_state=0, as_frame=as_frame)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.1 * 8000 * 1000 * 4
    assert X.shape[1] + y.shape[1] == 1000


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"n_samples": 0}, "n_samples must be an int of at least 1. Got 0"),
        ({"n_landmarks": 2.0}, "n_landmarks must be an int"),
        ({"n_targets": True}, "n_targets must be an int"),
        ({"n_modules": -1}, "n_modules must be an int"),
        ({"noise": 1.5}, r"noise must be in \[0, 1\]"),
        ({"saturation": -1.0}, "saturation must be finite"),
        ({"saturation": np.nan}, "saturation must be finite"),
        ({"dtype": np.float16}, "dtype must be float32 or float64"),
    ],
)
def test_bad_parameters_are_refused(bad, message):
    with pytest.raises(ValueError, match=message):
        make_expression(**{"n_samples": 2, "n_landmarks": 2, "n_targets": 2, **bad})
