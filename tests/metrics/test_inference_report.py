"""Scores in parts: with and without the targets that share a landmark's gene."""

import numpy as np
import pandas as pd
import pytest

from sklearn_dgex.exceptions import GeneMismatchError
from sklearn_dgex.metrics import (
    inference_report,
    mmae,
    per_gene_correlation,
    shares_landmark,
)

PROBES = {"1_at": "TP53", "2_at": "TP53", "3_at": "MYC", "4_at": "EGFR", "5_at": "MYC"}


@pytest.fixture
def pair():
    """Targets whose error grows from gene to gene."""
    rng = np.random.default_rng(0)
    genes = [f"G{i}" for i in range(10)]
    y_true = pd.DataFrame(rng.normal(size=(30, 10)), columns=genes)
    return y_true, y_true + rng.normal(size=(30, 10)) * np.linspace(0.1, 3, 10)


# ------------------------------------------------------------------ shared genes


def test_names_are_shared_by_probe_map():
    targets, landmarks = ["2_at", "3_at", "4_at", "TP53", "9_at"], ["1_at", "5_at", "8_at"]
    assert shares_landmark(targets, landmarks, gene_of=PROBES).tolist() == [1, 1, 0, 1, 0]
    assert shares_landmark(targets, landmarks).tolist() == [False] * 5
    assert shares_landmark(["8_at", "9_at"], landmarks).tolist() == [True, False]
    mapped = shares_landmark(targets, landmarks, gene_of=pd.Series(PROBES))
    assert mapped.tolist() == [1, 1, 0, 1, 0]


def test_frames_stand_for_their_columns():
    targets = pd.DataFrame(np.zeros((1, 2)), columns=["2_at", "4_at"])
    landmarks = pd.DataFrame(np.zeros((3, 2)), columns=["1_at", "3_at"])
    shared = shares_landmark(targets, landmarks, gene_of=PROBES)
    assert shared.dtype == bool
    assert shared.tolist() == [True, False]
    assert shares_landmark([], landmarks).tolist() == []
    assert shares_landmark(targets, []).tolist() == [False, False]


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NA])
@pytest.mark.parametrize("kind", [dict, lambda genes: pd.Series(genes, dtype=object)])
def test_two_probes_without_a_gene_share_none(nothing, kind):
    gene_of = kind({"1_at": nothing, "2_at": nothing, "3_at": "MYC", "4_at": "MYC"})
    shared = shares_landmark(["2_at", "4_at", "1_at"], ["1_at", "3_at"], gene_of=gene_of)
    assert shared.tolist() == [False, True, True]


def test_what_cannot_be_read_is_refused():
    with pytest.raises(ValueError, match=r"gene_of must be a mapping of names to genes. Got list"):
        shares_landmark(["a"], ["b"], gene_of=["a"])
    numbered = pd.DataFrame(np.zeros((1, 2)))
    with pytest.raises(ValueError, match=r"landmarks must have strings as names. Got other col"):
        shares_landmark(["a"], numbered)
    with pytest.raises(ValueError, match="targets must have strings"):
        shares_landmark(numbered, ["a"])


# ------------------------------------------------------------------ the report


def test_a_report_is_the_metrics_over_all(pair):
    y_true, y_pred = pair
    report = inference_report(y_true, y_pred)
    assert report.index.tolist() == ["all"]
    assert report.columns.tolist() == ["n_genes", "mmae", "median_correlation", "above_half"]
    assert report.loc["all", "n_genes"] == 10
    assert report.loc["all", "mmae"] == pytest.approx(mmae(y_true, y_pred))
    correlation = per_gene_correlation(y_true, y_pred)
    assert report.loc["all", "median_correlation"] == pytest.approx(correlation.median())
    assert report.loc["all", "above_half"] == (correlation > 0.5).mean()
    assert 0 < report.loc["all", "above_half"] < 1
    pd.testing.assert_frame_equal(report, inference_report(*map(np.asarray, pair)))


@pytest.mark.parametrize("seed", range(10))
def test_parts_are_reports_of_their_genes_and_add_up(pair, seed):
    y_true, y_pred = pair
    rng = np.random.default_rng(seed)
    shared = rng.permutation(y_true.columns)[: rng.integers(1, 10)]
    report = inference_report(y_true, y_pred, landmarks=[*shared, "other"])
    assert report.index.tolist() == ["all", "shared", "unshared"]
    rest = y_true.columns.difference(shared)
    for part, genes in [("shared", list(shared)), ("unshared", list(rest))]:
        alone = inference_report(y_true[genes], y_pred[genes]).loc["all"]
        np.testing.assert_allclose(report.loc[part].astype(float), alone.astype(float))
    weights = report.loc[["shared", "unshared"], "n_genes"]
    assert weights.sum() == 10
    for column in ["mmae", "above_half"]:
        mean = np.average(report.loc[weights.index, column], weights=weights)
        assert report.loc["all", column] == pytest.approx(mean)


def test_parts_by_probe_map():
    rng = np.random.default_rng(1)
    y_true = pd.DataFrame(rng.normal(size=(20, 4)), columns=["2_at", "3_at", "4_at", "5_at"])
    y_pred = y_true + np.array([0.1, 0.5, 0.7, 0.2])
    landmarks = pd.DataFrame(columns=["1_at", "6_at"])
    report = inference_report(y_true, y_pred, landmarks=landmarks, gene_of=PROBES)
    np.testing.assert_allclose(report["mmae"], [0.375, 0.1, (0.5 + 0.7 + 0.2) / 3])
    assert report["n_genes"].tolist() == [4, 1, 3]


def test_a_part_without_genes_is_nan(pair):
    y_true, y_pred = pair
    report = inference_report(y_true, y_pred, landmarks=["other"])
    assert report["n_genes"].tolist() == [10, 0, 10]
    assert report.loc["shared"].drop("n_genes").isna().all()
    pd.testing.assert_series_equal(report.loc["unshared"], report.loc["all"], check_names=False)
    report = inference_report(y_true, y_pred, landmarks=y_true)
    assert report.loc["unshared"].drop("n_genes").isna().all()


def test_genes_are_matched_by_name(pair):
    y_true, y_pred = pair
    expected = inference_report(y_true, y_pred, landmarks=["G1", "G8"])
    shuffled = y_pred[y_pred.columns[::-1]]
    pd.testing.assert_frame_equal(
        inference_report(y_true, shuffled, landmarks=["G1", "G8"]), expected
    )
    with pytest.raises(GeneMismatchError, match="y_pred genes must be the 10 of y_true"):
        inference_report(y_true, y_pred.add_prefix("X"))


def test_parts_need_names(pair):
    message = "y_true must be a frame with gene names .* Got ndarray instead; name its columns"
    with pytest.raises(ValueError, match=message):
        inference_report(pair[0].to_numpy(), pair[1], landmarks=["G1"])
    with pytest.raises(ValueError, match="must have the shape of y_true"):
        inference_report(pair[0], pair[1].iloc[1:])
    with pytest.raises(ValueError, match="y_true must be finite"):
        inference_report(pair[0] * np.nan, pair[1])


def test_polars_frames_do(pair):
    polars = pytest.importorskip("polars")
    frames = [polars.from_dict(y.to_dict("list")) for y in pair]
    pd.testing.assert_frame_equal(
        inference_report(*frames, landmarks=["G1"]), inference_report(*pair, landmarks=["G1"])
    )


def test_one_name_is_no_sequence_of_names():
    with pytest.raises(ValueError, match=r"landmarks must be a sequence of names. Got the string"):
        shares_landmark(["TP53"], "TP53")
