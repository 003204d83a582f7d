"""Files as laboratories have them: unlogged, with gaps, in another unit; said, and mended."""

import h5py
import numpy as np
import pandas as pd
import pytest

from sklearn_dgex import DGEXRegressor, LandmarkImputer
from sklearn_dgex.__main__ import main
from sklearn_dgex._cluster.matrix import read_matrix
from sklearn_dgex._commands import info, streaming
from sklearn_dgex.datasets import ExpressionTable, read_expression, write_expression
from sklearn_dgex.persistence import save

pytestmark = pytest.mark.usefixtures("files")
QUICK = ["--width", "20", "--towers", "2", "--members", "1", "--epochs", "2"]
FIT = ["--landmarks", "landmarks.txt", "--out", "m", *QUICK]


@pytest.fixture
def said(capsys):
    """Run a command that must succeed, and return what it wrote to standard error."""

    def said(*arguments):
        assert main([*map(str, arguments)]) == 0
        return capsys.readouterr().err

    return said


@pytest.fixture
def holed(whole):
    """Profiles with two gaps in one gene, a gene and a sample without any value."""
    holed = whole[:40].copy()
    holed.iloc[[3, 6], 4] = np.nan
    holed.iloc[:, 9] = np.nan
    holed.iloc[5] = np.nan
    return holed


@pytest.fixture
def network(whole, landmarks):
    regressor = DGEXRegressor(width=20, n_members=1, max_iter=2, random_state=0)
    save(LandmarkImputer(regressor, landmarks).fit(whole[:60]), "network.safetensors")


def test_fit_tells_of_values_that_are_no_logarithms(said, whole):
    counts = 2 ** (whole[:60] + 8)
    write_expression(counts, "counts.gctx")
    highest = f"{counts.to_numpy().max():,.0f}"
    assert said("fit", "counts.gctx", *FIT) == (
        f"sklearn-dgex: warning: The values, up to {highest}, don't look like logarithms; take "
        "log2(x + 1) first ('sklearn-dgex convert --log2').\n"
    )


@pytest.mark.parametrize(
    "change",
    [lambda x: x, lambda x: x.abs() * 16 / x.abs().max(), lambda x: x * 100],
    ids=["ratios", "logarithms", "standardised"],
)
def test_fit_takes_logarithms_and_standardised_values_as_they_are(said, whole, change):
    write_expression(change(whole[:60]), "values.gctx")
    assert said("fit", "values.gctx", *FIT) == ""


@pytest.mark.usefixtures("network")
@pytest.mark.filterwarnings("ignore::sklearn_dgex.exceptions.ConstantGeneWarning")
def test_evaluate_tells_of_another_scale_as_infer_does(said, whole):
    assert said("evaluate", "network.safetensors", "whole.gctx") == ""
    write_expression(whole[60:] * 100 + 5000, "raw.gctx")
    warning = said("evaluate", "network.safetensors", "raw.gctx")
    assert "standard deviations from their means in training" in warning
    assert said("infer", "network.safetensors", "raw.gctx", "--out", "o.gctx") == warning


def test_missing_values_are_named_and_how_to_fill_them(mistake, whole):
    holed = whole.copy()
    holed.iloc[63, 4], holed.iloc[70, 2] = np.nan, np.nan
    write_expression(holed, "holed.gctx")
    for command in (["fit", "holed.gctx", *FIT], ["evaluate", "model.safetensors", "holed.gctx"]):
        assert mistake(*command) == (
            "The file 'holed.gctx' must have a number for every gene in every sample. Got 2 "
            f"missing, the first for {whole.columns[4]!r} in sample {whole.index[63]!r}; fill them "
            "by 'sklearn-dgex convert --fill-gaps', or leave such genes or samples out by its "
            "--genes or --samples."
        )


def test_infinite_values_are_named(mistake, whole, landmarks):
    new = whole.loc[whole.index[60:], landmarks].copy()
    new.iloc[7, 2] = -np.inf
    write_expression(new, "log0.gctx")
    said = mistake("infer", "model.safetensors", "log0.gctx", "--out", "o.gctx", "--fill-missing")
    assert f"Got at least 1 infinite, the first for {landmarks[2]!r} in sample" in said
    assert "the logarithm of 0" in said


