"""convert and info: every format into every other, and what a file holds."""

import itertools
import sys

import h5py
import numpy as np
import pandas as pd
import pytest

from sklearn_dgex.datasets import ExpressionTable, read_expression, write_expression, write_gctx

FORMATS = ["gctx", "gct", "csv", "tsv.gz"]


@pytest.fixture
def table():
    """Values with a gap, a probe that stands twice, metadata of both kinds."""
    rng = np.random.default_rng(0)
    values = rng.normal(8, 2, size=(4, 5)).astype("float32")
    values[1, 2] = np.nan
    genes = pd.DataFrame(
        {"symbol": ["TP53", "MYC", "TP53", None, "MARCH1"], "number": [1, 2, 3, 4, 5]},
        index=["1_at", "2_at", "3_at", "4_at", "4_at"],
    )
    samples = pd.DataFrame({"dose": [0.1, 1.0, 10.0, 0.1]}, index=["s1", "s2", "s3", "s4"])
    frame = pd.DataFrame(values, index=samples.index, columns=genes.index)
    return ExpressionTable(frame, samples, genes)


@pytest.mark.parametrize(("one", "other"), [*itertools.product(FORMATS, FORMATS)])
def test_there_and_back(run, table, one, other):
    write_expression(table, f"a.{one}")
    out = run("convert", f"a.{one}", f"b.{other}")
    assert "4 samples × 5 genes" in out
    run("convert", f"b.{other}", f"c.{one}")
    first, last = read_expression(f"a.{one}"), read_expression(f"c.{one}")
    pd.testing.assert_frame_equal(first.expression, last.expression, rtol=1e-6)
    if {one, other} <= {"gctx", "gct"}:
        pd.testing.assert_frame_equal(first.genes, last.genes)
        pd.testing.assert_frame_equal(first.samples, last.samples)


def test_renamed_and_averaged(run, table):
    """Over the measured values: one probe of TP53 has a gap in s2, and both in s3."""
    table.expression.iloc[2, [0, 2]] = np.nan
    write_expression(table, "a.gctx")
    out = run("convert", "a.gctx", "b.gctx", "--gene-column", "symbol")
    assert "4 samples × 3 genes, probes of a gene averaged" in out
    values, named = table.expression.to_numpy(), read_expression("b.gctx").expression
    assert list(named.columns) == ["TP53", "MYC", "MARCH1"]
    of_tp53 = np.array([values[0, [0, 2]].mean(), values[1, 0], np.nan, values[3, [0, 2]].mean()])
    np.testing.assert_allclose(named["TP53"], of_tp53, rtol=1e-6)


@pytest.mark.parametrize("nothing", ["---", "-666", "NA", ""])
def test_entries_that_stand_for_no_gene_name_none(run, table, nothing):
    genes = table.genes.assign(symbol=["TP53", nothing, "MYC", nothing, nothing])
    write_expression(ExpressionTable(table.expression, table.samples, genes), "a.gct")
    assert "4 samples × 2 genes\n" in run("convert", "a.gct", "b.csv", "--gene-column", "symbol")
    assert list(read_expression("b.csv").expression.columns) == ["TP53", "MYC"]


@pytest.mark.parametrize("extension", ["csv", "gct", "gctx"])
def test_text_keeps_its_digits(run, extension):
    with open("a.csv", "w") as stream:
        stream.write("gene,s1,s2\nTP53,16777217,0.1234567890123\nMYC,1e300,7.53\n")
    run("convert", "a.csv", f"b.{extension}")
    expected = [[16777217, 1e300], [0.1234567890123, 7.53]]
    written = read_expression(f"b.{extension}", dtype="float64").expression
    np.testing.assert_array_equal(written, expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gctx_keeps_its_precision(run, table, dtype):
    write_gctx(table, "a.gctx", dtype=dtype)
    run("convert", "a.gctx", "b.gctx")
    run("convert", "a.gctx", "c.csv")
    with h5py.File("b.gctx") as file:
        assert file["0/DATA/0/matrix"].dtype == dtype
    digits = read_expression("c.csv", dtype=dtype).expression
    np.testing.assert_array_equal(digits, table.expression)


def test_samples_that_stand_twice_are_refused(run, mistake, table, folder):
    twice = pd.Index(["s1", "s2", "s2", "s4"])
    table = ExpressionTable(
        table.expression.set_axis(twice), table.samples.set_axis(twice), table.genes
    )
    write_expression(table, "a.gct")
    with open("samples.txt", "w") as stream:
        stream.write("s4\ns2\n")
    arguments = ["convert", "a.gct", "b.gct", "--samples", "samples.txt"]
    assert "once. Got 1 that stand in it several times ('s2')" in mistake(*arguments)
    assert not (folder / "b.gct").exists()
    with open("samples.txt", "w") as stream:
        stream.write("s4\ns1\n")
    assert "2 samples" in run(*arguments)


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    "command",
    [
        ["infer", "model.safetensors", "none.gctx", "--out", "b.gctx"],
        ["evaluate", "model.safetensors", "none.gctx"],
        ["convert", "none.gctx", "b.gctx"],
        ["fit", "none.gctx", "--landmarks", "landmarks.txt", "--out", "m"],
    ],
    ids=lambda command: command[0],
)
def test_a_file_without_samples_is_one_sentence(mistake, whole, command):
    write_gctx(whole[:0], "none.gctx")
    assert mistake(*command).startswith("The file 'none.gctx' must hold samples. Got none")


