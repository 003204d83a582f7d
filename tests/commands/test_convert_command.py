"""convert and info: every format into every other, and what a file holds."""

import itertools

import numpy as np
import pandas as pd
import pytest

from sklearn_dgex.datasets import ExpressionTable, read_expression, write_expression

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


def test_renamed_and_averaged(run, mistake, table):
    write_expression(table, "a.gctx")
    arguments = ["convert", "a.gctx", "b.gctx", "--gene-column", "symbol"]
    assert "Got 1 NaN" in mistake(*arguments)  # which no mean may hide
    table.expression.iloc[1, 2] = 4.0
    write_expression(table, "a.gctx")
    assert "probes of a gene averaged" in run(*arguments)
    values, named = table.expression.to_numpy(), read_expression("b.gctx").expression
    assert list(named.columns) == ["TP53", "MYC", "MARCH1"]
    np.testing.assert_allclose(named["TP53"], values[:, [0, 2]].mean(axis=1), rtol=1e-6)


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
    assert ("examples:\n" in out) == (command not in ("cluster", "demo"))
