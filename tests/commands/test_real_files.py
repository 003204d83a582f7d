"""Arrays and L1000 files as laboratories have them, with the real gene lists, by command alone."""

import os
import shutil
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklearn_dgex import DGEXRegressor, LandmarkImputer
from sklearn_dgex.datasets import read_expression, read_gct, write_gctx
from sklearn_dgex.persistence import load, save

RDA = "R/site-library/bladderbatch/data/bladderdata.rda"
DATA = os.environ.get("SKLEARN_DGEX_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="needs the real files of SKLEARN_DGEX_DATA")


def l1000(name):
    return next(Path(DATA).rglob(name))


@pytest.fixture(scope="session")
def bladder(tmp_path_factory):
    """57 bladder samples on HG-U133A, 22,283 probes, of the Debian package r-bioc-bladderbatch."""
    rdata = pytest.importorskip("rdata", reason="needs rdata to read R's file")
    path = Path("/usr/lib", RDA)
    if not path.exists():
        path = _downloaded(tmp_path_factory.mktemp("bladder"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rdata tells of R classes that it keeps as they are
        converted = rdata.conversion.convert(rdata.parser.parse_file(path))
    values = vars(converted["bladderEset"])["assayData"]["exprs"]
    probes, samples = (values.coords[name].to_numpy() for name in ("dim_0", "dim_1"))
    return pd.DataFrame(values.to_numpy().T.astype(np.float32), samples, probes)


def _downloaded(folder):
    """Download and unpack the Debian package, or skip where that can't be done."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        pytest.skip("r-bioc-bladderbatch is not installed, and there is no apt-get to fetch it")
    got = subprocess.run(
        ["apt-get", "download", "r-bioc-bladderbatch"], cwd=folder, check=False, capture_output=True
    )
    packages = list(folder.glob("*.deb"))
    if got.returncode or not packages:
        pytest.skip("r-bioc-bladderbatch is not installed, and apt-get can't download it")
    subprocess.run(["dpkg-deb", "-x", packages[0], folder], check=True)
    return folder / "usr" / "lib" / RDA


@needs_data
def test_an_array_of_probes_to_inferred_profiles_and_back(bladder, run):
    chip, landmarks, targets = map(l1000, ("HG_U133A.chip", "map_lm.txt", "map_tg.txt"))
    is_new = np.arange(57) % 5 == 0  # the samples are in the order of their batches
    new = bladder[is_new]
    write_gctx(bladder[~is_new], "training.gctx")
    write_gctx(new, "new.gctx")
    lists = ["--landmarks", landmarks, "--targets", targets, "--probes", chip]
    quick = ["--width", 60, "--members", 1, "--epochs", 10]
    out = run("fit", "training.gctx", *lists, "--out", "bladder.safetensors", *quick)
    assert "45 samples × 22,283 columns" in out
    assert "Landmarks found: 943 of 943." in out

    genes = [line.split("\t")[0] for line in landmarks.read_text().splitlines()]
    out = run("convert", "new.gctx", "landmarks.gctx", "--genes", landmarks, "--probes", chip)
    assert "12 samples × 943 genes" in out
    out = run("infer", "bladder.safetensors", "landmarks.gctx", "--out", "whole.gctx")
    assert "Landmarks found: 943 of 943" in out

    model, whole = load("bladder.safetensors"), read_expression("whole.gctx").expression
    assert list(whole.columns) == list(model.feature_names_in_)
    assert list(whole.index) == list(new.index)
    probes = pd.read_csv(chip, sep="\t", index_col=0, dtype=str)["pr_gene_symbol"]
    of_ube2c = probes.index[probes == "UBE2C"]
    np.testing.assert_allclose(whole["UBE2C"], new[of_ube2c].mean(axis=1), rtol=1e-5)
    expected = model.transform(read_expression("landmarks.gctx").expression[genes])
    np.testing.assert_array_equal(whole, expected)

    out = run("evaluate", "bladder.safetensors", "new.gctx", "--probes", chip)
    error = float(out.split("mean absolute error")[1].split()[0])
    run("convert", "training.gctx", "training_genes.gctx", "--probes", chip)
    run("convert", "new.gctx", "new_genes.gctx", "--probes", chip)
    names = ("training_genes.gctx", "new_genes.gctx")
    training, measured = (read_expression(name).expression[model.targets_] for name in names)
    of_means = np.abs(measured - training.mean()).to_numpy().mean()
    assert error < 0.9 * of_means, "no better than the mean of the training samples"

    run("convert", "whole.gctx", "whole.csv.gz")
    run("convert", "whole.csv.gz", "back.gctx")
    pd.testing.assert_frame_equal(read_expression("back.gctx").expression, whole, rtol=1e-6)


@needs_data
@pytest.mark.filterwarnings("ignore::sklearn_dgex.exceptions.FilledLandmarksWarning")
def test_a_real_l1000_file_through_a_model_of_gdsc(gdsc, run, mistake):
    X, y = gdsc.data, gdsc.target
    network = DGEXRegressor(200, n_members=1, max_iter=4, random_state=0)
    whole = pd.concat([X, y.iloc[:, :200]], axis=1)
    save(LandmarkImputer(network, list(X)).fit(whole), "gdsc.safetensors")
    profiles = l1000("LJP009_QNORM_n371x978.gct")

    symbols = read_gct(profiles).genes["pr_gene_symbol"]
    n_shared = len(set(symbols) & set(X))
    arguments = ["infer", "gdsc.safetensors", profiles, "--out", "inferred.gctx"]
    if n_shared < X.shape[1]:
        assert f"Got {X.shape[1] - n_shared} missing" in mistake(*arguments)
    out = run(*arguments, "--fill-missing")
    assert f"Landmarks found: {n_shared} of 467, by 'pr_gene_symbol'" in out
    assert n_shared > 400
    inferred = read_expression("inferred.gctx")
    assert inferred.expression.shape == (371, 667)
    assert np.isfinite(inferred.expression).to_numpy().all()
    assert inferred.samples["cell_id"].notna().all(), "the file's metadata went along"
