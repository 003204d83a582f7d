"""The embedded yeast genes are what their description says, and equal to the source."""

import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import KNNImputer
from sklearn.neighbors import KNeighborsClassifier

import sklearn_dgex.datasets
from sklearn_dgex.datasets import load_spellman_yeast
from sklearn_dgex.datasets._remote import sha256_of

DATA = Path(sklearn_dgex.datasets.__file__).parent / "data" / "spellman_yeast.npz"
SERIES = {"cln": 2, "clb": 2, "alpha": 18, "cdc15": 24, "cdc28": 17, "elu": 14}


@pytest.fixture(scope="module")
def bunch():
    return load_spellman_yeast()


def test_description_names_the_file_by_its_sha256(bunch):
    assert re.search(r"^:sha256: ``(\w{64})``", bunch.DESCR, re.MULTILINE)[1] == sha256_of(DATA)
    assert DATA.stat().st_size < 150e3


def test_licence_is_named_and_lies_beside_the_file(bunch):
    assert "Copyright: 2012-2019 Ron Wehrens and Johannes Kruisselbrink" in bunch.DESCR
    text = DATA.with_suffix(".COPYING").read_text(encoding="utf-8")
    assert text.split()[:6] == ["GNU", "GENERAL", "PUBLIC", "LICENSE", "Version", "2,"]
    assert "END OF TERMS AND CONDITIONS" in text


def test_parts_fit_together(bunch):
    assert bunch.data.shape == (800, 77)
    assert (bunch.data.dtypes == np.float64).all()
    assert bunch.data.index.tolist() == bunch.gene_names == sorted(set(bunch.gene_names))
    assert bunch.data.columns.tolist() == bunch.feature_names
    assert bunch.feature_names == [
        f"{name}_{i + 1}" for name, n in SERIES.items() for i in range(n)
    ]
    assert bunch.frame.columns.tolist() == [*bunch.feature_names, "target"]
    assert bunch.frame["target"].tolist() == bunch.target.tolist()
    assert bunch.target_names == ["G1", "S", "G2", "M", "M/G1"]
    assert isinstance(bunch.target, np.ndarray)
    phases, counts = np.unique(bunch.target, return_counts=True)
    assert dict(zip(phases.tolist(), counts.tolist(), strict=True)) == {
        "G1": 300,
        "S": 71,
        "G2": 120,
        "M": 196,
        "M/G1": 113,
    }


def test_values_and_gaps_are_those_published(bunch):
    first = bunch.data.loc["YAL022C"]
    assert first.iloc[:6].tolist() == [-0.22, -0.86, -0.25, 0.89, -0.36, -0.42]
    assert first.index[first.isna()].tolist() == ["cdc28_15"]
    assert bunch.target[0] == "M"
    assert bunch.data.isna().sum().sum() == 2643
    assert bunch.data.isna().any(axis=1).sum() == 728
    assert bunch.data.notna().any(axis=1).all()
    assert (bunch.data.min().min(), bunch.data.max().max()) == (-4.63, 4.44)


def test_known_genes_peak_in_their_phase(bunch):
    phase = dict(zip(bunch.gene_names, bunch.target.tolist(), strict=True))
    known = {"YPL256C": "G1", "YBL003C": "S", "YGR108W": "M", "YLR079W": "M/G1"}
    assert {gene: phase[gene] for gene in known} == known  # CLN2, HTA2, CLB1, SIC1


def test_arrays_equal_frames(bunch):
    arrays = load_spellman_yeast(as_frame=False)
    assert arrays.frame is None
    assert isinstance(arrays.data, np.ndarray)
    np.testing.assert_array_equal(arrays.data, bunch.data)
    X, y = load_spellman_yeast(return_X_y=True)
    pd.testing.assert_frame_equal(X, bunch.data)
    np.testing.assert_array_equal(y, bunch.target)


def test_neighbours_share_their_phase(bunch):
    X = KNNImputer().fit_transform(bunch.data)
    X = (X - X.mean(axis=1, keepdims=True)) / X.std(axis=1, keepdims=True)
    train = np.arange(len(X)) % 2 == 0
    model = KNeighborsClassifier(15).fit(X[train], bunch.target[train])
    assert model.score(X[~train], bunch.target[~train]) > 0.7  # the largest class: 0.375


def test_equals_the_source(bunch):
    mirror = os.environ.get("SKLEARN_DGEX_DATA")
    found = sorted(Path(mirror).rglob("spellman800.csv")) if mirror else []
    if not found:
        pytest.skip("spellman800.csv is not in the folder named by SKLEARN_DGEX_DATA")
    assert f"``{sha256_of(found[0])}``" in bunch.DESCR
    source = pd.read_csv(found[0], index_col=0)
    assert source["class"].tolist() == bunch.target.tolist()
    pd.testing.assert_frame_equal(
        bunch.data, source.drop(columns="class"), check_exact=True, check_names=False
    )
