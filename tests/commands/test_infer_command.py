"""infer gives what the model gives, whatever the format, the order, the names and the size."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_dgex import DGEXRegressor, LandmarkImputer
from sklearn_dgex._commands import streaming
from sklearn_dgex.baselines import LincsRegression
from sklearn_dgex.datasets import ExpressionTable, read_expression, write_expression
from sklearn_dgex.persistence import save

pytestmark = pytest.mark.usefixtures("files")


def test_whole_profiles_with_their_names(run, whole, model):
    out = run("infer", "model.safetensors", "new.gctx", "--out", "out.gctx")
    result = read_expression("out.gctx").expression
    assert list(result.columns) == list(whole.columns)
    assert list(result.index) == list(whole.index[60:])
    np.testing.assert_array_equal(result, model.transform(whole[60:]))
    assert "Landmarks found: 12 of 12, by 'id'." in out
    assert "30 samples × 32 genes" in out


@pytest.mark.parametrize("extension", ["gct", "csv", "tsv.gz"])
def test_other_formats_in_and_out(run, whole, landmarks, model, extension):
    write_expression(whole.loc[whole.index[60:], landmarks[::-1]], f"new.{extension}")
    run("infer", "model.safetensors", f"new.{extension}", "--out", f"out.{extension}")
    result = read_expression(f"out.{extension}").expression
    np.testing.assert_allclose(result, model.transform(whole[60:]), rtol=1e-5)
    assert list(result.columns) == list(whole.columns)


def test_genes_in_columns(run, mistake, whole, landmarks, model):
    write_expression(whole.loc[whole.index[60:], landmarks], "new.csv", genes="columns")
    sentence = mistake("infer", "model.safetensors", "new.csv", "--out", "out.csv")
    assert "pass --genes-in-columns" in sentence
    arguments = ["infer", "model.safetensors", "new.csv", "--out", "out.csv"]
    run(*arguments, "--genes-in-columns")
    result = pd.read_csv("out.csv", index_col=0)
    np.testing.assert_allclose(result, model.transform(whole[60:]), rtol=1e-5)


def test_blocks_make_no_difference(run, monkeypatch):
    run("infer", "model.safetensors", "new.gctx", "--out", "one.gctx")
    monkeypatch.setattr(streaming, "BLOCK_VALUES", 32 * 7)
    run("infer", "model.safetensors", "new.gctx", "--out", "many.gctx")
    one, many = (read_expression(name).expression for name in ("one.gctx", "many.gctx"))
    pd.testing.assert_frame_equal(one, many, rtol=1e-6)


def test_only_inferred(run, whole, landmarks, model):
    run("infer", "model.safetensors", "new.gctx", "--out", "out.gctx", "--only-inferred")
    result = read_expression("out.gctx").expression
    assert list(result.columns) == [gene for gene in whole.columns if gene not in landmarks]
    np.testing.assert_array_equal(result, model.infer(whole[60:]))


def test_probes_are_averaged_by_gene(run, whole, landmarks, model):
    """Two probes a gene, one of which measures the next gene, too: against pandas' own mean."""
    new = whole.loc[whole.index[60:], landmarks]
    rng = np.random.default_rng(0)
    probes, pairs = {}, []
    for i, gene in enumerate(landmarks):
        for k in rng.permutation(2):
            probes[f"{i}_{k}_at"] = new[gene] + k
            pairs.append((f"{i}_{k}_at", gene))
        pairs.append((f"{i}_0_at", landmarks[(i + 1) % len(landmarks)]))
    table = pd.DataFrame(probes)[rng.permutation(list(probes))]
    write_expression(table, "probes.gct")
    pd.DataFrame(pairs, columns=["probe", "gene"]).sample(frac=1, random_state=0).to_csv(
        "map.csv", index=False
    )
    out = run("infer", "model.safetensors", "probes.gct", "--probes", "map.csv", "--out", "o.gctx")
    assert "by 'map.csv', probes of a gene averaged" in out
    means = {gene: table[[p for p, g in pairs if g == gene]].mean(axis=1) for gene in landmarks}
    expected = model.transform(pd.DataFrame(means))
    result = read_expression("o.gctx").expression
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)


