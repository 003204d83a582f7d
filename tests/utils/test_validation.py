import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklearn_dgex.utils.validation import (
    check_finite_profiles,
    check_genes,
    check_holds_numbers,
    check_numeric_columns,
)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_bad_values_are_counted_and_the_first_is_placed(seed, dtype):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(9, 7)).astype(dtype)
    bad = rng.permutation(values.size)[: rng.integers(1, 12)]
    values.flat[bad] = planted = rng.choice([np.nan, np.inf, -np.inf], size=len(bad))
    row, column = divmod(int(bad.min()), 7)
    n_nan = int(np.isnan(planted).sum())
    message = (
        f"Got {n_nan} NaN and {len(bad) - n_nan} infinite (inf) of 63 instead, "
        f"the first in sample {row}, "
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="landmark values must be finite") as error:
            check_finite_profiles(values, None, what="landmark")
        assert message + f"column {column};" in str(error.value)
        names = np.array([f"G{i}" for i in range(7)], dtype=object)
        with pytest.raises(ValueError, match="finite") as error:
            check_finite_profiles(values, names, what="landmark")
        assert message + f"gene 'G{column}';" in str(error.value)


def test_a_vector_is_one_gene():
    with pytest.raises(ValueError, match="first in sample 2, gene 'TP53'"):
        check_finite_profiles(np.array([1, 2, np.nan]), np.array(["TP53"], object), what="target")


@pytest.mark.parametrize("values", [np.full((2, 2), 1e308), np.zeros((0, 3)), np.ones((2, 2), int)])
def test_finite_values_pass_in_silence(values):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_finite_profiles(values, None, what="landmark")


def test_columns_that_hold_no_numbers_are_named():
    table = pd.DataFrame({"A": [1.0], "cell": ["HeLa"], "n": [1], "tissue": ["cervix"]})
    with pytest.raises(ValueError, match=r"Got 2 that are not \('cell', 'tissue'\)"):
        check_numeric_columns(table, what="landmark")
    check_numeric_columns(table[["A", "n"]], what="landmark")
    check_numeric_columns(pd.DataFrame({"A": np.array([1, 2.5], dtype=object)}), what="landmark")
    check_numeric_columns(np.ones((2, 2)), what="landmark")


@pytest.mark.parametrize("path", ["profiles.gctx", Path("profiles.gctx")])
def test_a_path_is_no_table(path):
    message = r"landmark values must be a table .* Got 'profiles.gctx' .* by .*read_expression\.$"
    with pytest.raises(ValueError, match=message):
        check_holds_numbers(path, what="landmark")


def test_a_tables_genes_are_returned_once_checked():
    table = pd.DataFrame([[1.0, 2.0]], columns=["A", "B"])
    assert check_genes(table, what="target").tolist() == ["A", "B"]
    assert check_genes(table.to_numpy(), what="target") is None
