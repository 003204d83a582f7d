"""What belongs to samples is put in their order, by name where there are names."""

import numpy as np
import pandas as pd
import pytest

from sklearn_dgex.utils.samples import in_sample_order


@pytest.mark.parametrize("names", [list("dacb"), [10, 7, 99, 3], [2, 0, 3, 1]])
@pytest.mark.parametrize("seed", range(3))
def test_names_in_any_order_are_matched(names, seed):
    samples = pd.Index(names)
    table = pd.Series(range(4), index=samples)
    shuffled = table.sample(frac=1.0, random_state=seed)
    pd.testing.assert_series_equal(in_sample_order(shuffled, samples, what="groups"), table)


@pytest.mark.parametrize("table", [np.arange(3), [1, 2, 3], pd.Series([1, 2, 3])])
def test_without_names_on_one_side_it_goes_by_position(table):
    assert in_sample_order(table, pd.Index(list("abc")), what="groups") is table
    assert in_sample_order(table, None, what="groups") is table


def test_numbers_beside_other_numbers_are_not_taken_by_position():
    """They may be what is left of a larger table, whose rows were drawn or dropped."""
    left = pd.Series([1, 2, 3], index=[4, 8, 9])
    with pytest.raises(ValueError, match=r"groups must .* 3 missing \('0', '1', '2'\) and 3 unkno"):
        in_sample_order(left, pd.RangeIndex(3), what="groups")


def test_names_that_stand_twice_are_named():
    twice = pd.Series([1, 2, 3], index=["a", "b", "a"])
    with pytest.raises(ValueError, match=r"name of its own to match groups by. Got 1 again \('a'"):
        in_sample_order(twice, pd.Index(["a", "b", "c"]), what="groups")
