"""The embedded E. coli compendium is what its description says, and what was measured."""

import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GroupShuffleSplit

import sklearn_dgex.datasets
from sklearn_dgex.datasets import load_ecoli_precise
from sklearn_dgex.datasets._remote import sha256_of

DATA = Path(sklearn_dgex.datasets.__file__).parent / "data" / "ecoli_precise.npz"


@pytest.fixture(scope="module")
def bunch():
    return load_ecoli_precise()


def test_description_names_the_file_by_its_sha256(bunch):
    assert re.search(r":sha256: ``(\w{64})``", bunch.DESCR).group(1) == sha256_of(DATA)
    assert "Copyright (c) 2020 Systems Biology Research Group" in bunch.DESCR
    assert DATA.stat().st_size <= 4e6


def test_parts_fit_together(bunch):
    assert bunch.data.shape == (278, 400)
    assert bunch.target.shape == (278, 3523)
    assert bunch.data.columns.tolist() == bunch.feature_names
    assert bunch.target.columns.tolist() == bunch.target_names
    assert not set(bunch.feature_names) & set(bunch.target_names)
    assert bunch.frame.columns.tolist() == bunch.feature_names + bunch.target_names
    assert bunch.frame.index.tolist() == bunch.sample_names
    assert bunch.frame.index.is_unique
    assert bunch.frame.columns.is_unique
    assert len(bunch.groups) == 278
    assert (bunch.frame.dtypes == np.float32).all()
    assert len(np.unique(bunch.groups)) == 154


def test_symbols_name_every_locus(bunch):
    symbols = bunch.gene_symbols
    assert set(symbols) == set(bunch.feature_names + bunch.target_names)
    assert symbols["b0002"] == "thrA"
    assert symbols["b0344"] == "lacZ"
    assert len(symbols) - len(set(symbols.values())) == 24


def test_arrays_equal_frames(bunch):
    arrays = load_ecoli_precise(as_frame=False)
    assert arrays.frame is None
    assert isinstance(arrays.data, np.ndarray)
    np.testing.assert_array_equal(arrays.data, bunch.data)
    X, y = load_ecoli_precise(return_X_y=True)
    pd.testing.assert_frame_equal(X, bunch.data)
    pd.testing.assert_frame_equal(y, bunch.target)


def test_each_profile_adds_up_to_a_million_transcripts(bunch):
    transcripts = (2.0 ** bunch.frame.to_numpy(dtype=np.float64) - 1).sum(axis=1)
    np.testing.assert_allclose(transcripts, 1e6, rtol=1e-3)


def test_genes_of_one_operon_go_together(bunch):
    tryptophan = bunch.frame[["b1260", "b1261", "b1262", "b1263", "b1264"]].corr()  # trpABCDE
    assert tryptophan.to_numpy().min() > 0.7


def test_targets_can_be_inferred_for_unseen_conditions(bunch):
    train, test = next(
        GroupShuffleSplit(1, test_size=0.25, random_state=0).split(bunch.data, groups=bunch.groups)
    )
    X, y = bunch.data.to_numpy(), bunch.target.to_numpy()
    model = RidgeCV(alphas=[10.0, 100.0]).fit(X[train], y[train])
    error = np.abs(model.predict(X[test]) - y[test]).mean()
    assert error < 0.8 * np.abs(y[train].mean(axis=0) - y[test]).mean()


def test_equals_the_source_to_rounding(bunch):
    mirror = os.environ.get("SKLEARN_DGEX_DATA")
    found = sorted(Path(mirror).rglob("log_tpm.parquet")) if mirror else []
    if not found:
        pytest.skip("log_tpm.parquet is not in the folder named by SKLEARN_DGEX_DATA")
    pytest.importorskip("pyarrow")
    source = pd.read_parquet(found[0])
    assert set(source.columns) == set(bunch.frame.columns)
    error = np.abs(bunch.frame - source[bunch.frame.columns]).to_numpy()
    assert error.max() < 0.004
    assert error.mean() < 0.0002
