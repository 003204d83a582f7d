"""D-GEX's gene lists are read in full, and targets that are landmarks too are marked."""

import re

import numpy as np
import pytest

from sklearn_dgex.datasets import fetch_l1000_genes
from sklearn_dgex.datasets._l1000_genes import LANDMARKS, TARGETS, read_dgex_list


@pytest.fixture(scope="module")
def genes(tmp_path_factory):
    try:
        return fetch_l1000_genes(
            data_home=tmp_path_factory.mktemp("empty"), download_if_missing=False
        )
    except OSError:
        pytest.skip("the gene lists are not in the folder named by SKLEARN_DGEX_DATA")


def test_lists_are_complete(genes):
    assert genes.landmarks.shape == (943, 3)
    assert genes.targets.shape == (9520, 4)
    assert genes.landmarks.columns.tolist() == ["symbol", "ensembl", "probes"]
    assert genes.targets.columns.tolist() == ["symbol", "ensembl", "probes", "is_landmark"]
    assert genes.landmarks.iloc[0].tolist() == ["UBE2C", "ENSG00000175063", ("202954_at",)]
    assert genes.targets.iloc[0].tolist() == ["NXN", "ENSG00000167693", ("219489_s_at",), False]
    assert all(f"{n}" in genes.DESCR for n in ("943", "9,520", "3,755", "445"))


def test_names_are_unique_but_for_il9r(genes):
    for table in (genes.landmarks, genes.targets):
        assert table["ensembl"].is_unique
        assert (table["symbol"] != "").all()
    assert genes.landmarks["symbol"].is_unique
    twice = genes.targets["symbol"].duplicated(keep=False)
    assert genes.targets.loc[twice, "symbol"].tolist() == ["IL9R", "IL9R"]
    on_y = genes.targets["ensembl"].str.startswith("ENSGR")
    assert set(genes.targets.loc[on_y, "symbol"]) == {"IL9R", "CRLF2"}


def test_probes_are_split_and_stand_once(genes):
    assert (genes.landmarks["probes"].str.len() == 1).all()
    assert (genes.targets["probes"].str.len() > 1).sum() == 3755
    probes = [
        probe
        for table in (genes.landmarks, genes.targets)
        for several in table["probes"]
        for probe in several
    ]
    assert len(probes) == len(set(probes)) == 943 + 15744
    assert all(re.fullmatch(r"[\w/-]+_at", probe) for probe in probes)


def test_targets_that_are_landmarks_are_marked(genes):
    assert genes.targets["is_landmark"].dtype == np.bool_
    assert genes.targets["is_landmark"].sum() == 445
    by_ensembl = genes.targets["ensembl"].isin(genes.landmarks["ensembl"])
    assert genes.targets["is_landmark"].equals(by_ensembl.rename("is_landmark"))
    assert genes.targets.loc[2, ["symbol", "is_landmark"]].tolist() == ["RAP1GAP", True]


def test_a_gene_may_be_called_na(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("NA\tENSG1\t1_at\nNAN\tENSG2\t2_at,3_s_at\n")
    genes = read_dgex_list(path)
    assert genes["symbol"].tolist() == ["NA", "NAN"]
    assert genes["probes"].tolist() == [("1_at",), ("2_at", "3_s_at")]


def test_changed_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.delenv("SKLEARN_DGEX_DATA", raising=False)
    (tmp_path / "map_lm.txt").write_text("UBE2C\tENSG00000175063\t202954_at\n")
    with pytest.raises(OSError, match=f"map_lm.txt must lie in .*{LANDMARKS.sha256}"):
        fetch_l1000_genes(data_home=tmp_path, download_if_missing=False)


@pytest.mark.parametrize("file", [LANDMARKS, TARGETS], ids=lambda file: file.filename)
def test_origin_is_pinned_to_a_commit(file):
    assert re.search(r"githubusercontent\.com/uci-cbcl/D-GEX/[0-9a-f]{40}/\w+\.txt$", file.url)
