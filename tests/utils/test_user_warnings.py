"""Warnings name the line that the user wrote."""

import pytest

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.exceptions import ConstantGeneWarning


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_warning_points_at_the_users_line(method):
    X = [[0.0, 1.0], [0.0, 2.0], [0.0, 4.0]]
    with pytest.warns(ConstantGeneWarning) as caught:
        getattr(
            DGEXRegressor(n_towers=1, width=4, n_members=1, max_iter=1, random_state=0), method
        )(X, X)
    assert {warning.filename for warning in caught} == {__file__}