def test_infer_names_the_option_that_fills(mistake, monkeypatch, whole, landmarks):
    new = whole.loc[whole.index[60:], landmarks].copy()
    new.iloc[25, 3] = np.nan
    write_expression(new, "gaps.gctx")
    monkeypatch.setattr(streaming, "BLOCK_VALUES", 32 * 7)
    said = mistake("infer", "model.safetensors", "gaps.gctx", "--out", "o.gctx")
    assert "missing_landmarks" not in said
    assert said.endswith(
        f"Got at least 1 missing, the first for {landmarks[3]!r} in sample {new.index[25]!r}; pass "
        "--fill-missing to take their means in training."
    )
    targets = [gene for gene in whole.columns if gene not in landmarks]
    regressor = DGEXRegressor(width=20, n_members=1, max_iter=2, random_state=0)
    save(regressor.fit(whole[landmarks], whole[targets]), "regressor.safetensors")
    said = mistake("infer", "regressor.safetensors", "gaps.gctx", "--out", "o.gctx")
    assert said.endswith("fill them by 'sklearn-dgex convert --fill-gaps'.")


def test_a_sample_without_landmarks_is_named(mistake, monkeypatch, whole, landmarks):
    new = whole.loc[whole.index[60:], landmarks].copy()
    new.iloc[25] = np.nan
    write_expression(new, "gaps.gctx")
    monkeypatch.setattr(streaming, "BLOCK_VALUES", 32 * 7)
    said = mistake("infer", "model.safetensors", "gaps.gctx", "--out", "o.gctx", "--fill-missing")
    assert f"with NaN alone, the first sample {new.index[25]!r}; drop them" in said


@pytest.mark.parametrize("block", [1 << 24, 32 * 7])
def test_a_file_with_gaps_becomes_one_that_fit_takes(run, monkeypatch, holed, block):
    write_expression(holed, "holed.csv")
    monkeypatch.setattr(streaming, "BLOCK_VALUES", block)
    out = run("convert", "holed.csv", "filled.gctx", "--fill-gaps")
    assert "39 samples × 31 genes\n" in out
    assert "Missing values filled with the means of their genes: 2, in 1 genes.\n" in out
    assert f"Genes without any value, left out: 1 ({holed.columns[9]!r}).\n" in out
    assert f"Samples without any value, left out: 1 ({holed.index[5]!r}).\n" in out
    kept = holed.drop(columns=holed.columns[9], index=holed.index[5]).astype("float64")
    filled = read_expression("filled.gctx", dtype="float64").expression
    pd.testing.assert_frame_equal(filled, kept.fillna(kept.mean()), check_names=False)
    assert "Learning to infer" in run("fit", "filled.gctx", *FIT)


def test_without_gaps_nothing_is_done_or_said(run, whole):
    assert run("convert", "whole.gctx", "same.gctx", "--fill-gaps").count("\n") == 1
    np.testing.assert_array_equal(read_expression("same.gctx").expression, whole[60:])


def test_gaps_are_filled_within_the_chosen_samples(run, holed):
    write_expression(holed, "holed.gctx")
    with open("samples.txt", "w") as stream:
        stream.write("\n".join(holed.index[[8, 3, 2]]))
    run("convert", "holed.gctx", "o.gctx", "--samples", "samples.txt", "--fill-gaps")
    filled = read_expression("o.gctx").expression
    assert list(filled.index) == list(holed.index[[8, 3, 2]])
    gene = holed.columns[4]
    assert filled.loc[holed.index[3], gene] == pytest.approx(holed[gene].iloc[[8, 2]].mean())


@pytest.mark.parametrize("extension", ["gctx", "csv"])
def test_logarithms_are_taken(run, whole, extension):
    counts = 2 ** whole[:9].abs()
    counts.iloc[2, 3] = np.nan
    write_expression(counts, f"counts.{extension}")
    run("convert", f"counts.{extension}", "logs.gctx", "--log2")
    logs = read_expression("logs.gctx").expression
    np.testing.assert_allclose(logs, np.log2(counts + 1), rtol=1e-6)


def test_logarithms_come_before_averages_and_averages_before_filling(run):
    values = pd.DataFrame({"a1": [1.0, 3.0, np.nan], "a2": [7.0, np.nan, np.nan], "b": 0.0})
    values.index = ["s1", "s2", "s3"]
    genes = pd.DataFrame({"symbol": ["A", "A", "B"]}, index=values.columns)
    write_expression(ExpressionTable(values, pd.DataFrame(index=values.index), genes), "p.gct")
    run("convert", "p.gct", "o.gctx", "--gene-column", "symbol", "--log2", "--fill-gaps")
    expected = [[2.0, 0.0], [2.0, 0.0], [2.0, 0.0]]  # mean of 1 and 3; 2 alone; their mean
    np.testing.assert_array_equal(read_expression("o.gctx").expression, expected)