def test_gaps_of_probes_are_filled_where_no_probe_has_a_value(run, whole, landmarks, model):
    new = whole.loc[whole.index[60:], landmarks]
    table = pd.concat([new.add_suffix("_a"), (new + 1).add_suffix("_b")], axis=1)
    gene, other = landmarks[2], landmarks[5]
    table.loc[table.index[3], f"{gene}_a"] = np.nan
    table.loc[table.index[7], [f"{other}_a", f"{other}_b"]] = np.nan
    write_expression(table, "probes.gctx")
    with open("map.csv", "w") as stream:
        stream.write("probe,gene\n")
        stream.writelines(f"{gene}_{which},{gene}\n" for gene in landmarks for which in "ab")
    arguments = ["probes.gctx", "--probes", "map.csv", "--fill-missing", "--out", "out.gctx"]
    out = run("infer", "model.safetensors", *arguments)
    assert "Missing values filled: 1, in 1 samples." in out
    means = new + 0.5
    means.loc[means.index[3], gene] = new.loc[new.index[3], gene] + 1
    means.loc[means.index[7], other] = whole[:60][other].mean()
    result = read_expression("out.gctx").expression
    np.testing.assert_allclose(result, model.transform(means), rtol=1e-4, atol=1e-5)


def test_genes_named_by_metadata(run, mistake, whole, landmarks, model):
    new = whole.loc[whole.index[60:], landmarks]
    ids = [f"{1000 + i}" for i in range(len(landmarks))]
    genes = pd.DataFrame({"title": ["a gene"] * len(ids), "symbol": landmarks}, index=ids)
    samples = pd.DataFrame(index=new.index)
    write_expression(ExpressionTable(new.set_axis(ids, axis=1), samples, genes), "named.gctx")
    out = run("infer", "model.safetensors", "named.gctx", "--out", "out.gctx")
    assert "by 'symbol'" in out
    expected = model.transform(whole[60:])
    np.testing.assert_array_equal(read_expression("out.gctx").expression, expected)
    arguments = ["infer", "model.safetensors", "named.gctx", "--out", "out.gctx"]
    assert "must hold genes such as" in mistake(*arguments, "--gene-column", "title")
    assert "there are 'id', 'title', 'symbol'" in mistake(*arguments, "--gene-column", "name")


def test_missing_landmarks(run, mistake, whole, landmarks, model):
    write_expression(whole.loc[whole.index[60:], landmarks[2:]], "few.gctx")
    arguments = ["infer", "model.safetensors", "few.gctx", "--out", "out.gctx"]
    sentence = mistake(*arguments)
    assert f"Got 2 missing ('{landmarks[0]}', '{landmarks[1]}')" in sentence
    assert "--fill-missing" in sentence
    out = run(*arguments, "--fill-missing")
    assert "Landmarks found: 10 of 12" in out
    filled = whole[60:].copy()
    filled[landmarks[:2]] = whole[:60][landmarks[:2]].mean().to_numpy()
    expected = model.transform(filled)
    np.testing.assert_allclose(read_expression("out.gctx").expression, expected, rtol=1e-5)


def test_gaps_are_filled_and_counted(run, mistake, whole, landmarks, model):
    new = whole.loc[whole.index[60:], landmarks].copy()
    new.iloc[4, [0, 5]], new.iloc[9, 5] = np.nan, np.nan
    write_expression(new, "gaps.gctx")
    arguments = ["infer", "model.safetensors", "gaps.gctx", "--out", "out.gctx"]
    assert "Got at least 3 missing" in mistake(*arguments)
    assert "Missing values filled: 3, in 2 samples." in run(*arguments, "--fill-missing")
    expected = model.transform(new.fillna(whole[:60][landmarks].mean()))
    np.testing.assert_allclose(read_expression("out.gctx").expression, expected, rtol=1e-5)


def test_large_counts_are_rounded_for_the_network(run, whole, landmarks, model):
    counts = (whole.loc[whole.index[60:], landmarks] * 1e8).astype("float64").round() + 1
    write_expression(counts, "counts.csv")
    run("infer", "model.safetensors", "counts.csv", "--out", "out.gctx")
    expected = model.transform(counts.astype("float32"))
    np.testing.assert_allclose(read_expression("out.gctx").expression, expected, rtol=1e-5)


