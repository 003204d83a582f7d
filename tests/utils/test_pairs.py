"""A pair of whole matrices: aligned by gene, in float64, and copies."""

import numpy as np
import pandas as pd
import pytest

from sklearn_dgex.exceptions import GeneMismatchError
from sklearn_dgex.utils import pairs
from sklearn_dgex.utils.pairs import ExpressionPair


@pytest.mark.parametrize("block", [1, 7, 2**21])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int32, bool])
def test_arrays_are_whole_and_float64_whatever_the_blocks(block, dtype, monkeypatch):
    monkeypatch.setattr(pairs, "BLOCK_ELEMENTS", block)
    rng = np.random.default_rng(0)
    y_true, y_pred = (3 * rng.normal(size=(2, 11, 3))).astype(dtype)
    for given, array in zip((y_true, y_pred), ExpressionPair(y_true, y_pred).arrays(), strict=True):
        assert array.dtype == np.float64
        np.testing.assert_array_equal(array, given)


@pytest.mark.parametrize("kind", ["array", "frame"])
def test_arrays_are_copies(kind):
    y = np.random.default_rng(0).normal(size=(5, 3))
    y = pd.DataFrame(y, columns=list("abc")) if kind == "frame" else y
    before = y.copy()
    for array in ExpressionPair(y, y).arrays():
        array[:] = np.nan
    np.testing.assert_array_equal(y, before)


@pytest.mark.parametrize("seed", range(5))
def test_arrays_have_the_genes_of_the_first_in_its_order(seed):
    rng = np.random.default_rng(seed)
    genes = [f"G{i}" for i in range(6)]
    y_true, y_pred = (pd.DataFrame(rng.normal(size=(4, 6)), columns=genes) for _ in "ab")
    true, pred = ExpressionPair(y_true, y_pred[rng.permutation(genes)]).arrays()
    np.testing.assert_array_equal(true, y_true)
    np.testing.assert_array_equal(pred, y_pred)
    by_position = y_pred[genes[::-1]].to_numpy()
    np.testing.assert_array_equal(ExpressionPair(y_true, by_position).arrays()[1], by_position)
    with pytest.raises(GeneMismatchError, match="y_pred genes must be the 6 of y_true"):
        ExpressionPair(y_true, y_pred.add_prefix("X"))


def test_a_vector_is_one_gene():
    true, pred = ExpressionPair([1.0, 2.0], [[3.0], [4.0]]).arrays()
    np.testing.assert_array_equal(true, [[1.0], [2.0]])
    np.testing.assert_array_equal(pred, [[3.0], [4.0]])


@pytest.mark.parametrize("block", [1, 2**21])
def test_what_is_not_finite_is_found_in_its_block(block, monkeypatch):
    monkeypatch.setattr(pairs, "BLOCK_ELEMENTS", block)
    y = np.zeros((6, 3))
    spoilt = y.copy()
    spoilt[4, 1] = np.nan
    with pytest.raises(ValueError, match=r"y_pred must be finite. Got nan in row 4 of gene 1"):
        ExpressionPair(y, spoilt).arrays()


def test_numbers_that_name_genes_are_names_too():
    """Entrez ids, say; columns that are merely counted are not."""
    y = pd.DataFrame(np.arange(12.0).reshape(4, 3), columns=[7157, 1956, 4609])
    true, pred = ExpressionPair(y, y[[4609, 7157, 1956]]).arrays()
    np.testing.assert_array_equal(true, pred)
    with pytest.raises(GeneMismatchError):
        ExpressionPair(y, y.rename(columns={7157: 672}))
    np.testing.assert_array_equal(ExpressionPair(y, pd.DataFrame(y.to_numpy())).arrays()[1], y)