def test_logarithms_of_what_has_none_are_refused(mistake, folder, whole):
    values = whole[:9].abs()
    values.iloc[4, 3] = -2.5
    write_expression(values, "ratios.gctx")
    assert mistake("convert", "ratios.gctx", "o.gctx", "--log2") == (
        "--log2 must be given values above -1, to take log2(x + 1) of them. Got -2.5 for "
        f"{whole.columns[3]!r} in sample {whole.index[4]!r}; leave --log2 out if they are "
        "logarithms already, or mend them."
    )
    assert not (folder / "o.gctx").exists()


def test_gaps_that_nothing_can_fill_are_refused(mistake, whole):
    write_expression(whole[:9] * np.nan, "empty.gctx")
    assert "Got none" in mistake("convert", "empty.gctx", "o.gctx", "--fill-gaps")
    values = whole[:9].copy()
    values.iloc[[2, 3], 4] = np.inf, -np.inf
    write_expression(values, "infinite.gctx")
    said = mistake("convert", "infinite.gctx", "o.gctx", "--fill-gaps")
    assert f"Got infinite ones for 1 genes ({whole.columns[4]!r})" in said


def test_info_says_what_values_there_are(run, monkeypatch, whole):
    values = whole[:9].abs()
    values.iloc[0, 0], values.iloc[8, 1], values.iloc[3, 2] = 0, 45554, np.nan
    write_expression(values, "a.gctx")
    write_expression(values, "a.csv")
    for file in ("a.gctx", "a.csv"):
        assert run("info", file).endswith("\n  values: 0 to 45,554; missing: 1\n")
    monkeypatch.setattr(streaming, "BLOCK_VALUES", 32 * 2)
    assert run("info", "a.gctx").endswith("\n  values: 0 to 45,554; missing: 1\n")
    monkeypatch.setattr(info, "MOST_BLOCKS", 3)
    assert run("info", "a.gctx").endswith("\n  values of 5 samples: 0 to 45,554; missing: 0\n")
    write_expression(values * np.nan, "empty.gctx")
    assert "values of 5 samples: none; missing: 160\n" in run("info", "empty.gctx")


def test_names_that_fit_no_gene_ask_for_a_map(mistake, whole):
    new = whole[60:].add_suffix("_at", axis=1)
    arguments = ["infer", "model.safetensors", "new.gct", "--out", "o.gctx"]
    write_expression(new, "new.gct")
    pass_map = "pass --probes MAP, a table of two columns: the file's name of a gene, your name"
    assert mistake(*arguments).endswith(f"; {pass_map}.")
    genes = pd.DataFrame({"symbol": "x", "number": 1}, index=new.columns)
    write_expression(ExpressionTable(new, pd.DataFrame(index=new.index), genes), "new.gct")
    field = "--gene-column with the field that has your names, of 'symbol', 'number'"
    assert mistake(*arguments).endswith(f"; {pass_map}; or {field}.")


def test_a_column_that_annotates_is_named(mistake):
    with open("annotated.csv", "w") as stream:
        stream.write("ENTREZ_GENE_ID,Description,s1\n7157,tumor protein p53,7.5\n")
    said = mistake("info", "annotated.csv")
    assert "Got 'tumor protein p53' instead; remove column 'Description' if it annotates" in said
    assert "names stand in the first alone" in said


def test_gctx_keeps_single_precision_when_logs_are_taken(run, whole):
    write_expression(whole[:9].abs(), "a.gctx")
    run("convert", "a.gctx", "b.gctx", "--log2", "--fill-gaps")
    with h5py.File("b.gctx") as file:
        assert file["0/DATA/0/matrix"].dtype == "float32"


@pytest.mark.parametrize("extension", ["gctx", "gct", "gct.gz"])
def test_cluster_reads_expression_as_it_reads_a_table(whole, mistake, extension):
    phase = [["late", "early"][i % 2] for i in range(whole.shape[1])]
    genes = pd.DataFrame({"phase": phase}, index=whole.columns)
    table = ExpressionTable(whole, pd.DataFrame(index=whole.index), genes)
    write_expression(table, f"matrix.{extension}")
    whole.T.assign(phase=phase).to_csv("matrix.csv")
    read, expected = (
        read_matrix(name, labels="phase") for name in (f"matrix.{extension}", "matrix.csv")
    )
    pd.testing.assert_frame_equal(read.profiles, expected.profiles, check_names=False, rtol=1e-6)
    np.testing.assert_array_equal(read.known, expected.known)
    assert read_matrix(f"matrix.{extension}").known is None
    said = mistake("cluster", f"matrix.{extension}", "--transpose", "--clusters", 2)
    assert said.startswith("--transpose must go with a CSV or TSV file. Got 'matrix.")
