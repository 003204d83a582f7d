"""Errors and correlations agree with scikit-learn and numpy, and match genes by name."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_absolute_error

from sklearn_dgex.exceptions import GeneMismatchError
from sklearn_dgex.metrics import mmae, per_gene_correlation, per_gene_mae, per_sample_mae
from sklearn_dgex.utils import pairs

ALL = [mmae, per_sample_mae, per_gene_mae, per_gene_correlation]


@pytest.fixture(params=[(1, 1), (1, 5), (6, 1), (2, 2), (37, 11)], ids=str)
def pair(request):
    rng = np.random.default_rng(0)
    return rng.normal(size=request.param), rng.normal(size=request.param)


@pytest.fixture(params=[1, 20, 2**21], ids=lambda n: f"block={n}")
def block_elements(request, monkeypatch):
    monkeypatch.setattr(pairs, "BLOCK_ELEMENTS", request.param)


@pytest.mark.usefixtures("block_elements")
def test_errors_equal_scikit_learn(pair):
    y_true, y_pred = pair
    np.testing.assert_allclose(mmae(y_true, y_pred), mean_absolute_error(y_true, y_pred))
    np.testing.assert_allclose(
        per_gene_mae(y_true, y_pred), mean_absolute_error(y_true, y_pred, multioutput="raw_values")
    )
    np.testing.assert_allclose(
        per_sample_mae(y_true, y_pred),
        mean_absolute_error(y_true.T, y_pred.T, multioutput="raw_values"),
    )


@pytest.mark.usefixtures("block_elements")
def test_weights_equal_scikit_learn_and_repeats(pair):
    y_true, y_pred = pair
    repeats = np.random.default_rng(1).integers(1, 4, len(y_true))
    twice = np.repeat(y_true, repeats, axis=0), np.repeat(y_pred, repeats, axis=0)
    for metric in [mmae, per_gene_mae]:
        weighted = metric(y_true, y_pred, sample_weight=repeats)
        np.testing.assert_allclose(weighted, metric(*twice))
        np.testing.assert_allclose(weighted, metric(y_true, y_pred, sample_weight=1e307 * repeats))
    np.testing.assert_allclose(
        mmae(y_true, y_pred, sample_weight=repeats),
        mean_absolute_error(y_true, y_pred, sample_weight=repeats),
    )


@pytest.mark.usefixtures("block_elements")
def test_correlation_equals_numpy():
    rng = np.random.default_rng(2)
    y_true = rng.normal(size=(41, 7))
    y_pred = y_true + rng.normal(size=(41, 7)) * np.arange(7)
    expected = [np.corrcoef(t, p)[0, 1] for t, p in zip(y_true.T, y_pred.T, strict=True)]
    np.testing.assert_allclose(per_gene_correlation(y_true, y_pred), expected, atol=1e-14)
    assert per_gene_correlation(y_true, y_pred)[0] == pytest.approx(1.0, abs=1e-15)


def test_planted_errors_come_back():
    shift = np.array([0.0, 0.25, 3.0])
    y_true = np.random.default_rng(3).normal(size=(20, 3))
    signs = np.where(np.arange(20) % 2, 1.0, -1.0)[:, None]
    y_pred = y_true + signs * shift
    np.testing.assert_allclose(per_gene_mae(y_true, y_pred), shift, atol=1e-14)
    np.testing.assert_allclose(per_sample_mae(y_true, y_pred), np.full(20, shift.mean()))


@pytest.mark.parametrize(("offset", "scale"), [(0.0, 1e-200), (1e8, 1.0), (-3.0, 1e150)])
def test_correlation_survives_offset_and_scale(offset, scale):
    rng = np.random.default_rng(4)
    y_true, y_pred = rng.normal(size=(2, 50, 3))
    np.testing.assert_allclose(
        per_gene_correlation(offset + scale * y_true, -y_pred),
        -per_gene_correlation(y_true, y_pred),
        atol=1e-7,
    )


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e300])
def test_constant_gene_has_correlation_zero(constant):
    y_true = np.random.default_rng(5).normal(size=(13, 2))
    y_pred = y_true.copy()
    y_pred[:, 0] = constant
    np.testing.assert_allclose(per_gene_correlation(y_true, y_pred), [0.0, 1.0])
    np.testing.assert_allclose(per_gene_correlation(y_pred, y_true), [0.0, 1.0])


def test_single_sample_has_correlation_zero():
    assert per_gene_correlation([[1.0, 2.0]], [[1.0, 2.0]]).tolist() == [0.0, 0.0]


def test_vector_is_one_gene():
    y_true, y_pred = np.random.default_rng(6).normal(size=(2, 9))
    for metric in ALL:
        np.testing.assert_array_equal(
            metric(y_true, y_pred), metric(y_true[:, None], y_pred[:, None])
        )


@pytest.mark.parametrize("metric", ALL)
def test_genes_are_matched_by_name(metric):
    rng = np.random.default_rng(7)
    genes = ["TP53", "MYC", "EGFR", "KRAS"]
    y_true, y_pred = (pd.DataFrame(rng.normal(size=(8, 4)), columns=genes) for _ in "ab")
    expected = metric(y_true.to_numpy(), y_pred.to_numpy())
    shuffled = y_pred[["KRAS", "TP53", "EGFR", "MYC"]]
    # pandas lays a frame out as it likes, and sums are rounded in the order in memory
    np.testing.assert_allclose(metric(y_true, shuffled), expected, rtol=1e-14)
    # without names on one side, position is all there is
    assert not np.array_equal(metric(y_true, shuffled.to_numpy()), expected)


@pytest.mark.parametrize("metric", [per_gene_mae, per_gene_correlation])
def test_result_is_named_by_gene_for_a_frame(metric):
    y_true = pd.DataFrame({"B": [1.0, 2.0], "A": [0.0, 5.0]})
    result = metric(y_true, np.zeros((2, 2)))
    assert isinstance(result, pd.Series)
    assert result.index.tolist() == ["B", "A"]
    assert isinstance(metric(y_true.to_numpy(), y_true), np.ndarray)


def test_different_genes_are_refused_with_their_names():
    y_true = pd.DataFrame(np.zeros((2, 2)), columns=["A", "B"])
    with pytest.raises(GeneMismatchError) as error:
        mmae(y_true, y_true.rename(columns={"B": "C"}))
    assert str(error.value).splitlines() == [
        "The y_pred genes must be the 2 of y_true.",
        "  - missing from the table (1): 'B'",
        "  + unknown to y_true (1): 'C'",
        "Their order does not matter; select or rename the columns to match.",
    ]
    with pytest.raises(GeneMismatchError, match=r"missing from the table \(1\): 'B'"):
        mmae(y_true, y_true[["A"]])
    repeated = pd.DataFrame(np.zeros((2, 3)), columns=["A", "B", "A"])
    assert mmae(repeated, repeated) == 0.0
    with pytest.raises(GeneMismatchError, match=r"y_pred gene must stand once.*1 .*\('A'\)"):
        mmae(repeated, repeated.iloc[:, [1, 0, 2]])
    with pytest.raises(GeneMismatchError, match=r"y_true gene must stand once.*1 .*\('A'\)"):
        mmae(repeated, y_true)


def test_columns_that_are_no_strings_are_matched_by_position():
    y_true = pd.DataFrame([[1.0, 2.0]], columns=[780, 7157])  # Entrez numbers
    assert mmae(y_true, pd.DataFrame([[1.0, 2.0]])) == 0.0
    assert per_gene_mae(y_true, [[1.0, 4.0]]).to_dict() == {780: 0.0, 7157: 2.0}


@pytest.mark.parametrize("metric", ALL)
@pytest.mark.parametrize(
    ("y_true", "y_pred", "message"),
    [
        (np.zeros((2, 3)), np.zeros((3, 2)), r"shape of y_true, \(2, 3\)\. Got \(3, 2\)"),
        (np.zeros(3), np.zeros(2), r"shape of y_true, \(3, 1\)"),
        (np.zeros((2, 2, 2)), np.zeros((2, 2, 2)), "n_samples, n_genes"),
        (np.zeros((0, 2)), np.zeros((0, 2)), "at least one sample"),
        (np.float64(1), np.float64(1), "n_samples, n_genes"),
        ([["a"]], [[1.0]], "y_true must hold numbers"),
        ([[1.0, np.nan]], [[1.0, 2.0]], "y_true must be finite. Got nan in row 0 of gene 1"),
        ([[1.0], [1.0]], [[1.0], [-np.inf]], "y_pred must be finite. Got -inf in row 1 of gene 0"),
    ],
)
def test_bad_matrices_are_refused(metric, y_true, y_pred, message):
    with pytest.raises(ValueError, match=message):
        metric(y_true, y_pred)


@pytest.mark.parametrize("metric", [mmae, per_gene_mae])
@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1.0], r"sample_weight.shape == \(1,\), expected \(2,\)"),
        ([1.0, -1.0], "Negative values in data passed to `sample_weight`"),
        ([0.0, 0.0], "weights must contain at least one non-zero number"),
        ([1, np.nan], "sample_weight contains NaN"),
        ([1, np.inf], "sample_weight contains infinity"),
    ],
)
def test_bad_weights_are_refused(metric, weight, message):
    with pytest.raises(ValueError, match=message):
        metric([[1.0], [2.0]], [[1.0], [2.0]], sample_weight=weight)


@pytest.mark.parametrize("metric", ALL)
def test_no_copy_of_the_matrices_is_held(metric, monkeypatch):
    monkeypatch.setattr(pairs, "BLOCK_ELEMENTS", 2**14)
    genes = [f"G{i}" for i in range(500)]
    y_true = pd.DataFrame(np.zeros((4000, 500), dtype=np.float32), columns=genes)
    y_pred = y_true[genes[::-1]]
    tracemalloc.start()
    metric(y_true, y_pred)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.2 * y_true.to_numpy().nbytes
