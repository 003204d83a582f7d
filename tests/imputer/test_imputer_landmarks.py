"""Which genes become landmarks."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklearn_dgex.exceptions import GeneMismatchError


@pytest.mark.parametrize("container", [list, tuple, np.array, pd.Index, pd.Series])
def test_names_in_any_container(imputer, whole, landmarks, container):
    model = imputer(landmarks=container(landmarks)).fit(whole)
    assert model.landmarks_.tolist() == landmarks
    assert [list(whole)[i] for i in model.landmark_indices_] == landmarks


def test_positions_and_truth_values(imputer, whole):
    by_position = imputer(landmarks=np.array([5, 2, 11])).fit(whole)
    assert by_position.landmarks_.tolist() == list(whole.columns[[5, 2, 11]])
    mask = np.zeros(20, dtype=bool)
    mask[[5, 2, 11]] = True
    by_mask = imputer(landmarks=mask).fit(whole)
    assert by_mask.landmarks_.tolist() == list(whole.columns[[2, 5, 11]])


def test_absent_landmarks_are_listed(imputer, whole, landmarks):
    with pytest.raises(GeneMismatchError) as caught:
        imputer(landmarks=[*landmarks, "A", "B"]).fit(whole)
    assert "must hold all 10 landmarks. Got 2 missing ('A', 'B')" in str(caught.value)


@pytest.mark.parametrize(
    ("landmarks", "message"),
    [
        (["L0001", "L0001", "L0002"], r"each gene once. Got 1 again \('L0001'\)"),
        ([3, 4, 3], r"each gene once. Got 1 again \(3\)"),
        ([0, 20], "positions from 0 to 19.* Got 20 instead"),
        ([-1, 2], "Got -1 instead"),
        ([0.5, 2.0], "Got 0.5 instead"),
        (["L0001", 2], "Got 'L0001' instead"),
        ([True, False], "Got True instead"),
        ([], r"Got \[\] instead"),
        ([False] * 20, "Got 0 landmarks of n_features = 20"),
        (range(20), "leave others to infer. Got 20 landmarks of n_features = 20"),
        (20, "leave others to infer. Got 20 landmarks"),
        (0, "'landmarks' parameter of LandmarkImputer must be"),
        (1.0, "'landmarks' parameter of LandmarkImputer must be"),
        ("lm.txt", r"Got 'lm.txt' instead; read a file .* by sklearn_dgex.datasets.read_gene_list"),
        (Path("lm.txt"), "Got 'lm.txt' instead; read a file of names by"),
    ],
)
def test_what_landmarks_may_not_be(imputer, whole, landmarks, message):
    with pytest.raises(ValueError, match=message):
        imputer(landmarks=landmarks).fit(whole)


def test_ids_as_int_are_told_to_be_text(imputer, whole):
    ids = [str(944290 + i) for i in range(20)]
    with pytest.raises(ValueError, match=r"Got 944293 instead; names are text: write '944293'\."):
        imputer(landmarks=[944293, 944290]).fit(whole.set_axis(ids, axis=1))
    with pytest.raises(ValueError, match=r"Got 944299 instead\.$"):
        imputer(landmarks=[944299]).fit(whole)


def test_names_need_a_frame(imputer, whole):
    with pytest.raises(ValueError, match="must be a frame with gene names"):
        imputer().fit(whole.to_numpy())


def test_one_gene_is_too_few(imputer, whole):
    with pytest.raises(ValueError, match="at least two genes"):
        imputer(landmarks=None).fit(whole[["L0001"]])


@pytest.mark.parametrize(
    ("landmarks", "n_genes", "n_chosen"),
    [(None, 20, 2), (None, 3, 1), (5, 20, 5), (0.25, 20, 5), (0.01, 20, 1), (0.99, 20, 19)],
)
def test_numbers_and_shares(imputer, whole, landmarks, n_genes, n_chosen):
    noise = np.random.default_rng(0).normal(scale=0.1, size=whole.shape)
    table = (whole + noise).iloc[:, :n_genes]
    model = imputer(landmarks=landmarks).fit(table)
    assert len(model.landmarks_) == n_chosen
    assert set(model.landmarks_) | set(model.targets_) == set(table)
    assert len(model.targets_) == n_genes - n_chosen


def test_by_default_there_are_fewer_landmarks_than_samples(imputer):
    X = np.random.default_rng(0).normal(size=(6, 300))
    assert len(imputer(landmarks=None).fit(X).landmarks_) == 5


def test_chosen_landmarks_are_the_selectors(imputer, whole):
    from sklearn_dgex.preprocessing import LandmarkSelector

    model = imputer(landmarks=5).fit(whole)
    chosen = LandmarkSelector(5).fit(whole).get_support(indices=True)
    np.testing.assert_array_equal(model.landmark_indices_, chosen)
    # five modules drive every gene, so five good landmarks tell all the others
    np.testing.assert_allclose(model.infer(whole), whole[model.targets_], atol=1e-6)
