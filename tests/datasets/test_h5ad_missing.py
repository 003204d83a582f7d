"""Without anndata, h5ad is refused with the name of the extra."""

import sys

import pandas as pd
import pytest

from sklearn_dgex.datasets import read_h5ad, write_h5ad


def test_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "anndata", None)
    for act in (read_h5ad, lambda path: write_h5ad(pd.DataFrame([[1.0]]), path)):
        with pytest.raises(ImportError, match=r"pip install 'sklearn_dgex\[anndata\]'"):
            act(tmp_path / "a.h5ad")