def test_a_failure_on_the_way_leaves_the_older_file(mistake, whole, landmarks, monkeypatch):
    bad = whole.loc[whole.index[60:], landmarks].copy()
    bad.iloc[25, 3] = np.nan
    write_expression(bad, "bad.gctx")
    with open("out.gctx", "w") as stream:
        stream.write("older")
    monkeypatch.setattr(streaming, "BLOCK_VALUES", 32 * 7)
    assert "1 missing" in mistake("infer", "model.safetensors", "bad.gctx", "--out", "out.gctx")
    with open("out.gctx") as stream:
        assert stream.read() == "older"


@pytest.mark.filterwarnings("ignore::sklearn_dgex.exceptions.ConstantGeneWarning")
def test_values_of_another_scale_are_told(capsys, run, whole, landmarks):
    network = DGEXRegressor(width=20, n_members=1, max_iter=2, random_state=0)
    save(LandmarkImputer(network, landmarks).fit(whole[:60]), "network.safetensors")
    run("infer", "network.safetensors", "new.gctx", "--out", "out.gctx")
    raw = whole.loc[whole.index[60:], landmarks] * 100 + 5000
    write_expression(raw, "raw.gctx")
    from sklearn_dgex.__main__ import main

    assert main(["infer", "network.safetensors", "raw.gctx", "--out", "out.gctx"]) == 0
    assert "standard deviations from their means in training" in capsys.readouterr().err


def test_a_regressor_on_frames_infers_too(run, whole, landmarks):
    targets = [gene for gene in whole.columns if gene not in landmarks]
    network = DGEXRegressor(width=20, n_members=1, max_iter=2, random_state=0)
    network.fit(whole[:60][landmarks], whole[:60][targets])
    save(network, "network.safetensors")
    run("infer", "network.safetensors", "new.gctx", "--out", "out.gctx")
    result = read_expression("out.gctx").expression
    np.testing.assert_array_equal(result[landmarks], whole[60:][landmarks])
    np.testing.assert_allclose(result[targets], network.predict(whole[60:][landmarks]), rtol=1e-6)


def test_pipelines_with_an_imputer(run, mistake, whole, model):
    save(make_pipeline(model), "alone.safetensors")
    run("infer", "alone.safetensors", "new.gctx", "--out", "out.gctx")
    result = read_expression("out.gctx").expression
    np.testing.assert_array_equal(result, model.transform(whole[60:]))
    scaled = make_pipeline(StandardScaler(), LandmarkImputer(LincsRegression(), [0, 1]))
    save(scaled.fit(whole[:60]), "scaled.safetensors")
    said = mistake("infer", "scaled.safetensors", "new.gctx", "--out", "out.gctx")
    assert "no steps in front of a LandmarkImputer. Got 1 in 'scaled.safetensors'" in said


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
@pytest.mark.parametrize("command", ["infer", "evaluate"])
def test_a_device_that_is_not_there_is_refused(mistake, command):
    said = mistake(command, "model.safetensors", "whole.gctx", "--out", "o.csv", "--device", "cuda")
    assert "torch sees no CUDA GPU here" in said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["no.safetensors", "new.gctx", "--out", "o.gctx"], "where there is none"),
        (["landmarks.txt", "new.gctx", "--out", "o.gctx"], "one that sklearn_dgex saved"),
        (["model.safetensors", "no.gctx", "--out", "o.gctx"], "no.gctx"),
        (["model.safetensors", "model.safetensors", "--out", "o.gctx"], "model.safetensors"),
        (["model.safetensors", "new.gctx", "--out", "o.xyz"], "must end in"),
        (["model.safetensors", "new.gctx", "--out", "no/o.gctx"], "folder"),
        (["model.safetensors", "new.gctx", "--out", "."], "."),
        (["model.safetensors", "new.gctx", "--out", "o.gctx", "--probes", "no.chip"], "no.chip"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_mistakes_are_one_sentence(mistake, folder, arguments, sentence):
    before = sorted(path.name for path in folder.iterdir())
    said = mistake("infer", *arguments)
    assert sentence in said
    assert "\n" not in said
    assert sorted(path.name for path in folder.iterdir()) == before