def test_a_missing_extra_is_one_sentence(mistake, table, monkeypatch):
    write_expression(table, "a.gctx")
    write_expression(table, "a.gct")
    monkeypatch.setitem(sys.modules, "h5py", None)
    for arguments in (["convert", "a.gctx", "b.gct"], ["convert", "a.gct", "b.gctx"]):
        said = mistake(*arguments)
        assert "pip install 'sklearn_dgex[gctx]'" in said
        assert "\n" not in said


def test_some_genes_and_samples_in_the_order_asked_for(run, mistake, table):
    write_expression(table, "a.gctx")
    with open("genes.txt", "w") as stream:
        stream.write("MARCH1\nNOT_THERE\nMYC\n")
    with open("samples.txt", "w") as stream:
        stream.write("s3\ns1\n")
    out = run("convert", "a.gctx", "b.gctx", "--genes", "genes.txt", "--samples", "samples.txt")
    assert "2 samples × 2 genes" in out
    assert "lacks: 1 ('NOT_THERE')" in out
    chosen = read_expression("b.gctx")
    assert list(chosen.expression.columns) == ["MARCH1", "MYC"]
    np.testing.assert_array_equal(chosen.expression, table.expression.to_numpy()[[2, 0]][:, [4, 1]])
    assert chosen.samples["dose"].tolist() == [10.0, 0.1]
    assert chosen.genes["number"].tolist() == [5, 2]
    with open("samples.txt", "a") as stream:
        stream.write("s9\n")
    said = mistake("convert", "a.gctx", "b.gctx", "--samples", "samples.txt")
    assert "Got 1 missing ('s9')" in said


def test_genes_to_columns(run, table):
    write_expression(table, "a.gct")
    run("convert", "a.gct", "b.csv", "--to-columns")
    frame = pd.read_csv("b.csv", index_col=0, header=None, skiprows=1)
    np.testing.assert_allclose(frame, table.expression, rtol=1e-6)
    run("convert", "b.csv", "c.gct", "--genes-in-columns")
    again = read_expression("c.gct").expression
    pd.testing.assert_frame_equal(again, read_expression("a.gct").expression, rtol=1e-6)


@pytest.mark.usefixtures("files")
def test_info(run, mistake, table):
    out = run("info", "model.safetensors")
    assert out.startswith("# Model card: model.safetensors")
    write_expression(table, "a.gctx")
    out = run("info", "a.gctx")
    assert "a.gctx: 4 samples × 5 genes" in out
    assert "genes: '1_at', '2_at', '3_at'" in out
    assert "fields: symbol, number" in out
    assert "nothing.gctx" in mistake("info", "nothing.gctx")
    with open("model.safetensors", "r+b") as stream:
        stream.seek(-1, 2)
        last = stream.read(1)[0]
        stream.seek(-1, 2)
        stream.write(bytes([last ^ 1]))
    assert "checksum" in mistake("info", "model.safetensors")


@pytest.mark.parametrize(
    "command", ["fit", "infer", "evaluate", "cluster", "convert", "info", "demo"]
)
def test_help_says_how(command, capsys):
    from sklearn_dgex.__main__ import main

    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: sklearn-dgex {command}")
    assert f"examples:\n  sklearn-dgex {command} " in out
