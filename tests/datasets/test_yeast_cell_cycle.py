"""The two yeast sets hold the classes and values that the papers report on."""

import re

import numpy as np
import pandas as pd
import pytest

from sklearn_dgex.datasets import _yeast_cell_cycle, fetch_yeast_cell_cycle, load_spellman_yeast
from sklearn_dgex.datasets._yeast_cell_cycle import _read_genes


def fetch_from_mirror(n_genes, folder):
    try:
        return fetch_yeast_cell_cycle(n_genes, data_home=folder, download_if_missing=False)
    except OSError:
        pytest.skip("the yeast files are not in the folder named by SKLEARN_DGEX_DATA")


@pytest.fixture(scope="module")
def phases(tmp_path_factory):
    return fetch_from_mirror(384, tmp_path_factory.mktemp("empty"))


@pytest.fixture(scope="module")
def categories(tmp_path_factory):
    return fetch_from_mirror(237, tmp_path_factory.mktemp("empty"))


def classes_of(bunch, *genes):
    return {
        bunch.target_names[label]
        for gene, label in zip(bunch.gene_names, bunch.target, strict=True)
        if gene in genes
    }


@pytest.mark.parametrize(
    ("name", "n_genes", "sizes"),
    [("phases", 384, [67, 135, 75, 52, 55]), ("categories", 237, [49, 31, 18, 139])],
)
def test_parts_fit_together(name, n_genes, sizes, request):
    bunch = request.getfixturevalue(name)
    assert bunch.data.shape == (n_genes, 17)
    assert (bunch.data.dtypes == np.float64).all()
    assert np.isfinite(bunch.data.to_numpy()).all()
    assert bunch.data.index.tolist() == bunch.gene_names
    assert all(re.fullmatch(r"Y[A-P][LR]X?\d{2,3}[WC](-A)?", gene) for gene in bunch.gene_names)
    assert bunch.feature_names == [f"c{i}" for i in range(1, 18)]
    assert bunch.frame.columns.tolist() == [*bunch.feature_names, "target"]
    assert bunch.frame["target"].tolist() == bunch.target.tolist()
    assert np.bincount(bunch.target).tolist() == sizes
    assert len(bunch.target_names) == len(sizes)
    assert all(f"{n}" in bunch.DESCR for n in sizes)
    X, y = fetch_yeast_cell_cycle(n_genes, return_X_y=True, as_frame=False)
    np.testing.assert_array_equal(X, bunch.data)
    np.testing.assert_array_equal(y, bunch.target)


def test_first_and_last_rows_are_read_in_full(phases, categories):
    assert phases.data.loc["YDL179W", ["c1", "c2", "c17"]].tolist() == [-0.75808, -0.90319, 0.78823]
    assert phases.data.loc["YNL058C", ["c1", "c17"]].tolist() == [-1.23773, 1.13707]
    assert categories.data.loc["YAL040C", ["c1", "c17"]].tolist() == [6.98934, 6.94794]
    assert categories.gene_names[0] == "YAL040C"


def test_each_of_the_384_genes_is_standardised(phases):
    np.testing.assert_allclose(phases.data.mean(axis=1), 0, atol=5e-6)
    np.testing.assert_allclose(phases.data.std(axis=1, ddof=1), 1, atol=5e-6)
    assert len(set(phases.gene_names)) == 384


def test_the_237_rows_hold_copies_and_two_genes_twice(categories):
    frame = categories.frame.reset_index(names="gene")
    copies = frame[frame.duplicated()]
    assert len(copies) == 18
    assert (copies["target"] == 3).all()
    assert categories.frame.duplicated().sum() == 18
    twice = frame.drop_duplicates().groupby("gene")["target"].nunique()
    assert twice[twice > 1].index.tolist() == ["YCR028C", "YKL112W"]
    assert len(twice) == 217


