import pytest
import torch

from sklearn_dgex.training import LOSSES, PRECISIONS, SOLVERS, names, resolve_precision


def test_every_loss_has_a_name():
    assert tuple(LOSSES) == names.LOSS_NAMES


def test_names_are_handed_out():
    assert (PRECISIONS, SOLVERS) == (names.PRECISIONS, names.SOLVERS)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_every_precision_comes_to_one(precision):
    resolved = resolve_precision(precision, torch.device("cuda"))
    assert resolved in PRECISIONS
    assert resolved != "auto"
