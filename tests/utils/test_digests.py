"""Digests say whether data are the same, however they are cut and laid."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_dgex.utils import digests
from sklearn_dgex.utils.digests import digest_rows, row_blocks
from sklearn_dgex.utils.rows import Rows

X = np.random.default_rng(0).normal(size=(23, 5))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(cuts=st.lists(st.integers(0, 23), max_size=6))
def test_cuts_do_not_matter(cuts):
    assert digest_rows(np.split(X, sorted(cuts))) == digest_rows([X])


def test_neither_does_the_order_in_memory():
    wide = np.zeros((23, 10))
    wide[:, ::2] = X
    for same in (np.asfortranarray(X), wide[:, ::2], X.astype(">f8")):
        assert digest_rows([same]) == digest_rows([X])


def test_anything_else_does():
    changed = X.copy()
    changed[22, 4] = np.nextafter(changed[22, 4], 9)
    others = [changed, X[::-1], X[:22], X[:, :4], X.reshape(5, 23), X.astype("f4"), X.ravel()]
    assert len({digest_rows([other]) for other in [X, *others]}) == 8


def test_one_column_may_lack_its_axis():
    assert digest_rows([X[:, 0]]) == digest_rows([X[:, :1]])


def test_blocks_of_other_widths_are_refused():
    with pytest.raises(ValueError, match="one width and dtype"):
        digest_rows([X, X[:, :2]])


def test_blocks_cover_the_rows_once(monkeypatch):
    monkeypatch.setattr(digests, "BLOCK_BYTES", 3 * X[:1].nbytes)
    blocks = list(row_blocks(X))
    assert max(map(len, blocks)) == 3
    np.testing.assert_array_equal(np.concatenate(blocks), X)
    assert list(map(len, row_blocks(X[:0]))) == []


@pytest.mark.parametrize("n_together", [4, 23])
def test_rows_of_a_file_come_as_it_stores_them(n_together, monkeypatch):
    monkeypatch.setattr(digests, "BLOCK_BYTES", 3 * X[:1].nbytes)
    monkeypatch.setattr("sklearn_dgex.utils.rows.BLOCK_BYTES", 3 * X[:1].nbytes)

    class Table:
        shape, dtype, chunks = X.shape, X.dtype, (n_together, 5)

        def __getitem__(self, rows):
            return X[rows]

    rows = Rows(Table())
    assert len(next(row_blocks(rows))) == n_together
    assert digest_rows(row_blocks(rows)) == digest_rows([X])