def test_phases_have_their_names(phases):
    assert classes_of(phases, "YLR079W") == {"early G1"}  # SIC1
    assert classes_of(phases, "YPL256C", "YMR199W") == {"late G1"}  # the cyclins CLN2, CLN1
    assert classes_of(phases, "YBL003C", "YBL002W") == {"S"}  # the histones HTA2, HTB2
    assert classes_of(phases, "YGR108W", "YMR001C") == {"M"}  # CLB1, CDC5
    peak = phases.data.iloc[:, :10].to_numpy().argmax(axis=1)  # in the first cycle
    G2, M = np.median(peak[phases.target == 3]), np.median(peak[phases.target == 4])
    assert np.median(peak[phases.target == 2]) < G2 < M


def test_phases_agree_with_spellman(phases):
    spellman = load_spellman_yeast()
    other = pd.Series(spellman.target, index=spellman.gene_names)
    shared = [gene for gene in phases.gene_names if gene in other.index]
    table = pd.crosstab(pd.Series(phases.target, index=phases.gene_names)[shared], other[shared])
    assert table.idxmax(axis=1).tolist() == ["M/G1", "G1", "G1", "G2", "M"]


def test_categories_have_their_names(categories):
    known = {
        "DNA synthesis and replication": ("YBL023C", "YAR007C"),  # MCM2, RFA1
        "nitrogen and sulphur metabolism": ("YJR010W", "YKL001C"),  # MET3, MET14
        "organisation of centrosome": ("YKL042W", "YLR212C"),  # SPC42, TUB4
        "ribosomal proteins": ("YBR031W", "YNL302C", "YLR048W"),  # RPL4A, RPS19B, RPS0B
    }
    assert list(known) == categories.target_names
    assert all(classes_of(categories, *genes) == {name} for name, genes in known.items())


def test_traps_of_the_files_are_read_over(tmp_path):
    values = [f"{i / 10:.5f}" for i in range(17)]
    path = tmp_path / "planted.txt"
    shifted = ",Main,Gp," + ",".join(f"c{i}" for i in range(1, 18))
    rows = [",".join([gene, *values, ""]) for gene in ("YBR252w/,2", "YAL034W-a,1")]
    path.write_bytes("\n".join([shifted, *rows, ""]).encode())
    data, target, names = _read_genes(path, ",")
    np.testing.assert_array_equal(data, np.tile(np.array(values, dtype=float), (2, 1)))
    assert target.tolist() == [1, 0]
    assert names == ["YBR252W", "YAL034W-A"]
    row = "\t".join(["YAL040c", "1", *values])
    path.write_bytes(f"\tclass\tc1\r\r\n{row}\r\n".encode())
    data, target, names = _read_genes(path, "\t")
    assert (data.shape, target.tolist(), names) == ((1, 17), [0], ["YAL040C"])


@pytest.mark.parametrize("n_genes", [800, "384", None])
def test_other_numbers_of_genes_are_refused(n_genes):
    with pytest.raises(ValueError, match=r"n_genes must be 384 or 237\. Got .* instead"):
        fetch_yeast_cell_cycle(n_genes)


@pytest.mark.parametrize("n_genes", [384, 237])
def test_changed_file_is_refused(n_genes, tmp_path, monkeypatch):
    monkeypatch.delenv("SKLEARN_DGEX_DATA", raising=False)
    file = _yeast_cell_cycle._SETS[n_genes].file
    (tmp_path / file.filename).write_text("changed")
    with pytest.raises(OSError, match=f"{file.filename} must lie in .*{file.sha256}"):
        fetch_yeast_cell_cycle(n_genes, data_home=tmp_path, download_if_missing=False)


@pytest.mark.parametrize("n_genes", [384, 237])
def test_origin_is_pinned_to_a_commit(n_genes):
    file = _yeast_cell_cycle._SETS[n_genes].file
    pinned = r"https://raw\.githubusercontent\.com/[\w.-]+/[\w.-]+/[0-9a-f]{40}/\w+/" + re.escape(
        file.filename
    )
    assert re.fullmatch(pinned, file.url)
