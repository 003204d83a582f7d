"""fit writes the model that the same call in Python gives, and evaluate its true figures."""

import gzip
import sys

import numpy as np
import pandas as pd
import pytest

from sklearn_dgex import DGEXRegressor, LandmarkImputer
from sklearn_dgex.datasets import write_expression
from sklearn_dgex.metrics import mmae, per_gene_correlation
from sklearn_dgex.persistence import load

pytestmark = pytest.mark.usefixtures("files")
QUICK = ["--width", "20", "--towers", "2", "--members", "1", "--epochs", "2"]


@pytest.fixture
def training(whole):
    write_expression(whole[:60], "training.gctx")


@pytest.mark.usefixtures("training")
def test_the_model_is_the_one_of_python(run, whole, landmarks):
    arguments = ["training.gctx", "--landmarks", "landmarks.txt", "--out", "fitted.safetensors"]
    out = run("fit", *arguments, *QUICK, "--seed", "3")
    network = DGEXRegressor(20, 2, n_members=1, max_iter=2, random_state=3)
    expected = LandmarkImputer(network, landmarks).fit(whole[:60])
    model = load("fitted.safetensors")
    np.testing.assert_array_equal(model.transform(whole[60:]), expected.transform(whole[60:]))
    assert "Landmarks found: 12 of 12." in out
    assert "Learning to infer 20 genes from 12 landmarks." in out
    quality = expected.per_gene_quality_["correlation"]
    assert f"correlation of the median gene {quality.median():.2f}" in out
    with open("fitted.md") as card:
        assert "Infers the expression of 20 genes from 12 landmark genes" in card.read()


@pytest.mark.usefixtures("training")
def test_targets_presets_and_quantiles(run, whole, landmarks):
    targets = [gene for gene in whole.columns if gene not in landmarks][::2]
    with open("targets.txt", "w") as stream:
        stream.write("gene\n" + "\n".join(targets))
    arguments = ["training.gctx", "--landmarks", "landmarks.txt", "--targets", "targets.txt"]
    run("fit", *arguments, "--out", "m", *QUICK, "--preset", "CR-D-GEX", "--quantile")
    model = load("m")
    assert sorted(model.targets_) == sorted(targets)
    normalizer, network = (step for _, step in model.regressor_.steps)
    assert type(normalizer).__name__ == "QuantileNormalizer"
    assert network.learning_rate == "step"
    # quantiles make scale and unit vanish
    new = whole[60:][landmarks]
    np.testing.assert_allclose(model.infer(new * 100 + 7), model.infer(new), rtol=1e-3, atol=1e-3)


@pytest.mark.usefixtures("training")
def test_landmarks_that_the_file_lacks_are_told(run, mistake, landmarks):
    with open("more.txt", "w") as stream:
        stream.write("\n".join(["NOT_THERE", *landmarks]))
    arguments = ["fit", "training.gctx", "--landmarks", "more.txt", "--out", "m"]
    assert "12 of 13; it lacks 'NOT_THERE'" in run(*arguments, *QUICK)
    assert list(load("m").landmarks_) == landmarks
    with open("other.txt", "w") as stream:
        stream.write("NOT_THERE\nNOR_THIS\n")
    arguments[3] = "other.txt"
    assert "must hold genes such as 'NOT_THERE'" in mistake(*arguments)


@pytest.mark.usefixtures("training")
def test_targets_that_the_file_lacks_are_told(run, mistake, whole, landmarks):
    targets = [gene for gene in whole.columns if gene not in landmarks][:2]
    with open("targets.txt", "w") as stream:
        stream.write("\n".join(["NO_1", *targets, "NO_2", "NO_3", targets[0], landmarks[0]]))
    arguments = ["fit", "training.gctx", "--landmarks", "landmarks.txt", "--out", "m"]
    out = run(*arguments, "--targets", "targets.txt", *QUICK)
    assert "Targets found: 2 of 5; it lacks 'NO_1', 'NO_2', 'NO_3', and" in out
    assert list(load("m").targets_) == targets
    with open("targets.txt", "w") as stream:
        stream.write("NO_1\nNO_2\n")
    said = mistake(*arguments, "--targets", "targets.txt", *QUICK)
    assert "at least 1 of the 2 targets. Got 0" in said


@pytest.mark.usefixtures("training")
@pytest.mark.parametrize("more", [[], ["--quantile"]])
def test_a_terminal_leaves_no_trace_in_the_model(run, monkeypatch, more):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    run("fit", "training.gctx", "--landmarks", "landmarks.txt", "--out", "m", *QUICK, *more)
    model = load("m")
    verbose = [value for name, value in model.get_params().items() if name.endswith("verbose")]
    fitted = model.regressor_.get_params().items()
    verbose += [value for name, value in fitted if name.endswith("verbose")]
    assert len(verbose) >= 2
    assert not any(verbose)


@pytest.mark.usefixtures("training")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["no.gctx", "--landmarks", "landmarks.txt", "--out", "m"], "no.gctx"),
        (["training.gctx", "--landmarks", "no.txt", "--out", "m"], "no.txt"),
        (["training.gctx", "--landmarks", "landmarks.txt", "--out", "no/m"], "folder"),
        (["training.gctx", "--landmarks", "landmarks.txt", "--out", "m.md"], "'.md'"),
        (
            ["training.gctx", "--landmarks", "landmarks.txt", "--out", "m", "--device", "tpu"],
            "'device'",
        ),
        (
            [
                *("training.gctx", "--landmarks", "landmarks.txt", "--out", "m"),
                *("--probes", "landmarks.txt", "--gene-column", "id"),
            ],
            "leave one out",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_mistakes_are_one_sentence(mistake, folder, arguments, sentence):
    said = mistake("fit", *arguments)
    assert sentence in said
    assert "\n" not in said
    assert not (folder / "m").exists()


def test_evaluation_against_the_metrics(run, whole, landmarks, model):
    out = run("evaluate", "model.safetensors", "whole.gctx", "--out", "genes.csv")
    targets = list(model.targets_)
    measured, inferred = whole[60:][targets], model.infer(whole[60:])
    correlation = per_gene_correlation(measured, inferred)
    assert f"{mmae(measured, inferred):.4g}" in out
    assert f"{np.median(correlation):.3f}" in out
    genes = pd.read_csv("genes.csv", index_col="gene")
    assert list(genes.index) == targets
    np.testing.assert_allclose(genes["correlation"], correlation, rtol=1e-6)


def test_evaluation_writes_what_its_name_ends_in(run):
    run("evaluate", "model.safetensors", "whole.gctx", "--out", "genes.csv")
    run("evaluate", "model.safetensors", "whole.gctx", "--out", "genes.csv.gz")
    with gzip.open("genes.csv.gz") as packed, open("genes.csv", "rb") as plain:
        assert packed.read() == plain.read()


def test_evaluation_needs_all_landmarks(mistake, whole, landmarks):
    write_expression(whole[60:].drop(columns=landmarks[3]), "few.gctx")
    said = mistake("evaluate", "model.safetensors", "few.gctx")
    assert f"Got 1 missing ('{landmarks[3]}'); add them." in said


def test_evaluation_needs_measured_targets(mistake):
    said = mistake("evaluate", "model.safetensors", "new.gctx")
    assert "must hold measured values of inferred genes" in said
