"""Agreement of two sets of genes: the scores are scikit-learn's, and genes are matched by name."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, fbeta_score, matthews_corrcoef

from sklearn_dgex.differential_expression import de_agreement, moderated_t
from sklearn_dgex.differential_expression._agreement import (
    COUNTS,
    SCORES,
    confusion,
    scores_of_counts,
)
from sklearn_dgex.exceptions import GeneMismatchError


def calls(seed, n_genes=None):
    rng = np.random.default_rng(seed)
    n_genes = n_genes or rng.integers(1, 60)
    return rng.random((2, n_genes)) < rng.random((2, 1))


@pytest.mark.parametrize("seed", range(60))
def test_scores_equal_scikit_learn(seed):
    true, inferred = calls(seed)
    scores = de_agreement(true, inferred)
    assert scores.index.tolist() == [*SCORES, *COUNTS]
    (tn, fp), (fn, tp) = confusion_matrix(true, inferred, labels=[False, True])
    assert scores[list(COUNTS)].tolist() == [tp, fp, fn, tn]
    assert scores["accuracy"] == pytest.approx(accuracy_score(true, inferred))
    for name, beta in [("f0.5", 0.5), ("f1", 1), ("f2", 2)]:
        expected = fbeta_score(true, inferred, beta=beta, zero_division=1.0)
        assert scores[name] == pytest.approx(expected)
    if true.any() or inferred.any():
        one_class = true.all() and inferred.all()  # 0/0, and full agreement
        expected = 1.0 if one_class else matthews_corrcoef(true, inferred)
        assert scores["mcc"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("true", "inferred", "f1", "accuracy", "mcc"),
    [
        ([0, 0, 0], [0, 0, 0], 1, 1, 1),  # two empty sets agree
        ([1, 1, 1], [1, 1, 1], 1, 1, 1),
        ([0, 0, 0, 0], [1, 0, 0, 0], 0, 0.75, 0),
        ([1, 0, 0, 0], [0, 0, 0, 0], 0, 0.75, 0),
        ([1, 1, 1, 1], [1, 0, 0, 0], 0.4, 0.25, 0),
        ([1, 0], [0, 1], 0, 0, -1),
        ([1, 1, 0, 0], [1, 0, 1, 0], 0.5, 0.5, 0),
    ],
)
def test_scores_worked_out_by_hand(true, inferred, f1, accuracy, mcc):
    scores = de_agreement(np.array(true, bool), np.array(inferred, bool))
    found = scores[["f1", "accuracy", "mcc"]].tolist()
    assert found == pytest.approx([f1, accuracy, mcc])
    if true == inferred:
        assert scores[list(SCORES)].tolist() == [1] * 5


@pytest.mark.parametrize("seed", range(10))
def test_roles_swapped_swap_the_errors(seed):
    true, inferred = calls(seed)
    scores, swapped = de_agreement(true, inferred), de_agreement(inferred, true)
    assert scores["false_positives"] == swapped["false_negatives"]
    same = ["f1", "accuracy", "mcc", "true_positives", "true_negatives"]
    np.testing.assert_allclose(scores[same], swapped[same])


def test_f_scores_weigh_misses_and_false_calls_as_their_name_says():
    true = np.arange(100) < 30
    cautious, bold = np.arange(100) < 20, np.arange(100) < 50
    scores = [de_agreement(true, inferred) for inferred in (cautious, bold)]
    assert scores[0]["f0.5"] > scores[1]["f0.5"]
    assert scores[0]["f2"] < scores[1]["f2"]


def test_many_at_once_are_each_by_itself():
    rng = np.random.default_rng(0)
    true, inferred = rng.random((2, 4, 5, 30)) < rng.random((2, 4, 5, 1))
    true[0, 0] = inferred[0, 0] = False
    counts = confusion(true, inferred)
    scores = scores_of_counts(*counts)
    for place in np.ndindex(4, 5):
        alone = de_agreement(true[place], inferred[place])
        assert [count[place] for count in counts] == alone[list(COUNTS)].tolist()
        assert [scores[name][place] for name in SCORES] == alone[list(SCORES)].tolist()


def test_huge_counts_do_not_overflow():
    scores = scores_of_counts(10**9, 10**9, 10**9, 10**9)
    assert scores["mcc"] == 0
    assert scores["f1"] == 0.5


@pytest.fixture
def results():
    rng = np.random.default_rng(3)
    genes = [f"G{i}" for i in range(80)]
    groups = np.repeat([0, 1], 6)
    true = rng.normal(size=(12, 80)) + 4.0 * np.outer(groups, rng.random(80) < 0.4)
    true[:, 5] = np.nan
    inferred = np.nan_to_num(true) + rng.normal(size=(12, 80))
    return [moderated_t(pd.DataFrame(y, columns=genes), groups) for y in (true, inferred)]


@pytest.mark.parametrize("alpha", [0.001, 0.05, 0.5])
def test_frames_are_called_at_the_level(results, alpha):
    called = [result["adjusted_p_value"].to_numpy() <= alpha for result in results]
    assert not called[0][5]  # a gene without a p-value is not called
    pd.testing.assert_series_equal(de_agreement(*results, alpha=alpha), de_agreement(*called))


def test_the_level_itself_is_called():
    at = pd.DataFrame({"adjusted_p_value": [0.05, 0.0500001]})
    assert de_agreement(at, at)["true_positives"] == 1


@pytest.mark.parametrize("seed", range(5))
def test_frames_and_series_are_matched_by_gene(results, seed):
    true, inferred = results
    expected = de_agreement(true, inferred)
    assert 0 < expected["mcc"] < 1
    order = np.random.default_rng(seed).permutation(len(true))
    pd.testing.assert_series_equal(de_agreement(true, inferred.iloc[order]), expected)
    pd.testing.assert_series_equal(de_agreement(true.iloc[order], inferred), expected)
    called = [result["adjusted_p_value"] <= 0.05 for result in results]
    pd.testing.assert_series_equal(de_agreement(called[0], called[1].iloc[order]), expected)
    pd.testing.assert_series_equal(de_agreement(true, called[1].iloc[order]), expected)
    # without names on one side, position is all there is
    pd.testing.assert_series_equal(de_agreement(true, called[1].to_numpy()), expected)
    assert not de_agreement(true, called[1].iloc[order].to_numpy()).equals(expected)


def test_other_genes_are_refused(results):
    true, inferred = results
    with pytest.raises(GeneMismatchError, match=r"The inferred genes must be the 80 of true") as e:
        de_agreement(true, inferred.rename({"G3": "G300"}))
    assert "missing from the table (1): 'G3'" in str(e.value)
    assert "unknown to true (1): 'G300'" in str(e.value)
    with pytest.raises(GeneMismatchError, match=r"missing from the table \(1\): 'G79'"):
        de_agreement(true, inferred.iloc[:-1])
    twice = pd.concat([inferred, inferred.iloc[:1]])
    with pytest.raises(GeneMismatchError, match=r"inferred gene must stand once. Got 1 .*'G0'"):
        de_agreement(true, twice)
    with pytest.raises(GeneMismatchError, match="true gene must stand once"):
        de_agreement(pd.concat([true, true.iloc[:1]]), inferred)


@pytest.mark.parametrize(
    ("true", "inferred", "message"),
    [
        ([True, False], [True], "inferred must have a call for each of the 2 genes of true. Got 1"),
        ([1, 0], [True, False], r"true must be a result .* one bool a gene. Got int64 of shape"),
        ([True], [0.5], "inferred must be a result of moderated_t.* Got float64"),
        ([[True]], [[True]], r"Got bool of shape \(1, 1\) instead"),
        (pd.DataFrame({"p": [0.1]}), [True], r"column 'adjusted_p_value'. Got the columns \['p'\]"),
    ],
)
def test_what_are_no_calls_is_refused(true, inferred, message):
    with pytest.raises(ValueError, match=message):
        de_agreement(true, inferred)


@pytest.mark.parametrize("alpha", [0, 1, -0.1, 5, np.nan])
def test_alpha_is_a_level(alpha):
    with pytest.raises(
        ValueError, match=f"'alpha' parameter must be a number between 0 and 1. Got {alpha}"
    ):
        de_agreement([True], [True], alpha=alpha)
