import subprocess
import sys

import pytest
import torch

from sklearn_dgex.training.cores import within_allowed_cores


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize(
    ("n_threads", "n_allowed", "n_used"), [(8, 2, 2), (2, 8, 2), (1, 1, 1), (3, 3, 3)]
)
def test_the_smaller_number_holds_for_the_block_alone(monkeypatch, n_threads, n_allowed, n_used):
    monkeypatch.setattr("joblib.cpu_count", lambda: n_allowed)
    torch.set_num_threads(n_threads)
    with within_allowed_cores():
        assert torch.get_num_threads() == n_used
    assert torch.get_num_threads() == n_threads


CODE = """
import os, numpy as np, torch
from sklearn_dgex import DGEXRegressor
torch.set_num_threads(6)
seen = []
class Watch(torch.nn.Module):
    def forward(self, z):
        seen.append(torch.get_num_threads())
        return torch.sigmoid(z)
X = np.random.default_rng(0).normal(size=(30, 4)).astype("f4")
model = DGEXRegressor(width=8, n_members=1, max_iter=2, activation=Watch()).fit(X, X)
model.predict(X)
assert set(seen) == {1}, set(seen)
assert torch.get_num_threads() == 6
"""


def test_fits_and_predictions_keep_to_the_cores_that_joblib_counts(monkeypatch):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    subprocess.run([sys.executable, "-c", CODE], check=True)
