"""Fits by several processes against the same fits by one: weights, figures, errors and words."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import ranks_script
import torch

from sklearn_dgex import DGEXRegressor

EQUAL, TOGETHER = ranks_script.EQUAL, ranks_script.TOGETHER
SCRIPT = Path(__file__).with_name("ranks_script.py")
THREE = ["all defaults", "batches of one sample", "hosts of one rank", "by autograd", "sharded"]


def launched(n_ranks, folder, *cases, device="cpu"):
    """Outcomes of cases on each rank, started as users start them."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    subprocess.run(
        [*launcher, f"--nproc-per-node={n_ranks}", str(SCRIPT), str(folder), *cases],
        check=True,
        timeout=300,
        env=os.environ | {"OMP_NUM_THREADS": "1", "DEVICE": device},
    )
    return [pickle.loads((folder / f"{rank}.pkl").read_bytes()) for rank in range(n_ranks)]


@pytest.fixture(scope="module")
def alone():
    """Return what a case comes to in this process."""
    outcomes = {}

    def of(case):
        if case not in outcomes:
            outcomes[case] = ranks_script.outcome((EQUAL | TOGETHER)[case])
        return outcomes[case]

    return of


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    return launched(2, tmp_path_factory.mktemp("two"))


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    return launched(3, tmp_path_factory.mktemp("three"), *THREE)


def assert_same_on_all(outcomes):
    first = outcomes[0]
    assert "weights" in first, first
    for other in outcomes[1:]:
        assert np.array_equal(first["weights"], other["weights"])  # bit for bit
        for name in ("loss_curve", "scores", "n_iter", "heard"):
            assert first[name] == other[name], name
        np.testing.assert_equal(first["quality"], other["quality"])


def assert_equal_to_one(together, alone, tolerance=1e-5):
    difference = np.linalg.norm(together["weights"] - alone["weights"])
    assert difference <= tolerance * np.linalg.norm(alone["weights"])
    assert together["n_iter"] == alone["n_iter"]
    assert together["heard"] == alone["heard"]
    np.testing.assert_allclose(together["loss_curve"], alone["loss_curve"], rtol=1e-4)
    if alone["scores"] is not None:
        np.testing.assert_allclose(together["scores"], alone["scores"], rtol=1e-4)
    if alone["quality"] is not None:
        np.testing.assert_allclose(together["quality"], alone["quality"], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("case", EQUAL)
def test_two_ranks_learn_what_one_does(two, alone, case):
    outcomes = [rank[case] for rank in two]
    assert_same_on_all(outcomes)
    assert_equal_to_one(outcomes[0], alone(case))


@pytest.mark.parametrize("case", THREE)
def test_three_ranks_learn_what_one_does(three, alone, case):
    outcomes = [rank[case] for rank in three]
    assert_same_on_all(outcomes)
    assert_equal_to_one(outcomes[0], alone(case))


@pytest.mark.parametrize(
    ("case", "n_iter"), [("early stopping", 60), ("skorch's early stopping", 30)]
)
def test_early_stopping_was_early(two, case, n_iter):
    assert two[0][case]["n_iter"] < n_iter


@pytest.mark.parametrize("case", ["any seed", "bfloat16", "sharded, in parts"])
def test_ranks_agree_where_one_would_differ(two, case):
    assert_same_on_all([rank[case] for rank in two])


def test_ranks_learn_in_bfloat16_what_one_does(two, alone):
    together, expected = two[0]["bfloat16"]["weights"], alone("bfloat16")["weights"]
    assert np.linalg.norm(together - expected) <= 1e-2 * np.linalg.norm(expected)


def test_a_callback_of_one_rank_concerns_all(two, alone):
    stopped, heard = (
        [rank[f"one rank {what}"] for rank in two] for what in ("stops", "hears batches")
    )
    assert [rank["n_iter"] for rank in stopped] == [4, 4]
    assert np.array_equal(stopped[0]["weights"], stopped[1]["weights"])
    assert [rank["heard"] for rank in heard] == [[50], []]
    assert_equal_to_one(heard[0] | {"heard": []}, alone("all defaults"))
    assert np.array_equal(heard[0]["weights"], heard[1]["weights"])


@pytest.mark.gpu
@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two CUDA devices")
@pytest.mark.parametrize("case", ["all defaults", "by autograd", "sharded"])
def test_ranks_on_gpus_learn_what_one_does(case, alone, tmp_path):
    outcomes = launched(2, tmp_path, case, device="cuda")
    assert_same_on_all(outcomes)
    together, expected = outcomes[0]["weights"], alone(case)["weights"]
    assert np.linalg.norm(together - expected) <= 1e-3 * np.linalg.norm(expected)


def test_none_fits_each_rank_by_itself(two, alone):
    for rank in two:
        assert np.array_equal(rank["each alone"]["weights"], alone("all defaults")["weights"])


def test_one_rank_tells(two):
    assert two[0]["told"]["warned"] == ["ConstantGeneWarning"]
    assert "epoch 10/10" in two[0]["told"]["printed"]
    assert two[1]["told"] == {"warned": [], "printed": ""}


@pytest.mark.parametrize(
    ("case", "error", "words"),
    [
        ("other data", "ValueError", "Got another set of landmark profiles on rank 1"),
        ("other parameter", "ValueError", "Got another 'dropout' parameter on rank 1"),
        ("bad data on one rank", "ValueError", "landmark values must be finite"),
        ("sharded, with checkpoints", "ValueError", "'checkpoint_dir' parameter must be None"),
        ("diverging", "DivergedError", "became"),
        ("interrupted", "KeyboardInterrupt", ""),
    ],
)
def test_all_ranks_raise_the_same(two, case, error, words):
    for rank in two:
        assert rank[case]["error"] == error
        assert words in rank[case]["message"]


def test_errors_of_one_rank_are_told_by_all(two):
    assert two[1]["no file on one rank"] == {"error": "OSError", "message": "no such disk"}
    others = two[0]["no file on one rank"]
    assert others["error"] == "ValueError"
    assert others["message"] == "Rank 1 can't take part in the fit: no such disk"


@pytest.mark.parametrize("distributed", ["ddp", "fsdp"])
def test_without_torchrun_there_are_no_ranks(distributed):
    with pytest.raises(ValueError, match=r"'ddp' or 'fsdp' where torchrun.*run the script by"):
        DGEXRegressor(distributed=distributed).fit(ranks_script.X, ranks_script.Y)


@pytest.mark.parametrize("backend", ["loky", "multiprocessing", "threading"])
def test_workers_of_a_rank_fit_alone(monkeypatch, backend):
    from joblib import Parallel, delayed

    for name, value in {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MASTER_PORT", "1")
    (score,) = Parallel(2, backend)([delayed(_small_score)()])
    assert np.isfinite(score)


def _small_score():
    model = DGEXRegressor(width=20, n_members=1, max_iter=1, random_state=0)
    return model.fit(ranks_script.X, ranks_script.Y).score(ranks_script.X, ranks_script.Y)
